//! GraphQL over HTTP, by the audits of its specification (the package graphql-http names them so), each
//! with its status, its media type and its body.

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::harness::{Seen, Server};
use crate::stories;

stories!("rules/productready":
    media_types_are_chosen,
    requests_come_by_post_and_get,
    parameters_have_their_types,
    nulls_and_maps_are_taken,
    what_cannot_be_read_is_400,
    the_status_of_a_document_follows_the_media_type,
);

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";
const TYPENAME: &str = "{ __typename }";
const TYPE: &str = "query Type($name: String!) { __type(name: $name) { name } }";

/// An audit: its name, the request that it sends, and what it must get.
type Audit = (&'static str, Request<Body>, Expected);

/// What an audit must get.
enum Expected {
    /// 200 in this media type, with this data and no error.
    Data(&'static str, Value),
    /// This status in this media type, without data, and with an error of this code.
    Error(u16, &'static str, &'static str),
}

use Expected::{Data, Error};

impl Expected {
    #[track_caller]
    fn check(&self, name: &str, seen: &Seen) {
        let (status, media) = match self {
            Data(media, _) => (200, *media),
            Error(status, media, _) => (*status, *media),
        };
        assert_eq!(seen.status.as_u16(), status, "{name}: {}", seen.text);
        assert_eq!(seen.header("content-type"), format!("{media}; charset=utf-8"), "{name}");
        match self {
            Data(_, data) => assert_eq!(seen.body(), json!({ "data": data }), "{name}"),
            Error(_, _, code) => {
                assert_eq!(seen.code(), *code, "{name}: {}", seen.text);
                assert!(seen.message().len() > 12, "{name}: {}", seen.text);
                let keys: Vec<_> = seen.body().as_object().unwrap().keys().cloned().collect();
                assert_eq!(keys, ["errors"], "{name}: execution did not begin");
            }
        }
    }
}

async fn hold(server: &Server, audits: Vec<Audit>) {
    let router = server.app.router();
    for (name, request, expected) in audits {
        expected.check(name, &Seen::of(&router, request).await);
    }
}

/// A POST of this body, from a client that accepts this.
fn accepting(accept: &str, body: Value) -> Request<Body> {
    posted(Request::post("/graphql").header("accept", accept), body.to_string())
}

/// A POST of this body, from a client that does not say what it accepts.
fn post(body: Value) -> Request<Body> {
    posted(Request::post("/graphql"), body.to_string())
}

fn posted(request: Builder, body: String) -> Request<Body> {
    request.header("content-type", JSON).body(Body::from(body)).unwrap()
}

/// A GET with these parameters.
fn get(accept: &str, parameters: &[(&str, &str)]) -> Request<Body> {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let request = Request::get(format!("/graphql?{}", pairs.join("&"))).header("accept", accept);
    request.body(Body::empty()).unwrap()
}

fn good(media: &'static str) -> Expected {
    Data(media, json!({ "__typename": "Query" }))
}

/// A type of this name is not there.
fn no_type(media: &'static str) -> Expected {
    Data(media, json!({ "__type": null }))
}

async fn media_types_are_chosen(server: &Server) {
    let typename = || json!({ "query": TYPENAME });
    let in_utf8 =
        Request::post("/graphql").header("content-type", "application/json; charset=utf-8");
    let foreign = json!({ "query": "{ __type(name: \"Run🏃Swim🏊\") { name } }" }).to_string();
    hold(
        server,
        vec![
            ("22EB", accepting(GRAPHQL, typename()), good(GRAPHQL)),
            ("4655", accepting(JSON, typename()), good(JSON)),
            ("47DE", accepting("*/*", typename()), good(JSON)),
            ("80D8", post(typename()), good(JSON)),
            ("82A3", post(typename()), good(JSON)),
            ("BF61", in_utf8.body(Body::from(foreign)).unwrap(), no_type(JSON)),
            ("78D5", post(typename()), good(JSON)),
            ("34A2", accepting(GRAPHQL, typename()), good(GRAPHQL)),
            ("13EE", accepting(JSON, typename()), good(JSON)),
            (
                "what clients of today send",
                accepting("application/graphql-response+json, application/json;q=0.9", typename()),
                good(GRAPHQL),
            ),
            (
                "what libraries of HTTP send",
                accepting("application/json, text/plain, */*", typename()),
                good(JSON),
            ),
            ("neither", accepting("text/html", typename()), Error(406, JSON, "BAD_USER_INPUT")),
            ("ruled out", accepting("*/*;q=0", typename()), Error(406, JSON, "BAD_USER_INPUT")),
        ],
    )
    .await;
}

async fn requests_come_by_post_and_get(server: &Server) {
    let untyped =
        Request::post("/graphql").body(Body::from(json!({ "query": TYPENAME }).to_string()));
    let variables = [("query", TYPE), ("variables", r#"{"name":"sometype"}"#)];
    let mutation = [("query", "mutation { __typename }")];
    let two = "query A { __typename } query B { __type(name: \"Nothing\") { name } }";
    hold(
        server,
        vec![
            ("2C94", post(json!({ "query": TYPENAME })), good(JSON)),
            ("03D4", post(json!({ "query": TYPENAME })), good(JSON)),
            ("9ABE", untyped.unwrap(), Error(415, JSON, "BAD_USER_INPUT")),
            ("5A70", get("*/*", &[("query", TYPENAME)]), good(JSON)),
            ("9C48", get(GRAPHQL, &mutation), Error(405, GRAPHQL, "BAD_USER_INPUT")),
            ("9C48 of old", get(JSON, &mutation), Error(405, JSON, "BAD_USER_INPUT")),
            ("D6D5", get(GRAPHQL, &variables), no_type(GRAPHQL)),
            ("6A70", get(JSON, &variables), no_type(JSON)),
            ("one of two", get(JSON, &[("query", two), ("operationName", "B")]), no_type(JSON)),
            (
                "empty is left out",
                get(
                    GRAPHQL,
                    &[
                        ("query", TYPENAME),
                        ("variables", ""),
                        ("operationName", ""),
                        ("extensions", ""),
                    ],
                ),
                good(GRAPHQL),
            ),
            (
                "null is a name",
                get(GRAPHQL, &[("query", "query null { __typename }"), ("operationName", "null")]),
                good(GRAPHQL),
            ),
            (
                "extensions",
                get(JSON, &[("query", TYPENAME), ("extensions", r#"{"some":"value"}"#)]),
                good(JSON),
            ),
        ],
    )
    .await;
}

async fn parameters_have_their_types(server: &Server) {
    let not_text = [json!({ "obj": "ect" }), json!(0), json!(false), json!(["array"])];
    let not_object = [json!("string"), json!(0), json!(false), json!(["array"])];
    let wrong = |name: &'static str, parameter: &str, value: &Value| {
        let mut body = json!({ "query": TYPENAME });
        body[parameter] = value.clone();
        let of_today = accepting(GRAPHQL, body.clone());
        [
            (name, post(body), Error(400, JSON, "BAD_USER_INPUT")),
            (name, of_today, Error(400, GRAPHQL, "BAD_USER_INPUT")),
        ]
    };
    let mut audits = Vec::new();
    for value in &not_text {
        audits.extend(wrong("LKJ0 to LKJ3", "query", value));
        audits.extend(wrong("6C00 to 6C03", "operationName", value));
    }
    for value in &not_object {
        audits.extend(wrong("4760 to 4763", "variables", value));
        audits.extend(wrong("58B0 to 58B3", "extensions", value));
    }
    assert_eq!(audits.len(), 32);
    hold(server, audits).await;
}

async fn nulls_and_maps_are_taken(server: &Server) {
    let mut audits = Vec::new();
    for media in [GRAPHQL, JSON] {
        for parameter in ["variables", "operationName", "extensions"] {
            let body = json!({ "query": TYPENAME, parameter: null });
            audits.push(("94B0 to 94B2, 0220 to 0222", accepting(media, body), good(media)));
        }
        let named = json!({ "query": "query Query { __typename }", "operationName": "Query" });
        audits.push(("8161, B8B3", accepting(media, named), good(media)));
        let variables = json!({ "query": TYPE, "variables": { "name": "sometype" } });
        audits.push(("2EA1, 28B9", accepting(media, variables), no_type(media)));
        let extensions = json!({ "query": TYPENAME, "extensions": { "some": "value" } });
        audits.push(("428F, 1B7A", accepting(media, extensions), good(media)));
        let more = json!({ "query": TYPENAME, "id": 1, "documentId": { "x": [] } });
        audits.push(("what is not known is ignored", accepting(media, more), good(media)));
    }
    hold(server, audits).await;
}

async fn what_cannot_be_read_is_400(server: &Server) {
    let mut audits = vec![("A5BF", posted(Request::post("/graphql"), String::new()), JSON)];
    for media in [GRAPHQL, JSON] {
        let text =
            |text: &str| posted(Request::post("/graphql").header("accept", media), text.into());
        audits.extend([
            ("423L", text(r#"{"notquery":"{ __typename }"}"#), media),
            ("8764, 3E3A", text(r#"{"qeury":"{ __typename }"}"#), media),
            ("B6DC, BCF8, B7N8", text("{ \"not a JSON"), media),
            ("nonsense", text("NONSENSE"), media),
            ("nothing to GET", get(media, &[]), media),
        ]);
    }
    let refused = |(name, request, media)| (name, request, Error(400, media, "BAD_USER_INPUT"));
    hold(server, audits.into_iter().map(refused).collect()).await;
}

async fn the_status_of_a_document_follows_the_media_type(server: &Server) {
    let mut audits = Vec::new();
    for (media, status) in [(JSON, 200), (GRAPHQL, 400)] {
        let unknown = "{ 8f31403dfe404bccbb0e835f2629c6a7 }";
        let lacking = "{ f31403dfe404bccbb0e835f2629c6a7 }";
        let uncoerced = "query CoerceFailure($id: ID!){ __typename }";
        let used = "query ($id: ID!) { user(id: $id) { id } }";
        let rows = [
            ("572B, 865D, 556A, D586", json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
            ("no text", json!({ "query": "" }), "GRAPHQL_PARSE_FAILED"),
            ("FDE2, 51FE, 74FF, 5E5B", json!({ "query": unknown }), "GRAPHQL_PARSE_FAILED"),
            ("a field that is not there", json!({ "query": lacking }), "GRAPHQL_VALIDATION_FAILED"),
            (
                "7B9B, 86EE",
                json!({ "query": uncoerced, "variables": { "id": null } }),
                "BAD_USER_INPUT",
            ),
            ("null", json!({ "query": used, "variables": { "id": null } }), "BAD_USER_INPUT"),
            ("left out", json!({ "query": used }), "BAD_USER_INPUT"),
            ("another type", json!({ "query": used, "variables": { "id": [] } }), "BAD_USER_INPUT"),
            (
                "no such operation",
                json!({ "query": "query A { __typename }", "operationName": "B" }),
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "which operation is meant",
                json!({ "query": "query A { __typename } query B { __typename }" }),
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "a subscription",
                json!({ "query": "subscription { creditsChanged { balance } }" }),
                "BAD_USER_INPUT",
            ),
        ];
        for (name, body, code) in rows {
            audits.push((name, accepting(media, body), Error(status, media, code)));
        }
    }
    hold(server, audits).await;
    // Once execution began, it is 200 with data, though that is null.
    for media in [JSON, GRAPHQL] {
        let request = accepting(media, json!({ "query": "{ users { nodes { id } } }" }));
        let seen = Seen::of(&server.app.router(), request).await;
        assert_eq!(seen.status.as_u16(), 200, "{}", seen.text);
        assert_eq!(seen.body().get("data"), Some(&Value::Null), "{}", seen.text);
        assert!(!seen.code().is_empty(), "{}", seen.text);
    }
}
