//! Sends an attack to a server in this process, and sees what becomes of it.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::table::{Attack, Outcome, Sent};
use crate::harness::{Frame, Server, Socket, listen};

/// The tenant that is attacked.
pub const TENANT: &str = "productready";

/// What became of an attack.
#[derive(Debug)]
pub struct Seen {
    /// How many bytes were sent, and came back.
    pub bytes: (usize, usize),
    /// The status; 0 over a socket.
    pub status: u16,
    /// The code of the first error; empty when there is none.
    pub code: String,
    /// How many errors there are.
    pub errors: usize,
    /// How long it took from the last byte sent to the last that came.
    pub took: Duration,
}

impl Seen {
    /// Is it what should become of the attack?
    pub fn is(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Refused(code) => self.code == code,
            Outcome::Answered => self.errors == 0,
        }
    }
}

/// Makes 100 users, so that there is something to ask for.
pub async fn prepare(server: &Server) {
    let users: Vec<Value> = (0..100)
        .map(|n| json!({ "id": format!("user-{n}"), "name": "Ann", "traits": { "a": "x".repeat(200) } }))
        .collect();
    let shop = server.shop(TENANT).await;
    shop.service.mutate("registerUsers", json!({ "users": users }), "results { id }").await.ok();
}

/// Sends it once.
pub async fn play(server: &Server, attack: &Attack) -> Seen {
    match &attack.sent {
        Sent::Body(body) => {
            let request =
                Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
            ask(server, attack, request.body(Body::from(body.clone())).unwrap(), body.len()).await
        }
        Sent::Address(address) => {
            let request = Request::get(address).body(Body::empty()).unwrap();
            ask(server, attack, request, address.len()).await
        }
        Sent::Operation(payload) => speak(server, payload).await,
    }
}

async fn ask(server: &Server, attack: &Attack, mut request: Request<Body>, sent: usize) -> Seen {
    let headers = request.headers_mut();
    if attack.by_admin {
        let init = server.admin(TENANT).await.init();
        headers.insert(
            header::AUTHORIZATION,
            init["authorization"].as_str().unwrap().parse().unwrap(),
        );
    } else {
        headers.insert("x-tenant", TENANT.parse().unwrap());
    }
    let router = server.app.router();
    let began = Instant::now();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    let took = began.elapsed();
    seen(&serde_json::from_slice(&answer).unwrap(), (sent, answer.len()), status, took)
}

async fn speak(server: &Server, payload: &[u8]) -> Seen {
    let admin = server.admin(TENANT).await;
    let mut socket = Socket::connect(listen(server).await, admin.init()).await;
    let payload = std::str::from_utf8(payload).unwrap();
    let message = format!("{{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{payload}}}");
    let began = Instant::now();
    socket.send_text(&message).await;
    let answer = match socket.receive().await {
        Frame::Text(answer) => answer,
        Frame::Close(code, reason) => {
            let error = json!({ "message": reason, "extensions": { "code": code.to_string() } });
            json!({ "type": "error", "payload": [error] })
        }
        other => panic!("{other:?}"),
    };
    let took = began.elapsed();
    // Errors come as a message of their own, or in the one answer of a query.
    let errors =
        if answer["type"] == "error" { &answer["payload"] } else { &answer["payload"]["errors"] };
    seen(&json!({ "errors": errors }), (message.len(), answer.to_string().len()), 0, took)
}

fn seen(answer: &Value, bytes: (usize, usize), status: u16, took: Duration) -> Seen {
    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    let errors = answer["errors"].as_array().map_or(0, Vec::len);
    Seen { bytes, status, code, errors, took }
}
