//! GraphQL over HTTP where its specification leaves things open: methods, sizes, codings, lists, and who
//! is refused before a document is looked at.

use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::request::Builder;
use guerdon::http::{BodyLimits, DocumentLimits, Edge, Introspection, RateLimits};
use serde_json::{Value, json};

use crate::harness::{Seen, Server};
use crate::stories;

stories!("rules/productready":
    methods_are_told_apart,
    only_json_is_read_as_json,
    a_list_of_requests_is_refused,
    an_address_is_read_to_the_letter,
    what_is_too_large_is_not_read,
    who_may_not_call_is_told_so,
    nothing_is_done_before_all_values_are_there,
);

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";
const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;

async fn send(server: &Server, request: Builder, body: impl Into<Body>) -> Seen {
    Seen::of(&server.app.router(), request.body(body.into()).unwrap()).await
}

fn post() -> Builder {
    Request::post("/graphql").header("content-type", JSON)
}

async fn get(server: &Server, query: &str) -> Seen {
    send(server, Request::get(format!("/graphql?{query}")), Body::empty()).await
}

async fn methods_are_told_apart(server: &Server) {
    let query = "/graphql?query=%7B__typename%7D";
    let head = send(server, Request::head(query), Body::empty()).await;
    let length = json!({ "data": { "__typename": "Query" } }).to_string().len().to_string();
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(head.header("content-length"), length);
    let options = send(server, Request::options("/graphql"), Body::empty()).await;
    assert_eq!((options.status.as_u16(), options.text.as_str()), (204, ""));
    assert_eq!(options.header("allow"), "GET, HEAD, POST, OPTIONS");
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "QUERY"] {
        let seen = send(server, Request::builder().method(method).uri("/graphql"), TYPENAME).await;
        assert_eq!(seen.status.as_u16(), 405, "{method}");
        assert_eq!(seen.header("allow"), "GET, HEAD, POST, OPTIONS", "{method}");
        assert_eq!(seen.code(), "BAD_USER_INPUT", "{method}");
    }
    let click = "query=mutation%7BtrackReferralClick(input:%7Bcode:%22X%22%7D)%7Bcounted%7D%7D";
    for method in ["GET", "HEAD"] {
        let request = Request::builder().method(method).uri(format!("/graphql?{click}"));
        let seen = send(server, request, Body::empty()).await;
        assert_eq!((seen.status.as_u16(), seen.header("allow")), (405, "POST"), "{method}");
    }
    // The operation that is meant decides, and where that is not clear, any mutation.
    let both = "query=mutation%20A%7B__typename%7Dquery%20B%7B__typename%7D";
    assert_eq!(get(server, &format!("{both}&operationName=B")).await.status.as_u16(), 200);
    assert_eq!(get(server, &format!("{both}&operationName=A")).await.status.as_u16(), 405);
    assert_eq!(get(server, both).await.status.as_u16(), 405);
}

