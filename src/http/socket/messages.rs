//! The messages of the protocol `graphql-transport-ws`, in both directions, each a JSON object.
//!
//! Members that the protocol does not know are passed over, as its own implementation does; those
//! that it knows must be what it says.

use async_graphql::{Response, ServerError};
use serde::Serialize;
use serde_json::{Map, Value};

use super::close::Close;

/// A JSON object.
pub type Object = Map<String, Value>;

/// What a client says.
#[derive(Debug, Clone, PartialEq)]
pub enum FromClient {
    /// Opens the connection; the payload holds the credential.
    ConnectionInit(Object),
    /// Asks for a pong with the same payload.
    Ping(Option<Object>),
    /// Answers a ping, or just lives.
    Pong,
    /// Begins an operation under an id.
    Subscribe(String, Asked),
    /// Ends the operation with this id.
    Complete(String),
}

/// The operation that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables; none when it is left out or null.
    pub variables: Object,
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromServer {
    /// The connection is open.
    ConnectionAck,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong {
        /// What came with the ping.
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Object>,
    },
    /// A result of an operation.
    Next {
        /// The operation's id.
        id: String,
        /// The result.
        payload: Box<Response>,
    },
    /// The operation was refused before it was executed; nothing follows.
    Error {
        /// The operation's id.
        id: String,
        /// Why: one error at least.
        payload: Vec<ServerError>,
    },
    /// The operation is over.
    Complete {
        /// The operation's id.
        id: String,
    },
}

impl FromClient {
    /// Reads a text message; 4400 and what is wrong with it when it is none of the protocol's. The
    /// reason repeats nothing of the message: it may hold a credential.
    pub fn read(text: &str) -> Result<Self, Close> {
        let Ok(mut fields) = serde_json::from_str::<Object>(text) else {
            return Err(Close::invalid_message("it is no JSON object"));
        };
        let kind = required_text(&mut fields, "type")?;
        match kind.as_str() {
            "connection_init" => {
                Ok(Self::ConnectionInit(object(&mut fields, "payload")?.unwrap_or_default()))
            }
            "ping" => Ok(Self::Ping(object(&mut fields, "payload")?)),
            "pong" => object(&mut fields, "payload").map(|_| Self::Pong),
            "subscribe" => {
                let id = id(&mut fields)?;
                let Some(payload) = object(&mut fields, "payload")? else {
                    return Err(Close::invalid_message("subscribe has no payload"));
                };
                Ok(Self::Subscribe(id, Asked::read(payload)?))
            }
            "complete" => Ok(Self::Complete(id(&mut fields)?)),
            _ => Err(Close::invalid_message("its type is none that a client sends")),
        }
    }
}

impl Asked {
    fn read(mut payload: Object) -> Result<Self, Close> {
        let query = required_text(&mut payload, "query")?;
        let operation_name = text(&mut payload, "operationName")?;
        let variables = object(&mut payload, "variables")?.unwrap_or_default();
        // Nothing here makes use of extensions; they must be well-formed all the same.
        object(&mut payload, "extensions")?;
        Ok(Self { query, operation_name, variables })
    }
}

fn id(fields: &mut Object) -> Result<String, Close> {
    let id = required_text(fields, "id")?;
    if id.is_empty() {
        return Err(Close::invalid_message("its id is empty"));
    }
    Ok(id)
}

fn required_text(fields: &mut Object, name: &str) -> Result<String, Close> {
    let missing = || Close::invalid_message(&format!("{name} is missing"));
    text(fields, name)?.ok_or_else(missing)
}

fn text(fields: &mut Object, name: &str) -> Result<Option<String>, Close> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Close::invalid_message(&format!("{name} is no string"))),
    }
}

