//! GraphQL over a socket: the protocol `graphql-transport-ws`. The credential comes in the first
//! message: `{"type": "connection_init", "payload": {"authorization": "Bearer ..."}}`.

use std::time::Duration;

use async_graphql::http::{WebSocket as Protocol, WebSocketProtocols, WsMessage};
use async_graphql::{Data, Error};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt, future};
use serde_json::Value;
use tokio::time::timeout;

use super::auth::{Origin, bearer};
use super::served::{MAX_BODY, Served};
use crate::domain::refusal::Refusal;
use crate::graphql::Door;
use crate::operations::Call;
use crate::operations::authentication::Shown;
use crate::operations::measures::Open;

/// The name of the protocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// The code with which the protocol library closes a socket whose first message was refused.
const INIT_REFUSED: u16 = 1002;
/// The code that clients of the protocol know for it.
const FORBIDDEN: u16 = 4403;
/// The code for a first message that does not come.
const TOO_LATE: u16 = 4408;
/// How long the first message may take.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

/// What a socket may take.
#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    /// How many operations, subscriptions among them, a socket may have open at once.
    pub operations: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self { operations: 100 }
    }
}

/// Answers `/graphql/ws`.
pub async fn handle(State(served): State<Served>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let origin = Origin::of(&parts, &served.edge.proxies);
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &served).await {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]).max_message_size(MAX_BODY),
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        let message = "Only the protocol graphql-transport-ws is spoken here.";
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    upgrade.on_upgrade(move |socket| serve(served, origin, socket))
}

async fn serve(served: Served, origin: Origin, socket: WebSocket) {
    let _open = Open::socket();
    let (mut sink, stream) = socket.split();
    let incoming = stream
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| future::ready(message.ok().and_then(text)));
    let edge = &served.edge;
    let door = Door::new(served.schema.clone(), edge.documents, edge.sockets.operations);
    let mut outgoing = Protocol::new(door, incoming, WebSocketProtocols::GraphQLWS)
        .on_connection_init(move |payload| async move {
            let call = open(&served, origin, &payload).await.map_err(|refusal| {
                // The text travels in the close frame, which holds 123 bytes.
                Error::new(refusal.code.name())
            })?;
            let mut data = Data::default();
            data.insert(call);
            Ok(data)
        });
    // Nothing is said before the first message was looked at: the first answer opens the socket.
    let Ok(first) = timeout(LONGEST_SILENCE, outgoing.next()).await else {
        let _ = sink.send(close(TOO_LATE, "Send connection_init first.".to_owned())).await;
        return;
    };
    let mut next = first.map(|message| match message {
        WsMessage::Close(INIT_REFUSED, reason) => WsMessage::Close(FORBIDDEN, reason),
        message => message,
    });
    while let Some(message) = next {
        let message = match message {
            WsMessage::Text(text) => Message::Text(text.into()),
            WsMessage::Close(code, reason) => close(code, reason),
        };
        if sink.send(message).await.is_err() {
            return;
        }
        next = outgoing.next().await;
    }
}

fn close(code: u16, reason: String) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

fn text(message: Message) -> Option<Vec<u8>> {
    match message {
        Message::Text(text) => Some(text.as_str().as_bytes().to_vec()),
        Message::Binary(bytes) => Some(bytes.to_vec()),
        _ => None,
    }
}

/// Finds out who opens the socket. A socket is for those with a credential.
async fn open(served: &Served, origin: Origin, payload: &Value) -> Result<Call, Refusal> {
    let read = |name: &str| payload.get(name).and_then(Value::as_str);
    let Some(authorization) = read("authorization").or_else(|| read("Authorization")) else {
        return Err(Refusal::forbidden("Send {\"authorization\": \"Bearer ...\"} first."));
    };
    let tenant = read("x-tenant").or_else(|| read("X-Tenant")).map(str::to_owned);
    let shown = Shown { bearer: Some(bearer(authorization)?), tenant };
    origin.call(served, &shown).await
}