async fn only_json_is_read_as_json(server: &Server) {
    for (kind, status) in [
        ("application/json", 200),
        ("Application/JSON; charset=\"UTF-8\"", 200),
        ("application/json; charset=latin1", 415),
        ("text/plain", 415),
        ("text/plain; charset=utf-8, application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
        ("application/graphql-response+json", 415),
    ] {
        let seen = send(server, Request::post("/graphql").header("content-type", kind), TYPENAME);
        assert_eq!(seen.await.status.as_u16(), status, "{kind}");
    }
    for (coding, status) in [("identity", 200), ("gzip", 415), ("br", 415)] {
        let seen = send(server, post().header("content-encoding", coding), TYPENAME).await;
        assert_eq!(seen.status.as_u16(), status, "{coding}");
    }
}

async fn a_list_of_requests_is_refused(server: &Server) {
    for list in ["[]", "[{\"query\":\"{ __typename }\"}]", " [\"{ __typename }\",null,null,null]"] {
        let seen = send(server, post(), list).await;
        assert_eq!((seen.status.as_u16(), seen.code().as_str()), (400, "BAD_USER_INPUT"), "{list}");
        assert_eq!(seen.message(), "One request at a time: a list of requests is not read.");
    }
    let twice = r#"{"query":"{ __typename }","query":"mutation { __typename }"}"#;
    let seen = send(server, post(), twice).await;
    assert_eq!(seen.status.as_u16(), 400);
    assert_eq!(seen.message(), "query is given twice: give it once.");
    let marked = [b"\xef\xbb\xbf", TYPENAME.as_bytes()].concat();
    for body in [marked, b"{\"query\":\"{ __typename }\xff\"}".to_vec()] {
        let seen = send(server, post(), body).await;
        assert_eq!(seen.status.as_u16(), 400);
        assert_eq!(seen.message(), "The body is no JSON in UTF-8 (line 1).");
    }
}

async fn an_address_is_read_to_the_letter(server: &Server) {
    let named = "query=query+A(%24n%3AString!)%7B__type(name%3A%24n)%7Bname%7D%7D%20query%20B%7B__typename%7D\
                 &operationName=A&variables=%7B%22n%22%3A%22User%22%7D&ignored=%ff";
    let user = json!({ "data": { "__type": { "name": "User" } } });
    assert_eq!(get(server, named).await.body(), user);
    for (query, why) in [
        ("", "Name a document in query."),
        ("query=", "Name a document in query."),
        ("query=a&query=b", "query is given twice: give it once."),
        ("query=%ff", "query is not in UTF-8."),
        ("query=%7B__typename%7D&variables=%5B%5D", "variables must be a JSON object."),
        ("query=%7B__typename%7D&variables=x", "variables must be a JSON object."),
        ("query=%7B__typename%7D&extensions=%22%22", "extensions must be a JSON object."),
    ] {
        let seen = get(server, query).await;
        assert_eq!(
            (seen.status.as_u16(), seen.code().as_str()),
            (400, "BAD_USER_INPUT"),
            "{query}"
        );
        assert_eq!(seen.message(), why, "{query}");
    }
}

async fn what_is_too_large_is_not_read(server: &Server) {
    // Its length is told: not a byte of it is asked for.
    let untouched = futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> { panic!("it was read") },
    );
    let request = post().header("content-length", "1048577");
    let seen = send(server, request, Body::from_stream(untouched)).await;
    assert_eq!((seen.status.as_u16(), seen.header("connection")), (413, "close"));
    assert_eq!(seen.message(), "The body is larger than 1048576 bytes: send less at once.");
    // Its length is not told.
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 65_536]));
    let seen = send(server, post(), Body::from_stream(endless)).await;
    assert_eq!((seen.status.as_u16(), seen.header("connection")), (413, "close"));
    let broken = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
    let seen = send(server, post(), Body::from_stream(broken)).await;
    assert_eq!(seen.status.as_u16(), 400);
    // Small, but of very many values.
    let values = format!(
        "{{\"query\":\"{{ __typename }}\",\"variables\":{{\"x\":[{}0]}}}}",
        "0,".repeat(50_000)
    );
    let seen = send(server, post(), values).await;
    assert_eq!(seen.status.as_u16(), 413);
    assert_eq!(seen.message(), "The body holds more than 50000 JSON values: send fewer at once.");
    let text = format!(
        "{{\"query\":\"{{ __typename }}\",\"extensions\":{{\"x\":\"{}\"}}}}",
        "[{,:".repeat(50_000)
    );
    assert_eq!(send(server, post(), text).await.status.as_u16(), 200, "a text is one value");
    let body = BodyLimits { bytes: 30, ..BodyLimits::default() };
    let small = server.beside(Edge { body, rates: RateLimits::none(), ..Edge::default() }).await;
    for (text, status) in [(TYPENAME, 200), (r#"{"query": "{    __typename  }"}"#, 413)] {
        let request = post().body(Body::from(text)).unwrap();
        assert_eq!(Seen::of(&small.router(), request).await.status.as_u16(), status, "{text}");
    }
    small.stop().await;
}

