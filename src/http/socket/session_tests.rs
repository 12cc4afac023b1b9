//! The session, message by message.

use proptest::prelude::*;
use serde_json::json;

use super::close::Close;
use super::messages::FromServer;
use super::session::{Answer, Session, Step};

const INIT: &str = r#"{"type":"connection_init"}"#;

fn subscribe(id: &str) -> String {
    json!({ "type": "subscribe", "id": id, "payload": { "query": "{ a }" } }).to_string()
}

fn complete(id: &str) -> String {
    json!({ "type": "complete", "id": id }).to_string()
}

fn open() -> Session {
    let mut session = Session::default();
    assert!(matches!(session.hear(INIT), Ok(Step::Check(_))));
    assert!(matches!(session.admit(), Some(FromServer::ConnectionAck)));
    session
}

fn is_begun(step: Result<Step, Close>, id: &str) -> bool {
    matches!(step, Ok(Step::Begin(begun, _)) if begun == id)
}

#[test]
fn operations_wait_for_the_acknowledgement() {
    let mut session = Session::default();
    assert_eq!(session.hear(&subscribe("1")), Err(Close::unauthorized()));
    let mut session = Session::default();
    assert!(session.is_new());
    assert!(matches!(session.hear(INIT), Ok(Step::Check(_))));
    assert!(!session.is_new());
    assert_eq!(session.hear(r#"{"type":"ping"}"#), Ok(Step::Pong(None)));
    assert_eq!(session.hear(&complete("1")), Ok(Step::Nothing));
    assert_eq!(session.hear(&subscribe("1")), Err(Close::unauthorized()));
    assert!(session.admit().is_none(), "it is over");
}

#[test]
fn there_is_one_initialisation() {
    let mut session = Session::default();
    assert!(session.hear(INIT).is_ok());
    assert_eq!(session.hear(INIT), Err(Close::too_many_inits()));
    assert_eq!(open().hear(INIT), Err(Close::too_many_inits()));
}

#[test]
fn an_id_is_taken_until_its_operation_is_over() {
    let mut session = open();
    assert!(is_begun(session.hear(&subscribe("1")), "1"));
    assert!(is_begun(session.hear(&subscribe("2")), "2"));
    assert_eq!(session.hear(&complete("1")), Ok(Step::Stop("1".into())));
    assert_eq!(session.hear(&complete("1")), Ok(Step::Nothing));
    assert!(session.answer("1".into(), Answer::Done).is_none(), "nobody asks for it");
    assert!(is_begun(session.hear(&subscribe("1")), "1"));
    let done = session.answer("1".into(), Answer::Done);
    assert!(matches!(done, Some(FromServer::Complete { id }) if id == "1"));
    assert!(is_begun(session.hear(&subscribe("1")), "1"));
    let refused = session.answer("1".into(), Answer::Refused(Vec::new()));
    assert!(matches!(refused, Some(FromServer::Error { id, .. }) if id == "1"));
    assert!(session.answer("1".into(), Answer::Done).is_none(), "nothing follows an error");
    let close = session.hear(&subscribe("2")).unwrap_err();
    assert_eq!((close.code, close.reason.as_str()), (4409, "Subscriber for 2 already exists"));
}

#[test]
fn who_leaves_begins_nothing() {
    let mut session = open();
    assert!(is_begun(session.hear(&subscribe("1")), "1"));
    session.leave();
    assert_eq!(session.hear(&subscribe("2")), Ok(Step::Nothing));
    assert!(session.answer("2".into(), Answer::Done).is_none());
    assert!(session.answer("1".into(), Answer::Done).is_some(), "what runs is finished");
    let mut session = Session::default();
    session.leave();
    assert!(session.admit().is_none());
}

/// Something that a client may send: mostly messages, some almost, some anything.
fn any_text() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        "connection_init",
        "ping",
        "pong",
        "subscribe",
        "complete",
        "next",
        "",
    ]);
    let id = prop::sample::select(vec![json!("1"), json!("2"), json!(""), json!(3), json!(null)]);
    let payload = prop::sample::select(vec![
        json!(null),
        json!({}),
        json!({ "query": "{ a }" }),
        json!({ "query": 1 }),
        json!([]),
    ]);
    let message = (kind, id, payload).prop_map(|(kind, id, payload)| {
        json!({ "type": kind, "id": id, "payload": payload }).to_string()
    });
    prop_oneof![
        8 => message,
        1 => "[\\[\\]{}\":,a-z0-9]{0,40}",
        1 => any::<String>(),
    ]
}

/// What happens to a session.
#[derive(Debug, Clone)]
enum Event {
    Hears(String),
    Admits,
    Answers(u8, u8),
    Leaves,
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => any_text().prop_map(Event::Hears),
        2 => Just(Event::Admits),
        2 => (1..=2_u8, 0..3_u8).prop_map(|(id, kind)| Event::Answers(id, kind)),
        1 => Just(Event::Leaves),
    ]
}

proptest! {
    #[test]
    fn whatever_is_sent_a_close_is_the_last_word(events in prop::collection::vec(any_event(), 0..40)) {
        let mut session = Session::default();
        let (mut closed, mut acknowledged) = (false, false);
        for event in events {
            let said = match event {
                Event::Hears(text) => match session.hear(&text) {
                    Ok(Step::Nothing) => false,
                    Ok(Step::Begin(..)) => {
                        prop_assert!(acknowledged);
                        true
                    }
                    Ok(_) => true,
                    Err(close) => {
                        prop_assert!(!closed, "closed twice");
                        prop_assert!(matches!(close.code, 4400 | 4401 | 4409 | 4429));
                        prop_assert!(close.reason.len() <= 123);
                        closed = true;
                        continue;
                    }
                },
                Event::Admits => {
                    let said = session.admit().is_some();
                    prop_assert!(!(said && acknowledged), "acknowledged twice");
                    acknowledged |= said;
                    said
                }
                Event::Answers(id, kind) => {
                    let answer = match kind {
                        0 => Answer::Result(Box::default()),
                        1 => Answer::Refused(Vec::new()),
                        _ => Answer::Done,
                    };
                    session.answer(id.to_string(), answer).is_some()
                }
                Event::Leaves => {
                    session.leave();
                    false
                }
            };
            prop_assert!(!(closed && said), "something was said after a close");
        }
    }
}
