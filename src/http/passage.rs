//! A request's passage: its id, its line in the log, its measures, and the headers that every answer
//! carries.
//!
//! Ids are ours: one that a caller sends is not taken, for the log would then hold what a stranger
//! wrote. To follow a call through several servers there is `traceparent`.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use super::noted::{Asked, NotedAnswer, Notes};
use super::traces;
use crate::domain::refusal::Refusal;
use crate::graphql::refused;
use crate::operations::measures::{self, Answered};

/// The header that names a request to whoever reads the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer tells a browser, where it does not say so itself: to take it for nothing else than
/// it says, run nothing of it, show it in no other page, tell nobody its address, keep no copy, and
/// give it to no other site's page but by the list of origins. Nothing here binds a browser to TLS
/// (Strict-Transport-Security): this server speaks none, and whatever ends TLS before it knows for
/// which names and how long.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
];

/// The id of a request.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Gives the request its id, notes how it went, and adds the headers. Who makes a handler panic is
/// answered too.
pub async fn accompany(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let (asked, notes) = (Asked::of(&request), Notes::default());
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(notes.clone());
    // Whatever the log shows of a request, its id is there too.
    let span =
        tracing::error_span!("request", request_id = id, otel.name = Empty, otel.kind = Empty);
    traces::follow(&span, request.headers(), &asked);
    async move {
        let began = Instant::now();
        let ran = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let mut response = ran.unwrap_or_else(|_| panicked(&id));
        note(&asked, &notes, &response, began.elapsed());
        add_headers(&mut response, &id);
        response
    }
    .instrument(span)
    .await
}

/// Writes the request's line, and counts it.
fn note(asked: &Asked, notes: &Notes, response: &Response, duration: Duration) {
    let status = response.status().as_u16();
    measures::http_answered(&asked.route, status, duration);
    let caller = notes.caller();
    let role = caller.map(|caller| &caller.role);
    let answer = response.extensions().get::<NotedAnswer>();
    if answer.is_none() && response.status() == StatusCode::TOO_MANY_REQUESTS {
        measures::rate_limited(role);
    }
    let operation = answer.map(|NotedAnswer { code, executed }| {
        let answered = Answered { name: notes.name(), code, executed: *executed, role };
        measures::operation_answered(answered, duration)
    });
    let code = answer.map(|answer| answer.code.as_str());
    traces::end(status, operation.as_deref(), code.filter(|code| *code != measures::OK));
    let (method, route) = (asked.method, asked.route.as_str());
    let duration_micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    if asked.is_routine() {
        tracing::debug!(method, route, status, duration_micros, "answered");
        return;
    }
    let tenant = caller.and_then(|caller| caller.tenant.as_ref());
    let tenant = tenant.map(|tenant| tenant.slug.as_str());
    let role = role.map(|role| role.name());
    tracing::info!(
        method,
        route,
        status,
        duration_micros,
        operation,
        code,
        tenant,
        role,
        "answered"
    );
}

/// What is answered when a handler panicked; the panic itself is in the log.
fn panicked(id: &str) -> Response {
    let answer = refused(&Refusal::internal("a handler panicked"), id);
    let body = Json(serde_json::json!({ "errors": answer.errors }));
    (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
}

fn add_headers(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn who_makes_a_handler_panic_is_answered() {
        async fn broken() -> Response {
            panic!("ann@example.com")
        }
        let router: Router = Router::new().route("/", get(broken)).layer(from_fn(accompany));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let id = response.headers()["x-request-id"].clone();
        for (name, value) in HEADERS {
            assert_eq!(response.headers()[&name], value, "{name}");
        }
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let extensions = &body["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "INTERNAL");
        assert_eq!(extensions["requestId"], id.to_str().unwrap());
        assert!(!body.to_string().contains("ann@"), "{body}");
    }
}
