//! GraphQL over HTTP: GET and POST.

use async_graphql::{Request as Query, Response as Answer, Variables};
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequestParts, Query as QueryString, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::{Media, graphql, malformed};
use super::auth::Authenticated;
use super::noted::note_name;
use super::served::{MAX_BODY, Served};
use crate::graphql::{Document, run};
use crate::operations::Call;

/// What a request asks for, as the specification of GraphQL over HTTP names it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    query: Option<String>,
    variables: Option<Map<String, Value>>,
    operation_name: Option<String>,
    extensions: Option<Map<String, Value>>,
}

/// The same in a query string, where variables and extensions are JSON texts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AskedInAddress {
    query: Option<String>,
    variables: Option<String>,
    operation_name: Option<String>,
    extensions: Option<String>,
}

/// Why a request is no request of GraphQL: a status, and a sentence for people.
type Malformed = (StatusCode, &'static str);

/// Answers `/graphql`.
pub async fn handle(State(served): State<Served>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(media) = Media::accepted(&parts.headers) else {
        let message = "Accept application/graphql-response+json or application/json.";
        return malformed(StatusCode::NOT_ACCEPTABLE, Media::Json, message);
    };
    let is_get = parts.method == Method::GET;
    if !is_get && parts.method != Method::POST {
        return not_allowed(media, "Send documents by GET or POST.", "GET, POST");
    }
    // Who calls is found out first: nothing of a stranger's body is read.
    let call = match Authenticated::from_request_parts(&mut parts, &served).await {
        Ok(Authenticated(call)) => call,
        Err(refused) => return refused.into_response(),
    };
    let asked = if is_get {
        let read = QueryString::<AskedInAddress>::try_from_uri(&parts.uri);
        read.map_err(|_| MALFORMED_ADDRESS).and_then(|QueryString(asked)| from_address(asked))
    } else {
        match check_type(&parts.headers) {
            Ok(()) => to_bytes(body, MAX_BODY).await.map_err(|_| TOO_LARGE).and_then(from_body),
            Err(malformed) => Err(malformed),
        }
    };
    match asked {
        Ok(asked) => answer(&served, call, asked, (media, is_get)).await,
        Err((status, message)) => malformed(status, media, message),
    }
}

const MALFORMED_ADDRESS: Malformed =
    (StatusCode::BAD_REQUEST, "The query string cannot be read: give each parameter once.");
const TOO_LARGE: Malformed =
    (StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 1 MiB, or broke off.");

/// Only JSON is read as JSON: a form of another site can send other types without being asked.
fn check_type(headers: &HeaderMap) -> Result<(), Malformed> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    let (media, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let charset = parameters.trim().to_ascii_lowercase();
    let is_utf8 = charset.is_empty() || charset.replace('"', "") == "charset=utf-8";
    if media.trim().eq_ignore_ascii_case("application/json") && is_utf8 {
        return Ok(());
    }
    Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json in UTF-8."))
}

fn from_body(body: Bytes) -> Result<Asked, Malformed> {
    serde_json::from_slice(&body).map_err(|_| {
        let message = "The body must be a JSON object with query, and maybe variables, operationName and extensions.";
        (StatusCode::BAD_REQUEST, message)
    })
}

fn from_address(asked: AskedInAddress) -> Result<Asked, Malformed> {
    let object = |text: Option<String>| match text.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => serde_json::from_str::<Option<Map<String, Value>>>(text).map_err(|_| {
            (StatusCode::BAD_REQUEST, "variables and extensions must be JSON objects.")
        }),
    };
    Ok(Asked {
        query: asked.query,
        variables: object(asked.variables)?,
        operation_name: asked.operation_name.filter(|name| !name.is_empty()),
        extensions: object(asked.extensions)?,
    })
}

async fn answer(
    served: &Served,
    call: Call,
    asked: Asked,
    (media, is_get): (Media, bool),
) -> Response {
    let is_hash_only = asked.extensions.is_some_and(|fields| fields.contains_key("persistedQuery"));
    let Some(query) = asked.query else {
        if is_hash_only {
            return graphql(media, &not_persisted());
        }
        return malformed(StatusCode::BAD_REQUEST, media, "Name a document in query.");
    };
    let variables = Variables::from_json(Value::Object(asked.variables.unwrap_or_default()));
    let mut request = Query::new(query).variables(variables);
    request.operation_name = asked.operation_name;
    match Document::read(request, &served.edge.documents) {
        Ok(document) if is_get && document.is_mutation() => {
            not_allowed(media, "GET changes nothing: send a mutation by POST.", "POST")
        }
        Ok(document) => {
            let name = document.name().map(str::to_owned);
            note_name(graphql(media, &run(&served.schema, document, call).await), name)
        }
        Err(answer) => graphql(media, &answer),
    }
}

/// No documents are kept by their hash: the client sends the whole of it then.
fn not_persisted() -> Answer {
    crate::graphql::document_error("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
}

fn not_allowed(media: Media, message: &str, allowed: &'static str) -> Response {
    let mut response = malformed(StatusCode::METHOD_NOT_ALLOWED, media, message);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}
