//! No forged requests: whose pages may make a browser call, what browsers are told before they do, and
//! the headers that every answer carries.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use guerdon::http::{Edge, RateLimits};
use serde_json::{Value, json};

use crate::harness::{Seen, Server};
use crate::stories;

stories!("rules/productready":
    a_listed_site_may_call_and_read_the_answer,
    a_browser_is_told_what_it_may_send,
    another_site_is_refused,
    a_refused_mutation_changes_nothing,
    without_an_origin_the_browser_tells,
    the_servers_own_pages_may_call,
    every_answer_has_its_headers,
);

const APP: &str = "https://app.example.com";
const QUERY: &str = "/graphql?query=%7B__typename%7D";
const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;

/// A server whose list holds one site, behind the name `api.example.com`.
async fn listed(server: &Server) -> (guerdon::app::App, Router) {
    let origins = APP.parse().unwrap();
    let edge = Edge { origins, rates: RateLimits::none(), ..Edge::default() };
    let app = server.beside(edge).await;
    let router = app.router();
    (app, router)
}

fn with(request: Builder, headers: &[(&str, &str)]) -> Builder {
    let request = request.header("host", "api.example.com");
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

async fn get(router: &Router, headers: &[(&str, &str)]) -> Seen {
    Seen::of(router, with(Request::get(QUERY), headers).body(Body::empty()).unwrap()).await
}

async fn post(router: &Router, headers: &[(&str, &str)]) -> Seen {
    let request =
        with(Request::post("/graphql").header("content-type", "application/json"), headers);
    Seen::of(router, request.body(Body::from(TYPENAME)).unwrap()).await
}

async fn ask_first(router: &Router, headers: &[(&str, &str)]) -> Seen {
    Seen::of(router, with(Request::options("/graphql"), headers).body(Body::empty()).unwrap()).await
}

#[track_caller]
fn refused(seen: &Seen, why: &str) {
    assert_eq!((seen.status.as_u16(), seen.code().as_str()), (403, "FORBIDDEN"), "{}", seen.text);
    assert!(seen.message().contains(why), "{}", seen.text);
    assert!(seen.body().get("data").is_none());
    assert_eq!(seen.header("vary"), "accept, origin");
    for name in seen.headers.keys() {
        assert!(!name.as_str().starts_with("access-control-"), "{name}");
    }
}

async fn a_listed_site_may_call_and_read_the_answer(server: &Server) {
    let (app, router) = listed(server).await;
    let site = [("origin", APP), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
    let text = [("origin", APP), ("content-type", "text/plain")];
    let wrong_key = [("origin", APP), ("authorization", "Bearer nothing")];
    let html = [("origin", APP), ("accept", "text/html")];
    for (seen, status) in [
        (post(&router, &site).await, 200),
        (get(&router, &site).await, 200),
        (get(&router, &wrong_key).await, 401),
        (get(&router, &html).await, 406),
        (post(&router, &text).await, 415),
        (
            Seen::of(&router, with(Request::put("/graphql"), &site).body(Body::empty()).unwrap())
                .await,
            405,
        ),
    ] {
        assert_eq!(seen.status.as_u16(), status, "{}", seen.text);
        assert_eq!(seen.header("access-control-allow-origin"), APP, "{status}");
        assert_eq!(seen.header("access-control-expose-headers"), "x-request-id, retry-after");
        assert_eq!(seen.header("vary"), "accept, origin", "{status}");
        assert_eq!(seen.header("access-control-allow-credentials"), "", "no cookies are used");
    }
    app.stop().await;
}

async fn a_browser_is_told_what_it_may_send(server: &Server) {
    let (app, router) = listed(server).await;
    let asks = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type,x-tenant"),
        ]
    };
    let told = ask_first(&router, &asks(APP)).await;
    assert_eq!((told.status.as_u16(), told.text.as_str()), (204, ""));
    assert_eq!(told.header("access-control-allow-origin"), APP);
    assert_eq!(told.header("access-control-allow-methods"), "GET, POST");
    assert_eq!(told.header("access-control-max-age"), "7200");
    assert_eq!(told.header("access-control-allow-credentials"), "");
    assert_eq!(told.header("vary"), "accept, origin");
    let allowed: Vec<&str> = told.header("access-control-allow-headers").split(", ").collect();
    for header in [
        "authorization",
        "content-type",
        "x-tenant",
        "apollo-require-preflight",
        "x-apollo-operation-name",
        "apollographql-client-name",
        "apollographql-client-version",
        "traceparent",
    ] {
        assert!(allowed.contains(&header), "{header}");
    }
    for other in ["https://evil.example", "null", "http://app.example.com"] {
        refused(&ask_first(&router, &asks(other)).await, "GUERDON_ALLOWED_ORIGINS");
    }
    let no_list = server.app.router();
    refused(&ask_first(&no_list, &asks(APP)).await, "GUERDON_ALLOWED_ORIGINS");
    app.stop().await;
}

