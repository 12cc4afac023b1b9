//! A request in the body of a POST: its type, its size, and its time.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;

use super::asked::Asked;
use super::not_run::NotRun;
use crate::graphql::most_values;
use crate::http::accept::{is_utf8, parts};

/// What a request's body may be.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// How large it may be, in bytes.
    pub bytes: usize,
    /// How many JSON values it may hold: each takes far more memory than the text that it is read from.
    pub values: usize,
    /// How long it may take to come.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { bytes: 1_024 * 1_024, values: 30_000, time: Duration::from_secs(30) }
    }
}

impl BodyLimits {
    /// Refuses a body by what its headers say, before any of it is read.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), NotRun> {
        let unsupported =
            |message: &str| Err(NotRun::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        if !is_json(headers) {
            return unsupported("Send the body with Content-Type: application/json, in UTF-8.");
        }
        let coding = headers.get(header::CONTENT_ENCODING);
        if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return unsupported("Send the body as it is: no Content-Encoding is read.");
        }
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        match length.and_then(|length| length.parse::<usize>().ok()) {
            Some(length) if length > self.bytes => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Reads the body.
    pub async fn read(&self, request: Request) -> Result<Asked, NotRun> {
        let body = match timeout(self.time, Bytes::from_request(request, &())).await {
            Ok(Ok(body)) => body,
            Ok(Err(BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(
                _,
            )))) => {
                return Err(self.too_large());
            }
            Ok(Err(_)) => return Err(NotRun::malformed("The body broke off: send it again.")),
            Err(_) => {
                let message = format!("The body did not come within {} s.", self.time.as_secs());
                return Err(NotRun::unread(StatusCode::REQUEST_TIMEOUT, message));
            }
        };
        let most = self.values;
        if most_values(&body) > most {
            let message =
                format!("The body holds more than {most} JSON values: send fewer at once.");
            return Err(NotRun::with(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        Asked::from_json(&body).map_err(NotRun::malformed)
    }

    fn too_large(&self) -> NotRun {
        let message = format!("The body is larger than {} bytes: send less at once.", self.bytes);
        NotRun::unread(StatusCode::PAYLOAD_TOO_LARGE, message)
    }
}

/// Only JSON is read as JSON: a form of another site can send other types without being asked.
fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(kind), None) = (kinds.next(), kinds.next()) else { return false };
    let mut parts = parts(kind.to_str().unwrap_or_default(), ';').into_iter().map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let mut charsets = parts
        .filter_map(|part| part.split_once('='))
        .filter_map(|(name, value)| name.trim().eq_ignore_ascii_case("charset").then_some(value));
    is_json && charsets.all(is_utf8)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderValue;
    use serde_json::Value;

    use super::*;

    fn kind(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    #[test]
    fn only_one_type_is_json() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; x=\"a;charset=latin1\"; charset=utf8",
        ] {
            assert!(is_json(&kind(good)), "{good}");
        }
        for wrong in [
            "",
            "text/plain",
            "text/plain; application/json",
            "application/json; charset=latin1",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json, text/plain",
            "application/jsonp",
            "application/graphql-response+json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ] {
            assert!(!is_json(&kind(wrong)), "{wrong}");
        }
        let mut twice = kind("application/json");
        twice.append(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(!is_json(&twice) && !is_json(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let limits = BodyLimits { time: Duration::from_millis(5), ..BodyLimits::default() };
        let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let read = limits.read(Request::new(Body::from_stream(never))).await;
        let Err(NotRun::Malformed(status, _, extra)) = read else { panic!("it was read") };
        assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(extra, Some((header::CONNECTION, "close")));
    }

    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(count).sum(),
            Value::Object(fields) => fields.values().map(count).sum::<usize>(),
            _ => 0,
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_holds_more_values_than_counted(text in "[\\[\\]{}:,\"\\\\a1 ]{0,40}", words in proptest::collection::vec("[\",\\\\\\[a]{0,5}", 0..5)) {
            let list = serde_json::json!({ "words": words, "more": [[], {}, null] }).to_string();
            for text in [text, list] {
                if let Ok(value) = serde_json::from_str::<Value>(&text) {
                    assert!(count(&value) <= most_values(text.as_bytes()), "{text}");
                    assert!(most_values(text.as_bytes()) <= 2 * count(&value), "{text}");
                }
            }
        }
    }
}
