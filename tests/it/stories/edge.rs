//! The HTTP edge: hostile documents, introspection, health.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Seen, Server};
use crate::stories;

stories!("rules/productready":
    hostile_documents_are_refused_before_they_cost,
    tools_can_read_the_schema,
    what_was_not_given_is_not_null,
    health_tells_whether_it_can_serve,
);

async fn send(server: &Server, request: Request<Body>) -> Seen {
    Seen::of(&server.app.router(), request).await
}

async fn get(server: &Server, path: &str) -> Seen {
    send(server, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn ask(server: &Server, query: &str) -> Seen {
    let request = Request::post("/graphql").header("content-type", "application/json");
    send(server, request.body(Body::from(json!({ "query": query }).to_string())).unwrap()).await
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
    let wide: String = (0..5_500).map(|n| format!("a{n}: __typename ")).collect();
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

async fn health_tells_whether_it_can_serve(server: &Server) {
    assert_eq!(get(server, "/health/live").await.status, StatusCode::OK);
    assert_eq!(get(server, "/health/ready").await.status, StatusCode::OK);
    server.shop("productready").await.register("ann").await;
    server.advance(chrono::TimeDelta::seconds(-6));
    let behind = get(server, "/health/ready").await;
    assert_eq!(behind.status, StatusCode::SERVICE_UNAVAILABLE, "{}", behind.text);
    server.advance(chrono::TimeDelta::seconds(6));
}
