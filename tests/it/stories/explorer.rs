//! What `/graphiql` gives, and the examples that it opens with.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::{Server, Socket, listen};
use crate::stories;

stories!("rules/starter":
    every_example_works_as_it_is_shown,
    the_page_lets_nobody_else_in,
);

const EXAMPLES: &str = include_str!("../../../web/src/examples.graphql");

/// The examples: whose each is, and its text.
fn examples() -> Vec<(&'static str, &'static str)> {
    let examples = EXAMPLES.split("\n\n# ").skip(1);
    examples.map(|example| example.split_once(": ").unwrap()).map(without_name).collect()
}

fn without_name((role, example): (&'static str, &'static str)) -> (&'static str, &'static str) {
    (role, example.split_once('\n').unwrap().1)
}

async fn every_example_works_as_it_is_shown(server: &Server) {
    let address = listen(server).await;
    let shop = server.shop("starter").await;
    let ann = json!({ "id": "ann", "name": "Ann", "email": "ann@example.com" });
    shop.service.mutate("registerUser", ann, "created").await.ok();
    let user = server.user("starter", "ann").await;
    let operator = server.operator().naming("starter");
    let anyone = server.anonymous("starter");
    let mut roles = Vec::new();
    for (role, document) in examples() {
        let caller = match role {
            "anyone" => &anyone,
            "user" => &user,
            "service" => &shop.service,
            "admin" => &shop.admin,
            _ => &operator,
        };
        let data = if document.contains("subscription ") {
            first_value(Socket::connect(address, caller.init()).await, document).await
        } else {
            caller.get_all(document).await
        };
        assert!(data.is_object(), "{role}: {document}: {data}");
        roles.push(role);
    }
    roles.dedup();
    assert_eq!(roles, ["anyone", "user", "service", "admin", "operator"]);
}

async fn first_value(mut socket: Socket, document: &str) -> Value {
    socket.subscribe("1", document).await;
    socket.next("1").await["data"].clone()
}

async fn the_page_lets_nobody_else_in(server: &Server) {
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        server.app.router().oneshot(request).await.unwrap()
    };
    let root = get("/").await;
    assert!(root.status().is_redirection());
    assert_eq!(root.headers()["location"], "/graphiql");
    let page = get("/graphiql").await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    let text = page.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(
        !text.contains("://") && !text.contains("<style") && !text.contains("<script>"),
        "{text}"
    );
}
