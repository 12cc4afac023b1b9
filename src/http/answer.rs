//! Answers of the GraphQL endpoint: status codes and bodies. The statuses are those that the audits of
//! GraphQL over HTTP ask for: 400 where the edition of September 2026 tells 422 apart, and 200, not
//! its unregistered 294, for data beside errors.

use async_graphql::{Response as Answer, Value};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::accept::Media;
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::{document_error, refused};

/// GraphQL's answer over HTTP.
pub fn graphql(media: Media, answer: &Answer) -> Response {
    let status = match (media, executed(answer)) {
        (Media::GraphQl, false) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    with_status(status, media, answer)
}

/// An answer with a status of its own.
fn with_status(status: StatusCode, media: Media, answer: &Answer) -> Response {
    let mut response = (status, body(answer)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.name()));
    response
}

/// A request that is no request of GraphQL: an answer with one error.
pub fn malformed(status: StatusCode, media: Media, message: impl Into<String>) -> Response {
    with_status(status, media, &document_error(Code::BadUserInput.name(), message))
}

/// Was the document executed? Errors before that have no path.
pub fn executed(answer: &Answer) -> bool {
    answer.errors.is_empty()
        || answer.data != Value::Null
        || answer.errors.iter().any(|error| !error.path.is_empty())
}

/// The body, its fields in the document's order; without `data` when the document was not executed.
fn body(answer: &Answer) -> String {
    let written = if executed(answer) {
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
        if let Some(seconds) = refusal.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        Self(Box::new(response))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}
