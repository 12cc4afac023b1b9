//! Answers of the GraphQL endpoint: status codes and bodies. The statuses are those that the audits of
//! GraphQL over HTTP ask for: 400 where the edition of September 2026 tells 422 apart, and 200, not
//! its unregistered 294, for data beside errors.

use async_graphql::{Response as Answer, Value};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::accept::Media;
use super::noted::note_answer;
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::{document_error, is_executed, refused};

/// GraphQL's answer over HTTP. A document that came too often is told so in either media type.
pub fn graphql(media: Media, answer: &Answer) -> Response {
    let status = match (media, is_executed(answer)) {
        (_, false) if extension(answer, "code") == Some(&Code::RateLimited.name().into()) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        (Media::GraphQl, false) => status_of_unexecuted(answer),
        _ => StatusCode::OK,
    };
    let mut response = with_status(status, media, answer);
    if let Some(Value::Number(seconds)) = extension(answer, "retryAfter") {
        response.headers_mut().extend(retry_after(seconds.as_i64()));
    }
    response
}

/// The status of an answer to what was not executed: 400, unless the document was not at fault.
fn status_of_unexecuted(answer: &Answer) -> StatusCode {
    match extension(answer, "code") {
        Some(Value::String(code)) if code == Code::Forbidden.name() => StatusCode::FORBIDDEN,
        Some(Value::String(code)) if code == Code::Internal.name() => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

/// What the first error that has it says under this name.
fn extension<'a>(answer: &'a Answer, name: &str) -> Option<&'a Value> {
    answer.errors.iter().find_map(|error| error.extensions.as_ref()?.get(name))
}

/// The header that says when to try again, in seconds.
fn retry_after(seconds: Option<i64>) -> Option<(HeaderName, HeaderValue)> {
    seconds.map(|seconds| (header::RETRY_AFTER, seconds.into()))
}

/// An answer with a status of its own.
fn with_status(status: StatusCode, media: Media, answer: &Answer) -> Response {
    let mut response = (status, body(answer)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.name()));
    note_answer(&mut response, answer);
    response
}

/// A request that is no request of GraphQL: an answer with one error.
pub fn malformed(status: StatusCode, media: Media, message: impl Into<String>) -> Response {
    with_status(status, media, &document_error(Code::BadUserInput.name(), message))
}

/// The body, its fields in the document's order; without `data` when the document was not executed.
fn body(answer: &Answer) -> String {
    let written = if is_executed(answer) {
        serde_json::to_string(answer)
    } else {
        serde_json::to_string(&serde_json::json!({ "errors": answer.errors }))
    };
    // An answer is made of JSON values; it can always be written.
    written.unwrap_or_default()
}

/// A call that was refused before its document was looked at.
pub struct Refused(Box<Response>);

impl Refused {
    /// The refusal as an answer to a request with these headers.
    pub fn new(refusal: Refusal, request_id: &str, headers: &HeaderMap) -> Self {
        let status = match refusal.code {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::Overloaded | Code::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let media = Media::accepted(headers).unwrap_or(Media::Json);
        let mut response = with_status(status, media, &refused(&refusal, request_id));
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.headers_mut().extend(retry_after(refusal.retry_after_seconds));
        Self(Box::new(response))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_tells_whose_fault_it_is_where_it_may() {
        let limited = Refusal { retry_after_seconds: Some(7), ..refusal(Code::RateLimited) };
        for (refusal, of_today, of_old) in [
            (refusal(Code::BadUserInput), 400, 200),
            (refusal(Code::Forbidden), 403, 200),
            (refusal(Code::Internal), 500, 200),
            (limited, 429, 429),
        ] {
            let answer = refused(&refusal, "id");
            for (media, status) in [(Media::GraphQl, of_today), (Media::Json, of_old)] {
                let response = graphql(media, &answer);
                assert_eq!(response.status().as_u16(), status, "{refusal}");
                let wait = response.headers().contains_key(header::RETRY_AFTER);
                assert_eq!(wait, status == 429, "{refusal}");
            }
        }
    }

    fn refusal(code: Code) -> Refusal {
        Refusal::new(code, "No.")
    }
}
