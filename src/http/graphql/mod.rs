//! GraphQL over HTTP: GET and POST.

mod address;
mod asked;
mod body;
mod not_run;
mod persisted;

use async_graphql::{Request as Query, Response as Answer, Variables};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use super::accept::Media;
use super::answer::{graphql, malformed};
use super::auth::Authenticated;
use super::noted::Notes;
use super::served::Served;
use crate::graphql::{Document, is_executed, run};
use asked::Asked;
pub use body::BodyLimits;
use not_run::NotRun;
pub use persisted::{Persisted, PersistedLimits};

/// The methods that are for this address.
const ALLOWED: &str = "GET, HEAD, POST, OPTIONS";

/// Answers GET, HEAD and POST.
pub async fn handle(State(served): State<Served>, request: Request) -> Response {
    let Some(media) = Media::accepted(request.headers()) else {
        let message = "Accept application/graphql-response+json or application/json.";
        return malformed(StatusCode::NOT_ACCEPTABLE, Media::Json, message);
    };
    match answer(&served, request).await {
        Ok(answer) => graphql(media, &answer),
        Err(not_run) => not_run.answer(media),
    }
}

/// Answers OPTIONS, when it is no browser that asks for a page of a listed site.
pub async fn options() -> (StatusCode, [(HeaderName, HeaderValue); 1]) {
    (StatusCode::NO_CONTENT, [(header::ALLOW, HeaderValue::from_static(ALLOWED))])
}

/// Answers every other method.
pub async fn not_allowed(request: Request) -> Response {
    let media = Media::accepted(request.headers()).unwrap_or(Media::Json);
    NotRun::method("Send documents by GET or POST.", ALLOWED).answer(media)
}

/// Executes what is asked for. Who calls is found out before anything of a body is read, and the
/// document is looked at before anything is executed.
async fn answer(served: &Served, request: Request) -> Result<Answer, NotRun> {
    let is_post = *request.method() == Method::POST;
    let limits = &served.edge.body;
    let (mut parts, body) = request.into_parts();
    let notes = Notes::of(&parts);
    if is_post {
        limits.check(&parts.headers)?;
    }
    let Authenticated(call) = Authenticated::from_request_parts(&mut parts, served).await?;
    let mut asked = match is_post {
        true => limits.read(Request::from_parts(parts, body)).await?,
        false => address::read(parts.uri.query()).map_err(NotRun::malformed)?,
    };
    let found = served.persisted.document(&call.caller, &mut asked).await?;
    let document = Document::read(query(found.text, asked), &served.edge.documents)?;
    notes.note_name(document.name());
    if document.is_mutation() && !is_post {
        return Err(NotRun::method("GET changes nothing: send a mutation by POST.", "POST"));
    }
    let answer = run(&served.schema, document, call).await;
    if let Some(registration) = found.registration.filter(|_| is_executed(&answer)) {
        served.persisted.keep(registration).await;
    }
    Ok(answer)
}

/// Can a request be read from this query string of an address?
#[must_use]
pub fn is_request(query_string: &str) -> bool {
    address::read(Some(query_string)).is_ok()
}

fn query(text: String, asked: Asked) -> Query {
    let mut query =
        Query::new(text).variables(Variables::from_json(Value::Object(asked.variables)));
    query.operation_name = asked.operation_name;
    query
}
