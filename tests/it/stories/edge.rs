//! The HTTP edge: methods, media types, status codes, hostile documents, health.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::Server;
use crate::stories;

stories!("rules/productready":
    get_reads_and_never_changes,
    only_json_is_read_as_json,
    the_caller_chooses_the_media_type,
    a_malformed_request_is_no_document,
    hostile_documents_are_refused_before_they_cost,
    tools_can_read_the_schema,
    what_was_not_given_is_not_null,
    every_answer_has_its_headers,
    health_tells_whether_it_can_serve,
);

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

/// What came back.
struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn code(&self) -> String {
        self.body()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

async fn send(server: &Server, request: Request<Body>) -> Seen {
    let response = server.app.router().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Seen { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

async fn get(server: &Server, path: &str) -> Seen {
    send(server, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(server: &Server, accept: &str, body: impl Into<Body>) -> Seen {
    let request = Request::post("/graphql").header("content-type", JSON).header("accept", accept);
    send(server, request.body(body.into()).unwrap()).await
}

async fn ask(server: &Server, query: &str) -> Seen {
    post(server, GRAPHQL, json!({ "query": query }).to_string()).await
}

async fn get_reads_and_never_changes(server: &Server) {
    let seen = get(server, "/graphql?query=%7B__typename%7D").await;
    assert_eq!(
        (seen.status, seen.body()["data"]["__typename"].clone()),
        (StatusCode::OK, json!("Query"))
    );
    let named = "/graphql?query=query%20A(%24n:String!)%7B__type(name:%24n)%7Bname%7D%7D%20query%20B%7B__typename%7D\
                 &operationName=A&variables=%7B%22n%22:%22User%22%7D";
    let user = json!({ "data": { "__type": { "name": "User" } } });
    assert_eq!(get(server, named).await.body(), user);
    let click =
        "/graphql?query=mutation%7BtrackReferralClick(input:%7Bcode:%22X%22%7D)%7Bcounted%7D%7D";
    let refused = get(server, click).await;
    assert_eq!((refused.status, refused.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    for wrong in ["/graphql", "/graphql?query=", "/graphql?query=%7B__typename%7D&variables=%5B%5D"]
    {
        assert!(
            get(server, wrong).await.status.is_client_error() || wrong.ends_with("query="),
            "{wrong}"
        );
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = Request::builder().method(method).uri("/graphql").body(Body::empty());
        let seen = send(server, request.unwrap()).await;
        assert_eq!(
            (seen.status, seen.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "GET, POST")
        );
    }
}

async fn only_json_is_read_as_json(server: &Server) {
    for (kind, status) in [
        ("application/json", StatusCode::OK),
        ("Application/JSON; charset=UTF-8", StatusCode::OK),
        ("application/json; charset=latin1", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/x-www-form-urlencoded", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("multipart/form-data; boundary=x", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/graphql", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let request = Request::post("/graphql").header("content-type", kind);
        let body = Body::from("{\"query\":\"{ __typename }\"}");
        assert_eq!(send(server, request.body(body).unwrap()).await.status, status, "{kind}");
    }
}

async fn the_caller_chooses_the_media_type(server: &Server) {
    let (good, wrong) = (r#"{"query":"{ __typename }"}"#, r#"{"query":"{ nothing }"}"#);
    let broken = r#"{"query":"{"}"#;
    for (accept, given, status_of_wrong) in [
        (JSON, JSON, StatusCode::OK),
        ("*/*", JSON, StatusCode::OK),
        (GRAPHQL, GRAPHQL, StatusCode::BAD_REQUEST),
        (
            "application/graphql-response+json, application/json;q=0.9",
            GRAPHQL,
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let seen = post(server, accept, good).await;
        assert_eq!(seen.status, StatusCode::OK, "{accept}");
        assert!(seen.header("content-type").starts_with(given), "{accept}");
        for (body, code) in [(wrong, "GRAPHQL_VALIDATION_FAILED"), (broken, "GRAPHQL_PARSE_FAILED")]
        {
            let seen = post(server, accept, body).await;
            assert_eq!((seen.status, seen.code().as_str()), (status_of_wrong, code), "{accept}");
            assert!(seen.body().get("data").is_none(), "execution did not begin");
        }
        let refused = post(server, accept, r#"{"query":"{ me { id } }"}"#).await;
        assert_eq!((refused.status, refused.body()["data"].clone()), (StatusCode::OK, Value::Null));
        assert!(refused.body().get("data").is_some(), "execution began");
    }
    assert_eq!(post(server, "text/html", good).await.status, StatusCode::NOT_ACCEPTABLE);
    let request =
        Request::post("/graphql").header("content-type", JSON).header("authorization", "Bearer x");
    let seen = send(server, request.body(Body::from(good)).unwrap()).await;
    assert_eq!(
        (seen.status, seen.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
}

async fn a_malformed_request_is_no_document(server: &Server) {
    let long = format!("{{\"query\":\"{}\"}}", "x".repeat(1_100_000));
    for (body, status) in [
        ("", StatusCode::BAD_REQUEST),
        ("{", StatusCode::BAD_REQUEST),
        ("[]", StatusCode::BAD_REQUEST),
        (r#"[{"query":"{ __typename }"}]"#, StatusCode::BAD_REQUEST),
        ("{}", StatusCode::BAD_REQUEST),
        (r#"{"query":1}"#, StatusCode::BAD_REQUEST),
        (r#"{"query":"{ __typename }","variables":[]}"#, StatusCode::BAD_REQUEST),
        (r#"{"query":"{ __typename }","operationName":1}"#, StatusCode::BAD_REQUEST),
        (r#"{"query":"{ __typename }","extensions":""}"#, StatusCode::BAD_REQUEST),
        (long.as_str(), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let seen = post(server, JSON, body.to_owned()).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!((seen.status, seen.code().as_str()), (status, "BAD_USER_INPUT"), "{shown}");
    }
    let nothing =
        r#"{"query":"{ __typename }","variables":null,"operationName":null,"extensions":null}"#;
    assert_eq!(post(server, JSON, nothing).await.status, StatusCode::OK);
}

async fn hostile_documents_are_refused_before_they_cost(server: &Server) {
    let lists = format!("{{ user(id: {}1{}) {{ id }} }}", "[".repeat(3_000), "]".repeat(3_000));
    let hidden = format!("{{ user(id: {}1) {{ id }} }}", "[\"]\"".repeat(3_000));
    let sets = format!("{}x{}", "{ a ".repeat(3_000), "}".repeat(3_000));
    let mut chain = "{ ...F0 }".to_owned();
    for n in 0..24 {
        chain += &format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1);
    }
    chain += " fragment F24 on Query { __typename }";
    let mut deep = "id".to_owned();
    for _ in 0..12 {
        deep = format!("referral {{ referrals {{ nodes {{ referee {{ {deep} }} }} }} }}");
    }
    let wide: String = (0..2_500).map(|n| format!("a{n}: __typename ")).collect();
    let round = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    for document in
        [lists, hidden, sets, chain, format!("{{ me {{ {deep} }} }}"), format!("{{ {wide} }}")]
    {
        let began = std::time::Instant::now();
        let seen = ask(server, &document).await;
        let shown: String = document.chars().take(60).collect();
        assert_eq!(seen.code(), "QUERY_TOO_COMPLEX", "{shown}");
        assert!(began.elapsed() < std::time::Duration::from_secs(1), "{shown}");
    }
    assert_eq!(ask(server, round).await.code(), "QUERY_TOO_COMPLEX");
    assert_eq!(ask(server, "{ __typename }").await.status, StatusCode::OK, "it goes on");
}

async fn tools_can_read_the_schema(server: &Server) {
    let mut kind = "kind name".to_owned();
    for _ in 0..9 {
        kind = format!("kind name ofType {{ {kind} }}");
    }
    let query = format!(
        "{{ __schema {{ types {{ name description fields(includeDeprecated: true) {{ name description \
         args {{ name description type {{ {kind} }} }} type {{ {kind} }} }} \
         inputFields {{ name description }} enumValues {{ name description }} }} }} }}"
    );
    let seen = ask(server, &query).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    let body = seen.body();
    let types = body["data"]["__schema"]["types"].as_array().unwrap();
    let own =
        |kind: &&Value| !kind["name"].as_str().unwrap().starts_with("__") && kind["name"] != "ID";
    for kind in types.iter().filter(own) {
        assert_described(kind, "");
        for part in ["fields", "inputFields", "enumValues"] {
            for field in kind[part].as_array().into_iter().flatten() {
                assert_described(field, kind["name"].as_str().unwrap());
                for argument in field["args"].as_array().into_iter().flatten() {
                    assert_described(argument, field["name"].as_str().unwrap());
                }
            }
        }
    }
}

/// It has a description, which begins with a capital (or with a name in backticks).
fn assert_described(named: &Value, of: &str) {
    let text = named["description"].as_str().unwrap_or_default();
    let begins = text.starts_with(|first: char| first.is_uppercase() || first == '`');
    assert!(begins, "{of}.{}: {text:?}", named["name"]);
}

async fn what_was_not_given_is_not_null(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let document = "mutation ($id: ID!, $name: String, $email: String) { \
        updateUser(input: { id: $id, name: $name, email: $email }) { user { name email } } }";
    let user = async |variables: Value| {
        shop.service.gql(document, variables).await.ok()["updateUser"]["user"].clone()
    };
    let kept = user(json!({ "id": "ann" })).await;
    assert_eq!(kept, json!({ "name": "ann", "email": "ann@example.com" }));
    let emptied = user(json!({ "id": "ann", "name": null })).await;
    assert_eq!(emptied, json!({ "name": null, "email": "ann@example.com" }));
    let list = "query ($first: Int) { users(first: $first) { nodes { id } } }";
    assert_eq!(shop.admin.gql(list, json!({})).await.ok()["users"]["nodes"][0]["id"], "ann");
}

async fn every_answer_has_its_headers(server: &Server) {
    for path in
        ["/graphql?query=%7B__typename%7D", "/graphql", "/graphiql", "/health/live", "/nothing"]
    {
        let seen = get(server, path).await;
        assert_eq!(seen.header("x-request-id").len(), 36, "{path}");
        assert_eq!(seen.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(seen.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(seen.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(seen.header("cache-control"), "no-store", "{path}");
    }
}

async fn health_tells_whether_it_can_serve(server: &Server) {
    assert_eq!(get(server, "/health/live").await.status, StatusCode::OK);
    assert_eq!(get(server, "/health/ready").await.status, StatusCode::OK);
    server.shop("productready").await.register("ann").await;
    server.advance(chrono::TimeDelta::seconds(-6));
    let behind = get(server, "/health/ready").await;
    assert_eq!(behind.status, StatusCode::SERVICE_UNAVAILABLE, "{}", behind.text);
    server.advance(chrono::TimeDelta::seconds(6));
}
