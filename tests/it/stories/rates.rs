//! How often may be called: by whom, and what is told to whoever calls too often.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use guerdon::http::{Edge, Proxies, RateLimits, Router};
use serde_json::json;

use crate::harness::{Seen, Server};
use crate::stories;

stories!("rules/gatewayz":
    three_hundred_requests_a_minute_without_a_credential,
    a_credential_that_does_not_hold_is_none,
    a_trusted_proxy_tells_who_calls,
    a_user_pays_what_documents_cost,
    keys_pay_only_where_they_are_told_to,
    switched_off_nobody_pays,
);

/// A request from an address, with these headers.
async fn ask(router: &Router, address: &str, headers: &[(&str, &str)], query: &str) -> Seen {
    let peer = SocketAddr::new(address.parse().unwrap(), 4711);
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Body::from(json!({ "query": query }).to_string());
    let request = request.extension(ConnectInfo(peer)).body(body).unwrap();
    Seen::of(router, request).await
}

#[track_caller]
fn let_in(seen: &Seen) {
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
}

#[track_caller]
fn too_often(seen: &Seen, retry_after: i64) {
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS, "{}", seen.text);
    assert_eq!(seen.header("retry-after"), retry_after.to_string());
    let body = seen.body();
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(*extensions, json!({ "code": "RATE_LIMITED", "retryAfter": retry_after }));
    assert!(body.get("data").is_none(), "nothing was executed");
}

const CHEAP: &str = "{ __typename }";

async fn three_hundred_requests_a_minute_without_a_credential(server: &Server) {
    let limited = server.beside(Edge::default()).await;
    let router = limited.router();
    for _ in 0..300 {
        let_in(&ask(&router, "192.0.2.7", &[], CHEAP).await);
    }
    let seen = ask(&router, "192.0.2.7", &[("accept", "application/json")], CHEAP).await;
    too_often(&seen, 1);
    let graphql = [("accept", "application/graphql-response+json")];
    too_often(&ask(&router, "192.0.2.7", &graphql, CHEAP).await, 1);
    let_in(&ask(&router, "192.0.2.8", &[], CHEAP).await);
    // Share links are for anybody, and are counted with the rest.
    let peer = SocketAddr::new("192.0.2.7".parse().unwrap(), 4711);
    let link = Request::get("/r/gatewayz/SOME").extension(ConnectInfo(peer));
    let seen = Seen::of(&router, link.body(Body::empty()).unwrap()).await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(seen.header("retry-after"), "1");
    server.advance(TimeDelta::milliseconds(200));
    let_in(&ask(&router, "192.0.2.7", &[], CHEAP).await);
    too_often(&ask(&router, "192.0.2.7", &[], CHEAP).await, 1);
    limited.stop().await;
}

async fn a_credential_that_does_not_hold_is_none(server: &Server) {
    let limited = server.beside(Edge::default()).await;
    let router = limited.router();
    let wrong = format!("Bearer gdn_admin_gatewayz.{}", "0".repeat(64));
    for _ in 0..300 {
        let seen = ask(&router, "192.0.2.7", &[("authorization", &wrong)], CHEAP).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    }
    too_often(&ask(&router, "192.0.2.7", &[("authorization", &wrong)], CHEAP).await, 1);
    too_often(&ask(&router, "192.0.2.7", &[], CHEAP).await, 1);
    let right = format!("Bearer {}", crate::harness::OPERATOR_KEY);
    let_in(&ask(&router, "192.0.2.7", &[("authorization", &right)], CHEAP).await);
    limited.stop().await;
}

async fn a_trusted_proxy_tells_who_calls(server: &Server) {
    let rates = RateLimits { anonymous: NonZeroU32::new(2), ..RateLimits::none() };
    let proxies = Proxies { trusted: vec!["10.0.0.0/8".parse().unwrap()] };
    let limited = server.beside(Edge { rates, proxies, ..Edge::default() }).await;
    let router = limited.router();
    let from = |client: &'static str| [("x-forwarded-for", client)];
    for client in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"] {
        let_in(&ask(&router, "10.1.1.1", &from(client), CHEAP).await);
    }
    too_often(&ask(&router, "10.1.1.1", &from("192.0.2.1"), CHEAP).await, 30);
    too_often(&ask(&router, "10.1.1.1", &from("203.0.113.5, 192.0.2.1"), CHEAP).await, 30);
    // Whoever is no proxy of ours cannot take another's address.
    for client in ["192.0.2.3", "192.0.2.4"] {
        let_in(&ask(&router, "198.51.100.1", &from(client), CHEAP).await);
    }
    too_often(&ask(&router, "198.51.100.1", &from("192.0.2.5"), CHEAP).await, 30);
    limited.stop().await;
}

async fn a_user_pays_what_documents_cost(server: &Server) {
    let shop = server.shop("gatewayz").await;
    for user in ["ann", "bob"] {
        shop.register(user).await;
    }
    let rates = RateLimits { user: NonZeroU32::new(60), ..RateLimits::none() };
    let limited = server.beside(Edge { rates, ..Edge::default() }).await;
    let router = limited.router();
    let bearer = async |user: &str| {
        let input = json!({ "userId": user });
        let issued = shop.service.mutate("issueUserToken", input, "token").await.ok();
        format!("Bearer {}", issued["token"].as_str().unwrap())
    };
    let (ann, bob) = (bearer("ann").await, bearer("bob").await);
    let (ann, bob) = ([("authorization", ann.as_str())], [("authorization", bob.as_str())]);
    // Ten units: me and nine fields.
    let ten = "{ me { id name email emailVerified createdAt a: id b: id c: id d: id } }";
    for _ in 0..6 {
        let_in(&ask(&router, "192.0.2.7", &ann, ten).await);
    }
    too_often(&ask(&router, "192.0.2.7", &ann, ten).await, 10);
    too_often(&ask(&router, "192.0.2.9", &ann, "{ me { id } }").await, 2);
    let_in(&ask(&router, "192.0.2.7", &bob, ten).await);
    server.advance(TimeDelta::seconds(10));
    let_in(&ask(&router, "192.0.2.7", &ann, ten).await);
    // A document that is refused before is not paid for.
    let unknown = ask(&router, "192.0.2.7", &bob, "{ me { id nonsense } }").await;
    assert_eq!(unknown.body()["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    for _ in 0..5 {
        let_in(&ask(&router, "192.0.2.7", &bob, ten).await);
    }
    limited.stop().await;
}

async fn keys_pay_only_where_they_are_told_to(server: &Server) {
    let shop = server.shop("gatewayz").await;
    let some = NonZeroU32::new(2);
    let all = RateLimits { service: some, admin: some, operator: some, ..RateLimits::none() };
    for (rates, answers) in [(RateLimits::default(), 0), (all, 3)] {
        let limited = server.beside(Edge { rates, ..Edge::default() }).await;
        let mut refused = 0;
        for caller in [&shop.service, &shop.admin, &server.operator()] {
            let caller = caller.through(limited.router());
            for _ in 0..2 {
                caller.gql(CHEAP, json!({})).await.ok();
            }
            refused += usize::from(caller.gql(CHEAP, json!({})).await.code() == "RATE_LIMITED");
        }
        assert_eq!(refused, answers);
        limited.stop().await;
    }
}

async fn switched_off_nobody_pays(server: &Server) {
    let router = server.app.router();
    for _ in 0..400 {
        let_in(&ask(&router, "192.0.2.7", &[], CHEAP).await);
    }
}
