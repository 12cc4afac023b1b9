//! Share links of our own: `/r/{tenant}/{code}` counts the visit and leads on to the program's link.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};

use super::auth::Origin;
use super::served::Served;
use crate::domain::refusal::{Code, Refusal};
use crate::operations::authentication::Shown;
use crate::operations::visits;

/// Answers GET and HEAD; HEAD looks where the link leads, and counts nothing.
pub async fn handle(State(served): State<Served>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let followed = async {
        let (tenant, code) = named(parts.uri.path());
        // Whoever comes here is a visitor: no credential changes what the link does.
        let shown = Shown { bearer: None, tenant: Some(tenant) };
        let call = Origin::of(&parts, &served.edge.proxies).call(&served, &shown).await?;
        if parts.method == Method::HEAD {
            return Ok(visits::target(&call, &code).await?.link);
        }
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        visits::follow(&call, &code, agent.as_deref()).await
    };
    match followed.await.and_then(|link| location(&link)) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(refusal) if refusal.code == Code::NotFound => {
            (StatusCode::NOT_FOUND, "This link leads nowhere: check how it is spelt.\n")
                .into_response()
        }
        Err(refusal) if refusal.code == Code::RateLimited => {
            let wait = [(header::RETRY_AFTER, refusal.retry_after_seconds.unwrap_or(60))];
            let message = "Too many links were tried from this address: try again later.\n";
            (StatusCode::TOO_MANY_REQUESTS, wait, message).into_response()
        }
        Err(refusal) => {
            // What it says in words may name the code.
            tracing::warn!(code = refusal.code.name(), "a share link was not followed");
            (StatusCode::SERVICE_UNAVAILABLE, "This link cannot be followed now: try again soon.\n")
                .into_response()
        }
    }
}

/// The tenant and the code in a path. Bytes that are no text make a code that nobody has.
fn named(path: &str) -> (String, String) {
    let rest = path.strip_prefix("/r/").unwrap_or_default();
    let (tenant, code) = rest.split_once('/').unwrap_or((rest, ""));
    (tenant.to_owned(), percent_decode_str(code).decode_utf8_lossy().into_owned())
}

/// A link as a header's value: what is not ASCII is percent-encoded.
fn location(link: &str) -> Result<HeaderValue, Refusal> {
    let encoded = utf8_percent_encode(link, CONTROLS).to_string();
    HeaderValue::from_str(&encoded).map_err(|_| Refusal::internal("a program's link is no address"))
}
