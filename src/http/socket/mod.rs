//! GraphQL over a socket: the protocol `graphql-transport-ws`. The credential comes in the first
//! message: `{"type": "connection_init", "payload": {"authorization": "Bearer ..."}}`.
//!
//! | part | job |
//! |---|---|
//! | `messages`, `close` | what is said, and how a socket is closed |
//! | `session` | what follows from what was said; knows of no network |
//! | `operation`, `running` | one operation as a stream of answers, and all of a socket |
//! | `credential` | who opens the socket, and whether that still holds |
//! | `conversation` | one socket from its first message to its close |
//! | `crowd` | how many sockets are open |

mod close;
mod conversation;
mod credential;
mod crowd;
mod limits;
mod messages;
mod operation;
mod running;
mod session;
#[cfg(test)]
mod session_tests;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::answer::Refused;
use super::auth::Origin;
use super::served::Served;
use crate::domain::refusal::{Code, Refusal};
use crate::operations::measures::Open;
use close::Close;
use conversation::Conversation;
pub use crowd::Crowd;
use crowd::{Full, Place};
pub use limits::SocketLimits;

/// The name of the protocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// How much of what comes is read at once; a socket keeps so much memory while it is idle.
const READ_AT_ONCE: usize = 4 * 1024;
/// When it may be of use to come again, in seconds.
const LATER_SECONDS: i64 = 5;

/// Answers `/graphql/ws`.
pub async fn handle(State(served): State<Served>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let origin = Origin::of(&parts, &served.edge.proxies);
    if !served.edge.origins.allows(&parts.headers) {
        let refusal = Refusal::forbidden(
            "A page of this site may not open a socket here: the operator lists those that may.",
        );
        return Refused::new(refusal, origin.request_id(), &parts.headers).into_response();
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &served).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let place = match place(&served, &origin, &parts.headers) {
        Ok(place) => place,
        Err(refused) => return refused.into_response(),
    };
    let most = served.edge.sockets.message_bytes;
    let upgrade = upgrade.max_message_size(most).max_frame_size(most);
    let upgrade = upgrade.read_buffer_size(READ_AT_ONCE).protocols([PROTOCOL]);
    let is_ours = upgrade.selected_protocol().is_some();
    let under_way = served.operations.ending.under_way();
    upgrade.on_upgrade(async move |socket| {
        let _kept = (place, under_way, Open::socket());
        let conversation = Conversation::new(served, origin, socket);
        match is_ours {
            true => conversation.run().await,
            false => conversation.refuse(Close::subprotocol_not_acceptable()).await,
        }
    })
}

/// The place for one more socket; a refusal when there is none.
fn place(served: &Served, origin: &Origin, headers: &HeaderMap) -> Result<Place, Refused> {
    let later = |code, message| {
        let refusal =
            Refusal { retry_after_seconds: Some(LATER_SECONDS), ..Refusal::new(code, message) };
        Refused::new(refusal, origin.request_id(), headers)
    };
    if served.operations.ending.is_told() {
        let message = "The server is ending: connect again, to another.";
        return Err(later(Code::Overloaded, message));
    }
    served.sockets.enter(origin.address(), &served.edge.sockets).map_err(|full| match full {
        Full::Server => later(Code::Overloaded, "The server has too many sockets open."),
        Full::Address => later(Code::RateLimited, "This address has too many sockets open."),
    })
}