fn object(fields: &mut Object, name: &str) -> Result<Option<Object>, Close> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(Close::invalid_message(&format!("{name} is no object"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let close = FromClient::read(text).unwrap_err();
        assert_eq!(close.code, 4400, "{text}");
        close.reason
    }

    fn asked(query: &str) -> Asked {
        Asked { query: query.to_owned(), operation_name: None, variables: Object::new() }
    }

    #[test]
    fn every_message_of_a_client_is_read() {
        let read = |text| FromClient::read(text).unwrap();
        let none = Object::new();
        assert_eq!(read(r#"{"type":"connection_init"}"#), FromClient::ConnectionInit(none.clone()));
        let null = r#"{"type":"connection_init","payload":null}"#;
        assert_eq!(read(null), FromClient::ConnectionInit(none.clone()));
        assert_eq!(read(r#"{"type":"ping"}"#), FromClient::Ping(None));
        assert_eq!(read(r#"{"type":"ping","payload":{}}"#), FromClient::Ping(Some(none)));
        assert_eq!(read(r#"{"type":"pong","payload":{"a":1}}"#), FromClient::Pong);
        assert_eq!(read(r#"{"type":"complete","id":"1"}"#), FromClient::Complete("1".into()));
        let whole = r#"{"id":"1","type":"subscribe","more":1,"payload":{"query":"{ a }","operationName":"A",
            "variables":{"b":2},"extensions":{"c":3},"more":4}}"#;
        let FromClient::Subscribe(id, whole) = read(whole) else { panic!() };
        assert_eq!((id.as_str(), whole.query.as_str()), ("1", "{ a }"));
        assert_eq!(whole.operation_name.as_deref(), Some("A"));
        assert_eq!(whole.variables["b"], 2);
        let nulls = r#"{"id":"1","type":"subscribe","payload":{"query":"","operationName":null,"variables":null,"extensions":null}}"#;
        assert_eq!(read(nulls), FromClient::Subscribe("1".into(), asked("")));
    }

    #[test]
    fn what_is_no_message_is_refused_with_what_is_wrong() {
        let subscribe =
            |payload: &str| format!(r#"{{"id":"1","type":"subscribe","payload":{payload}}}"#);
        for (text, why) in [
            (String::new(), "it is no JSON object"),
            ("hello".into(), "it is no JSON object"),
            (r#"["ping"]"#.into(), "it is no JSON object"),
            (r#"{"type":"ping"} {}"#.into(), "it is no JSON object"),
            ("[".repeat(100_000), "it is no JSON object"),
            ("{}".into(), "type is missing"),
            (r#"{"type":1}"#.into(), "type is no string"),
            (r#"{"type":"next","id":"1"}"#.into(), "its type is none that a client sends"),
            (r#"{"type":"PING"}"#.into(), "its type is none that a client sends"),
            (r#"{"type":"ping","payload":"x"}"#.into(), "payload is no object"),
            (r#"{"type":"pong","payload":[]}"#.into(), "payload is no object"),
            (r#"{"type":"connection_init","payload":"s"}"#.into(), "payload is no object"),
            (r#"{"type":"complete"}"#.into(), "id is missing"),
            (r#"{"type":"complete","id":1}"#.into(), "id is no string"),
            (r#"{"type":"complete","id":""}"#.into(), "its id is empty"),
            (r#"{"type":"subscribe","id":"1"}"#.into(), "subscribe has no payload"),
            (subscribe("[]"), "payload is no object"),
            (subscribe("{}"), "query is missing"),
            (subscribe(r#"{"query":null}"#), "query is missing"),
            (subscribe(r#"{"query":["a"]}"#), "query is no string"),
            (subscribe(r#"{"query":"","operationName":1}"#), "operationName is no string"),
            (subscribe(r#"{"query":"","variables":[]}"#), "variables is no object"),
            (subscribe(r#"{"query":"","extensions":"x"}"#), "extensions is no object"),
        ] {
            assert_eq!(refused(&text), format!("Invalid message: {why}"), "{text:.80}");
        }
    }

    #[test]
    fn every_message_of_the_server_is_written() {
        let written = |message: FromServer| serde_json::to_string(&message).unwrap();
        assert_eq!(written(FromServer::ConnectionAck), r#"{"type":"connection_ack"}"#);
        assert_eq!(written(FromServer::Ping), r#"{"type":"ping"}"#);
        assert_eq!(written(FromServer::Pong { payload: None }), r#"{"type":"pong"}"#);
        let payload = serde_json::json!({ "a": [1] }).as_object().cloned();
        let pong = r#"{"type":"pong","payload":{"a":[1]}}"#;
        assert_eq!(written(FromServer::Pong { payload }), pong);
        let id = || "1".to_owned();
        let payload = Box::new(Response::new(async_graphql::Value::Null));
        let next = r#"{"type":"next","id":"1","payload":{"data":null}}"#;
        assert_eq!(written(FromServer::Next { id: id(), payload }), next);
        let payload = vec![ServerError::new("no", None)];
        let error = r#"{"type":"error","id":"1","payload":[{"message":"no"}]}"#;
        assert_eq!(written(FromServer::Error { id: id(), payload }), error);
        assert_eq!(written(FromServer::Complete { id: id() }), r#"{"type":"complete","id":"1"}"#);
    }
}