async fn another_site_is_refused(server: &Server) {
    let (app, router) = listed(server).await;
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "https://app.example.com.evil.example")],
        &[("origin", "http://app.example.com")],
        &[("origin", APP), ("origin", "https://evil.example")],
        &[("origin", "https://api.example.com"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
        &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")],
    ] {
        for seen in [post(&router, headers).await, get(&router, headers).await] {
            refused(&seen, "GUERDON_ALLOWED_ORIGINS");
        }
    }
    app.stop().await;
}

async fn a_refused_mutation_changes_nothing(server: &Server) {
    let (app, router) = listed(server).await;
    let service = server.service("productready").await;
    let bearer = service.init()["authorization"].as_str().unwrap().to_owned();
    let mutation =
        json!({ "query": "mutation { registerUser(input: { id: \"ann\" }) { created } }" });
    let from = async |origin: &str| {
        let request = Request::post("/graphql").header("content-type", "application/json");
        let request = with(request, &[("origin", origin), ("authorization", &bearer)]);
        Seen::of(&router, request.body(Body::from(mutation.to_string())).unwrap()).await
    };
    refused(&from("https://evil.example").await, "Pages of this site may not call");
    assert_eq!(service.get("{ user(id: \"ann\") { id } }").await, Value::Null);
    let done = json!({ "data": { "registerUser": { "created": true } } });
    assert_eq!(from(APP).await.body(), done);
    app.stop().await;
}

async fn without_an_origin_the_browser_tells(server: &Server) {
    let (app, router) = listed(server).await;
    // Whatever is no browser says nothing.
    assert_eq!(get(&router, &[]).await.status.as_u16(), 200);
    assert_eq!(post(&router, &[]).await.status.as_u16(), 200);
    let own = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];
    assert_eq!(get(&router, &own).await.status.as_u16(), 200);
    for site in ["none", "same-origin", "cross-site"] {
        let opened = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate")];
        let why = if site == "cross-site" { "may not call" } else { "open /graphiql" };
        refused(&get(&router, &opened).await, why);
        refused(&post(&router, &opened).await, why);
    }
    app.stop().await;
}

async fn the_servers_own_pages_may_call(server: &Server) {
    let (app, router) = listed(server).await;
    for headers in [
        &[("origin", "https://api.example.com")][..],
        &[("origin", "https://api.example.com"), ("sec-fetch-site", "same-origin")],
        // Behind a proxy that writes another name into Host.
        &[("origin", "https://guerdon.example.org"), ("sec-fetch-site", "same-origin")],
    ] {
        for seen in [post(&router, headers).await, get(&router, headers).await] {
            assert_eq!(seen.status.as_u16(), 200, "{headers:?}");
            assert_eq!(seen.header("access-control-allow-origin"), "", "it needs none");
        }
    }
    app.stop().await;
}

async fn every_answer_has_its_headers(server: &Server) {
    let code = server.shop("productready").await;
    code.register("ann").await;
    let link = format!("/r/productready/{}", code.code_of("ann").await);
    let (app, router) = listed(server).await;
    let evil = ("origin", "https://evil.example");
    let plan = [
        ("GET", QUERY, None, 200),
        ("GET", "/graphql", None, 400),
        ("GET", QUERY, Some(("authorization", "Bearer nothing")), 401),
        ("GET", QUERY, Some(evil), 403),
        ("GET", QUERY, Some(("accept", "text/html")), 406),
        ("POST", "/graphql", None, 415),
        ("DELETE", "/graphql", None, 405),
        ("OPTIONS", "/graphql", None, 204),
        ("GET", "/graphql/ws", None, 400),
        ("GET", "/graphiql", None, 200),
        ("POST", "/graphiql", None, 405),
        ("GET", "/health/live", None, 200),
        ("POST", "/health/live", None, 405),
        ("GET", "/", None, 307),
        ("GET", link.as_str(), None, 302),
        ("GET", "/r/productready/NOSUCH", None, 302),
        ("GET", "/r/nowhere/NOSUCH", None, 404),
        ("GET", "/nothing", None, 404),
        ("POST", "/../etc/passwd", None, 404),
    ];
    for (method, path, header, status) in plan {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let seen = Seen::of(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(seen.status.as_u16(), status, "{method} {path}");
        assert_eq!(seen.header("x-request-id").len(), 36, "{method} {path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(seen.header(name), value, "{method} {path}");
        }
        let policy = seen.header("content-security-policy");
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{method} {path}: {policy}");
        }
    }
    let lost = Request::get("/nothing").body(Body::empty()).unwrap();
    assert!(
        Seen::of(&router, lost).await.text.starts_with("Nothing is here. The API is at /graphql")
    );
    app.stop().await;
}
