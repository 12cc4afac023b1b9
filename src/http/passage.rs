//! A request's passage: its id, its line in the log, and the headers that every answer carries.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use crate::domain::refusal::Refusal;
use crate::graphql::refused;

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

/// Gives the request its id, notes how it went, and adds the headers. Neither the query string nor
/// any header is noted: both can hold secrets and personal data. Who makes a handler panic is answered
/// too.
pub async fn accompany(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span =
        tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    async move {
        let began = Instant::now();
        let ran = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let mut response = ran.unwrap_or_else(|_| panicked(&id));
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(status = response.status().as_u16(), micros, "answered");
        add_headers(&mut response, &id);
        response
    }
    .instrument(span)
    .await
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
