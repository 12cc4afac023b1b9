//! A request's part in a trace: it goes on where the caller's `traceparent` says, and its span tells how
//! it was answered, in the words of OpenTelemetry. Without anybody who collects traces it is nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;
use opentelemetry::global;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{Status, TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::noted::Asked;

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Does anybody collect traces?
static ON: AtomicBool = AtomicBool::new(false);

/// Takes part in traces from now on.
pub fn take_part_in_traces() {
    ON.store(true, Ordering::Relaxed);
}

fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Goes on with the caller's trace.
pub fn follow(span: &Span, headers: &HeaderMap, asked: &Asked) {
    if !is_on() {
        return;
    }
    let caller = global::get_text_map_propagator(|known| known.extract(&Headers(headers)));
    if caller.span().span_context().is_valid() {
        // It fails only where nobody collects.
        drop(span.set_parent(caller));
    }
    span.record("otel.name", format!("{} {}", asked.method, asked.route));
    span.record("otel.kind", "server");
    span.set_attribute("http.request.method", asked.method);
    span.set_attribute("http.route", asked.route.clone());
}

/// Tells how the request was answered.
pub fn end(status: u16, operation: Option<&str>, code: Option<&str>) {
    if !is_on() {
        return;
    }
    let span = Span::current();
    span.set_attribute("http.response.status_code", i64::from(status));
    if let Some(operation) = operation {
        span.set_attribute("graphql.operation.name", operation.to_owned());
    }
    if let Some(code) = code {
        span.set_attribute("error.type", code.to_owned());
    }
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}
