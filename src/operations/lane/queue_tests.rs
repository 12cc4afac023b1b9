//! What the queue promises to single commands and to bulk calls.

use std::sync::Arc;

use uuid::Uuid;

use super::queue::{MAX_BATCH, MAX_COMMANDS, Queue};
use super::shared::overloaded;
use super::ticket::{Class, Ticket};
use crate::domain::command::{Body, Command};

/// A command that is known by its user's name.
fn command(name: &str) -> Command {
    Command {
        id: Uuid::from_u128(1),
        seed: Uuid::from_u128(2),
        actor: "system".to_owned(),
        key: None,
        input_hash: String::new(),
        body: Body::GenerateCode { user_id: name.to_owned() },
        personal: None,
    }
}

fn ticket(class: Class, name: &str) -> Arc<Ticket> {
    Arc::new(Ticket::new(command(name), class, None).0)
}

fn name(ticket: &Arc<Ticket>) -> &str {
    match &ticket.command.body {
        Body::GenerateCode { user_id } => user_id,
        _ => "",
    }
}

fn names(tickets: &[Arc<Ticket>]) -> Vec<&str> {
    tickets.iter().map(name).collect()
}

fn push(queue: &Queue, class: Class, count: usize) -> usize {
    let letter = if class == Class::Bulk { 'b' } else { 's' };
    (0..count).filter(|n| queue.push(ticket(class, &format!("{letter}{n}"))).is_ok()).count()
}

fn of_bulk(tickets: &[Arc<Ticket>]) -> usize {
    tickets.iter().filter(|ticket| ticket.class == Class::Bulk).count()
}

#[test]
fn a_bulk_call_alone_has_the_whole_batch() {
    let queue = Queue::default();
    push(&queue, Class::Bulk, 700);
    let taken = queue.take(Vec::new());
    assert_eq!((taken.batch.len(), taken.left.len()), (MAX_BATCH, 0));
    assert_eq!(names(&taken.batch)[..3], ["b0", "b1", "b2"]);
}

#[test]
fn while_others_wait_it_has_half_at_most() {
    for single in [1, 3, 249, 250, 251, 600, 1_000] {
        let queue = Queue::default();
        push(&queue, Class::Bulk, 1_000);
        push(&queue, Class::Single, single);
        let batch = queue.take(Vec::new()).batch;
        assert_eq!(of_bulk(&batch), single.min(MAX_BATCH / 2), "{single}");
        assert_eq!(batch.len() - of_bulk(&batch), single.min(MAX_BATCH / 2), "{single}");
        // Neither is there more of it in any beginning of the batch.
        assert!((1..=batch.len()).all(|end| of_bulk(&batch[..end]) * 2 <= end + 1));
    }
}

#[test]
fn a_few_of_a_bulk_call_leave_the_rest_to_others() {
    let queue = Queue::default();
    push(&queue, Class::Bulk, 2);
    push(&queue, Class::Single, 1_000);
    let batch = queue.take(Vec::new()).batch;
    assert_eq!((of_bulk(&batch), batch.len()), (2, MAX_BATCH));
}

#[test]
fn each_class_keeps_its_order_and_takes_turns() {
    let queue = Queue::default();
    for n in 0..3 {
        queue.push(ticket(Class::Bulk, &format!("b{n}"))).unwrap();
        queue.push(ticket(Class::Single, &format!("s{n}"))).unwrap();
    }
    push(&queue, Class::Single, 1);
    assert_eq!(names(&queue.take(Vec::new()).batch), ["s0", "b0", "s1", "b1", "s2", "b2", "s0"]);
}

#[test]
fn what_was_begun_comes_first_in_its_class_and_counts_as_well() {
    let queue = Queue::default();
    push(&queue, Class::Bulk, 600);
    // A batch of a bulk call alone, closed by time before its end.
    let begun = queue.take(Vec::new()).batch.split_off(100);
    push(&queue, Class::Single, 2);
    let taken = queue.take(begun);
    assert_eq!(names(&taken.batch), ["s0", "b100", "s1", "b101"]);
    assert_eq!((taken.left.len(), name(&taken.left[0])), (398, "b102"));
    let taken = queue.take(taken.left);
    assert_eq!((taken.batch.len(), name(&taken.batch[0])), (498, "b102"));
}

#[test]
fn a_bulk_call_is_never_starved() {
    let queue = Queue::default();
    push(&queue, Class::Bulk, 10);
    let (mut begun, mut done) = (Vec::new(), 0);
    for _ in 0..10 {
        push(&queue, Class::Single, 1_000);
        let mut taken = queue.take(begun);
        // Time is up after two commands, again and again.
        begun = taken.batch.split_off(2);
        begun.append(&mut taken.left);
        done += of_bulk(&taken.batch);
    }
    assert_eq!(done, 10);
}

#[test]
fn no_class_takes_the_room_of_the_other() {
    let queue = Queue::default();
    assert_eq!(push(&queue, Class::Bulk, 2_000), MAX_COMMANDS);
    assert_eq!(push(&queue, Class::Single, 2_000), MAX_COMMANDS);
    assert!(queue.push(ticket(Class::Bulk, "b")).is_err());
}

#[test]
fn nobody_works_for_those_who_left() {
    let queue = Queue::default();
    let tickets = [ticket(Class::Single, "s"), ticket(Class::Bulk, "b")];
    for ticket in &tickets {
        queue.push(Arc::clone(ticket)).unwrap();
        assert!(ticket.abandon());
    }
    push(&queue, Class::Bulk, 5);
    let batch = queue.take(Vec::new()).batch;
    assert_eq!(names(&batch), ["b0", "b1", "b2", "b3", "b4"]);
    assert!(queue.is_empty());
}

#[test]
fn a_command_keeps_its_room_until_it_is_answered() {
    let queue = Queue::default();
    let all = queue.bulk_room.available_permits();
    let enter = |name| {
        let room = Arc::clone(&queue.bulk_room).try_acquire_owned().ok();
        let (ticket, answer) = Ticket::new(command(name), Class::Bulk, room);
        // Its caller goes away.
        drop(answer);
        let ticket = Arc::new(ticket);
        queue.push(Arc::clone(&ticket)).unwrap();
        ticket
    };
    enter("given up").abandon();
    enter("begun");
    assert_eq!(queue.bulk_room.available_permits(), all - 2);
    let batch = queue.take(Vec::new()).batch;
    assert_eq!(names(&batch), ["begun"]);
    assert_eq!(queue.bulk_room.available_permits(), all - 1);
    batch[0].answer(Err(overloaded()));
    assert_eq!(queue.bulk_room.available_permits(), all);
}
