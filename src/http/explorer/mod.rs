//! `/graphiql`: a plain page on which queries are tried. Page, script and style are ours and come
//! from this server; nothing of anybody else's runs beside a key.

use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::served::Served;

/// Only what this server sends may run, and only to this server may anything be sent.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// The page and what belongs to it.
pub fn routes() -> Router<Served> {
    Router::new()
        .route("/graphiql", get(async || file("text/html; charset=utf-8", PAGE)))
        .route("/graphiql/page.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/graphiql/page.css", get(async || file("text/css; charset=utf-8", STYLE)))
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, text)
}
