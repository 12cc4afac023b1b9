//! The operations that are open on one socket.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::StreamExt;
use tokio::sync::Semaphore;

use super::limits::SocketLimits;
use super::operation::{Operation, Room};
use super::session::Answer;

/// How many of the largest messages may be open at once.
const MESSAGES: usize = 4;

/// The operations that are open on one socket. They go on only while somebody waits for the next
/// answer: a client that reads nothing makes no answers.
pub struct Running {
    operations: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    /// In the order in which they are asked next.
    open: VecDeque<(String, Operation)>,
}

impl Running {
    /// None, with room for as many as the limits say.
    pub fn new(limits: &SocketLimits) -> Self {
        let bytes = limits.message_bytes.saturating_mul(MESSAGES).min(Semaphore::MAX_PERMITS);
        Self {
            operations: Arc::new(Semaphore::new(limits.operations.min(Semaphore::MAX_PERMITS))),
            bytes: Arc::new(Semaphore::new(bytes)),
            open: VecDeque::new(),
        }
    }

    /// The room for an operation whose message has so many bytes; `None` when there is none.
    pub fn room(&self, bytes: usize) -> Option<Room> {
        let operation = Arc::clone(&self.operations).try_acquire_owned().ok()?;
        let bytes = u32::try_from(bytes).ok()?;
        Some((operation, Arc::clone(&self.bytes).try_acquire_many_owned(bytes).ok()?))
    }

    /// Adds an operation.
    pub fn add(&mut self, id: String, operation: Operation) {
        self.open.push_back((id, operation));
    }

    /// Drops an operation, at once.
    pub fn stop(&mut self, id: &str) {
        self.open.retain(|(open, _)| open != id);
    }

    /// Drops those that would go on for ever.
    pub fn stop_subscriptions(&mut self) {
        self.open.retain(|(_, operation)| !operation.is_subscription);
    }

    /// Is none open?
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The next answer of any, and the operation's id; one that is over is dropped with its last.
    /// Waits for ever when none is open. Nothing is lost when the waiting is given up.
    pub async fn next(&mut self) -> (String, Answer) {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(String, Answer)> {
        for at in 0..self.open.len() {
            let Some((id, operation)) = self.open.get_mut(at) else { break };
            let Poll::Ready(answer) = operation.answers.poll_next_unpin(context) else { continue };
            let (id, answer) = (id.clone(), answer.unwrap_or(Answer::Done));
            // Who answered is asked last from now on, so that none keeps the others from answering.
            let answered = self.open.remove(at);
            if matches!(answer, Answer::Result(_)) {
                self.open.extend(answered);
            }
            return Poll::Ready((id, answer));
        }
        Poll::Pending
    }
}