async fn who_may_not_call_is_told_so(server: &Server) {
    let service = server.service("productready").await.init();
    let bearer = service["authorization"].as_str().unwrap();
    for (name, value, tenant, status, code) in [
        ("authorization", "Bearer nothing", None, 401, "UNAUTHENTICATED"),
        ("authorization", "Basic eDp5", None, 401, "UNAUTHENTICATED"),
        ("authorization", bearer, Some("another"), 403, "FORBIDDEN"),
        ("x-ignored", "", Some("nowhere"), 404, "NOT_FOUND"),
    ] {
        for media in [JSON, GRAPHQL] {
            let mut request = post().header("accept", media).header(name, value);
            if let Some(tenant) = tenant {
                request = request.header("x-tenant", tenant);
            }
            let seen = send(server, request, TYPENAME).await;
            assert_eq!((seen.status.as_u16(), seen.code().as_str()), (status, code), "{value}");
            assert_eq!(seen.header("content-type"), format!("{media}; charset=utf-8"));
            assert!(seen.body().get("data").is_none(), "execution did not begin");
            let scheme = if status == 401 { "Bearer" } else { "" };
            assert_eq!(seen.header("www-authenticate"), scheme);
        }
    }
    let documents = DocumentLimits { introspection: Introspection::Admins, ..Default::default() };
    let edge = Edge { documents, rates: RateLimits::none(), ..Edge::default() };
    let closed = server.beside(edge).await;
    for (media, status) in [(JSON, 200), (GRAPHQL, 403)] {
        let request = post().header("accept", media);
        let body = Body::from(r#"{"query":"{ __schema { types { name } } }"}"#);
        let seen = Seen::of(&closed.router(), request.body(body).unwrap()).await;
        assert_eq!((seen.status.as_u16(), seen.code().as_str()), (status, "FORBIDDEN"), "{media}");
        assert!(seen.body().get("data").is_none(), "execution did not begin");
    }
    closed.stop().await;
}

async fn nothing_is_done_before_all_values_are_there(server: &Server) {
    let service = server.service("productready").await;
    let document = "mutation ($name: String!) { \
        registerUser(input: { id: \"ann\" }) { created } \
        updateUser(input: { id: \"ann\", name: $name }) { user { id } } }";
    for variables in [json!({}), json!({ "name": null })] {
        let refused = service.gql(document, variables).await;
        assert!(refused.body.get("data").is_none(), "{:#}", refused.body);
        let said = refused.refused("BAD_USER_INPUT")["message"].clone();
        assert_eq!(said, "Give a value to the variable $name: it is of type String!.");
    }
    // Nor before every value is of its type.
    let amount = "mutation ($amount: Amount!) { registerUser(input: { id: \"ann\" }) { created } \
        addCredits(input: { userId: \"ann\", amount: $amount }) { replayed } }";
    let too_much = json!({ "amount": 9_007_199_254_740_992_i64 });
    let refused = service.gql(amount, too_much).await;
    assert!(refused.body.get("data").is_none(), "{:#}", refused.body);
    let said = refused.refused("BAD_USER_INPUT")["message"].clone();
    assert!(said.as_str().unwrap().ends_with("a whole number within ±9007199254740991"), "{said}");
    let when = "mutation { registerUser(input: { id: \"ann\" }) { created } \
        addCredits(input: { userId: \"ann\", amount: 1, expiresAt: \"tomorrow\" }) { replayed } }";
    let refused = service.gql(when, json!({})).await;
    assert!(refused.body.get("data").is_none(), "{:#}", refused.body);
    let said = refused.refused("BAD_USER_INPUT")["message"].clone();
    assert!(said.as_str().unwrap().contains("RFC 3339, e.g. 2026-11-20T08:00:00Z"), "{said}");
    assert_eq!(service.get("{ user(id: \"ann\") { id } }").await, Value::Null);
    service.gql(document, json!({ "name": "Ann" })).await.ok();
}
