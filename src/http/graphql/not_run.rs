//! Why a request was not executed, and what its sender is told.

use async_graphql::Response as Answer;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::accept::Media;
use crate::http::answer::{Refused, graphql, malformed};

/// Why a request was not executed.
pub enum NotRun {
    /// It is no request of GraphQL: a status, a sentence for people, and maybe a header.
    Malformed(StatusCode, String, Option<(HeaderName, &'static str)>),
    /// Its sender may not call.
    Refused(Refused),
    /// GraphQL has an answer to its document without executing it.
    Answered(Box<Answer>),
}

impl NotRun {
    /// No request of GraphQL, for this reason.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::with(StatusCode::BAD_REQUEST, message)
    }

    /// The same with another status than 400.
    pub fn with(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Malformed(status, message.into(), None)
    }

    /// Its body is not read to the end, so nothing else can come over this connection.
    pub fn unread(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Malformed(status, message.into(), Some((header::CONNECTION, "close")))
    }

    /// Not by this method, but by those.
    pub fn method(message: &str, allowed: &'static str) -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::Malformed(status, message.to_owned(), Some((header::ALLOW, allowed)))
    }

    /// What its sender is told.
    pub fn answer(self, media: Media) -> Response {
        match self {
            Self::Malformed(status, message, extra) => {
                let mut response = malformed(status, media, message);
                if let Some((name, value)) = extra {
                    response.headers_mut().insert(name, HeaderValue::from_static(value));
                }
                response
            }
            Self::Refused(refused) => refused.into_response(),
            Self::Answered(answer) => graphql(media, &answer),
        }
    }
}

impl From<Refused> for NotRun {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Box<Answer>> for NotRun {
    fn from(answer: Box<Answer>) -> Self {
        Self::Answered(answer)
    }
}
