//! No forged requests: whose page makes a browser call is looked at before anything else, and pages of
//! listed sites may read the answer. No cookie is ever used, so nothing is allowed with credentials.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName, HeaderValue, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Refused;
use super::edge::Edge;
use super::origins::Page;
use crate::domain::refusal::Refusal;

/// In it a browser says what the answer is for: `navigate` is to show it as a page.
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// What pages of listed sites may send: ours, what clients of GraphQL add, and traces.
const REQUEST_HEADERS: &str = "authorization, content-type, x-tenant, apollo-require-preflight, \
    graphql-require-preflight, x-apollo-operation-name, x-apollo-operation-id, \
    apollographql-client-name, apollographql-client-version, graphql-client-name, \
    graphql-client-version, traceparent, tracestate, baggage";
/// What they may read, beside what they always may.
const ANSWER_HEADERS: &str = "x-request-id, retry-after";
/// How long a browser may remember what was allowed: two hours, the most that all of them take.
const MAX_AGE_SECONDS: &str = "7200";

const FOREIGN: &str =
    "Pages of this site may not call: its address has to be in GUERDON_ALLOWED_ORIGINS.";
const NAVIGATION: &str =
    "This address is for programs, not for a browser's window: open /graphiql to try a query.";

/// Refuses what a page of another site makes a browser send, and tells browsers what is allowed.
pub async fn check(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let mut response = match edge.origins.page(headers) {
        Page::Foreign => forbidden(FOREIGN, headers),
        _ if is_navigation(headers) => forbidden(NAVIGATION, headers),
        Page::Own => next.run(request).await,
        Page::Listed(origin) => {
            let origin = origin.clone();
            let mut response = match is_preflight(&request) {
                true => preflight(),
                false => next.run(request).await,
            };
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
            response
        }
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("accept, origin"));
    response
}

fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate")
}

fn forbidden(message: &str, headers: &HeaderMap) -> Response {
    Refused::new(Refusal::forbidden(message), "", headers).into_response()
}

/// Does a browser ask what it may send, before it sends it?
fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    let allowed = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}
