//! A request's passage: its id, its line in the log, its measures, and the headers that every answer
//! carries.
//!
//! Ids are ours: one that a caller sends is not taken, for the log would then hold what a stranger
//! wrote. To follow a call through several servers there is `traceparent`.

use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use super::noted::{Asked, NotedAnswer, NotedCaller};
use super::traces;
use crate::operations::measures::{self, Answered};

/// The header that names a request to whoever reads the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Gives the request its id, notes how it went, and adds the headers.
pub async fn accompany(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let (asked, caller) = (Asked::of(&request), NotedCaller::default());
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(caller.clone());
    // Whatever the log shows of a request, its id is there too.
    let span =
        tracing::error_span!("request", request_id = id, otel.name = Empty, otel.kind = Empty);
    traces::follow(&span, request.headers(), &asked);
    async move {
        let began = Instant::now();
        let mut response = next.run(request).await;
        note(&asked, &caller, &response, began.elapsed());
        add_headers(&mut response, &id);
        response
    }
    .instrument(span)
    .await
}

/// Writes the request's line, and counts it.
fn note(asked: &Asked, caller: &NotedCaller, response: &Response, duration: Duration) {
    let status = response.status().as_u16();
    measures::http_answered(&asked.route, status, duration);
    let caller = caller.get();
    let role = caller.map(|caller| &caller.role);
    let answer = response.extensions().get::<NotedAnswer>();
    if answer.is_none() && response.status() == StatusCode::TOO_MANY_REQUESTS {
        measures::rate_limited(role);
    }
    let operation = answer.map(|NotedAnswer { name, code, executed }| {
        let answered = Answered { name: name.as_deref(), code, executed: *executed, role };
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

fn add_headers(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
