//! Answers of the GraphQL endpoint: media types, status codes and bodies.

use async_graphql::{Response as Answer, Value};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::noted::note_answer;
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::{document_error, is_executed as executed, refused};

/// In which media type an answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status tells whether the document was executed.
    GraphQl,
    /// `application/json`: for clients of old, 200 whenever the answer is GraphQL's.
    Json,
}

impl Media {
    /// What the caller accepts; `None` when it is neither. Who does not say, or accepts anything,
    /// gets `application/json`.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Some(Self::Json);
        }
        let texts = values.filter_map(|value| value.to_str().ok());
        let wanted = texts.flat_map(|text| text.split(',')).filter_map(range);
        let best = wanted.fold(None, |best: Option<(f32, Self)>, (quality, media)| match best {
            Some((other, _)) if other >= quality => best,
            _ => Some((quality, media)),
        });
        best.map(|(_, media)| media)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// A media range that we can serve, with its quality; one of quality 0 is not accepted.
fn range(text: &str) -> Option<(f32, Media)> {
    let mut parts = text.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Media::GraphQl,
        "application/json" | "application/*" | "*/*" => Media::Json,
        _ => return None,
    };
    let quality = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(Some(1.0), |(_, value)| value.trim().parse::<f32>().ok())?;
    (quality > 0.0).then_some((quality, media))
}

/// GraphQL's answer over HTTP. A document that came too often is told so in either media type.
pub fn graphql(media: Media, answer: &Answer) -> Response {
    let status = match (media, executed(answer)) {
        (_, false) if extension(answer, "code") == Some(&Code::RateLimited.name().into()) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        (Media::GraphQl, false) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let mut response = with_status(status, media, answer);
    if let Some(Value::Number(seconds)) = extension(answer, "retryAfter") {
        response.headers_mut().extend(retry_after(seconds.as_i64()));
    }
    response
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
pub fn with_status(status: StatusCode, media: Media, answer: &Answer) -> Response {
    let mut response = (status, body(answer)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.name()));
    note_answer(&mut response, answer);
    response
}

/// A request that is no request of GraphQL: an answer with one error.
pub fn malformed(status: StatusCode, media: Media, message: &str) -> Response {
    with_status(status, media, &document_error(Code::BadUserInput.name(), message))
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

    fn accepted(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Media::accepted(&headers)
    }

    #[test]
    fn the_caller_chooses_the_media_type() {
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(accepted("*/*"), Some(Media::Json));
        assert_eq!(accepted("application/graphql-response+json"), Some(Media::GraphQl));
        let both = "application/graphql-response+json;charset=utf-8, application/json;q=0.9";
        assert_eq!(accepted(both), Some(Media::GraphQl));
        let rather_json = "application/graphql-response+json;q=0.5, application/json";
        assert_eq!(accepted(rather_json), Some(Media::Json));
        assert_eq!(accepted("text/html"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }
}
