//! Nobody finds out codes by trying many of them.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use futures_util::future::join_all;
use guerdon::http::{Edge, Router};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::{Answer, Caller, Server, Shop};
use crate::stories;

stories!("rules/gatewayz":
    twenty_codes_that_nobody_has_then_a_minute,
    guesses_at_once_learn_no_more,
    a_user_who_guesses_is_told_from_others,
    every_door_counts_the_same_guesses,
    codes_typed_in_are_guesses_too,
    misses_count_on_every_server,
    a_back_end_may_ask_for_many,
);

const ASK: &str = "query($code: String!) { validateReferralCode(code: $code) { valid reason } }";

async fn validate(caller: &Caller, code: &str) -> Answer {
    caller.gql(ASK, json!({ "code": code })).await
}

async fn is_valid(caller: &Caller, code: &str) -> bool {
    validate(caller, code).await.ok()["validateReferralCode"]["valid"] == true
}

async fn miss(caller: &Caller, times: usize) {
    for number in 0..times {
        let told = validate(caller, &format!("NOBODY{number}")).await.ok();
        assert_eq!(told["validateReferralCode"], json!({ "valid": false, "reason": "NOT_FOUND" }));
    }
}

async fn shop_with_ann(server: &Server) -> (Shop, String) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    (shop, code)
}

async fn twenty_codes_that_nobody_has_then_a_minute(server: &Server) {
    let (_, code) = shop_with_ann(server).await;
    let anyone = server.anonymous("gatewayz");
    let guesser = anyone.at("192.0.2.7");
    for _ in 0..30 {
        assert!(is_valid(&guesser, &code).await, "codes that are there cost nothing");
    }
    miss(&guesser, 10).await;
    server.advance(TimeDelta::seconds(15));
    miss(&guesser, 10).await;
    let refused = validate(&guesser, "NOBODY").await.refused("RATE_LIMITED");
    assert_eq!(refused["extensions"]["retryAfter"], 45);
    // Else whoever guesses would know a code by its other answer.
    validate(&guesser, &code).await.refused("RATE_LIMITED");
    assert!(is_valid(&anyone.at("192.0.2.8"), &code).await);
    server.advance(TimeDelta::seconds(45) - TimeDelta::microseconds(1));
    validate(&guesser, &code).await.refused("RATE_LIMITED");
    server.advance(TimeDelta::microseconds(1));
    assert!(is_valid(&guesser, &code).await);
    miss(&guesser, 10).await;
    validate(&guesser, "NOBODY").await.refused("RATE_LIMITED");
}

async fn guesses_at_once_learn_no_more(server: &Server) {
    let (_, code) = shop_with_ann(server).await;
    let guesser = server.anonymous("gatewayz").at("2001:db8::1");
    let neighbour = server.anonymous("gatewayz").at("2001:db8::ffff:2");
    let guesses = (0..60).map(|number| {
        let from = if number % 2 == 0 { &guesser } else { &neighbour };
        let code = if number == 59 { code.clone() } else { format!("NOBODY{number}") };
        async move { validate(from, &code).await }
    });
    let answers = join_all(guesses).await;
    let told = answers.iter().filter(|answer| answer.code().is_empty()).count();
    let refused = answers.iter().filter(|answer| answer.code() == "RATE_LIMITED").count();
    assert_eq!((told, refused), (20, 40), "one network is one guesser");
}

async fn a_user_who_guesses_is_told_from_others(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.register("bob").await;
    shop.register("eve").await;
    let office = "192.0.2.7";
    let eve = server.user("gatewayz", "eve").await.at(office);
    miss(&eve, 20).await;
    validate(&eve, &code).await.refused("RATE_LIMITED");
    assert!(is_valid(&server.user("gatewayz", "bob").await.at(office), &code).await);
    assert!(is_valid(&server.anonymous("gatewayz").at(office), &code).await);
}

async fn follow(router: Router, method: &str, code: &str) -> (StatusCode, String) {
    let visitor: SocketAddr = "192.0.2.7:4711".parse().unwrap();
    let request = Request::builder().method(method).uri(format!("/r/gatewayz/{code}"));
    let request = request.extension(ConnectInfo(visitor)).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
    let told = header("location").or(header("retry-after")).unwrap_or_default().to_owned();
    (response.status(), told)
}

async fn every_door_counts_the_same_guesses(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let guesser = server.anonymous("gatewayz").at("192.0.2.7");
    let router = server.app.router();
    miss(&guesser, 8).await;
    for number in 0..6 {
        let input = json!({ "code": format!("NOBODY{number}") });
        let told = guesser.mutate("trackReferralClick", input, "counted").await;
        assert_eq!(told.ok()["counted"], false);
    }
    for method in ["GET", "HEAD", "GET", "HEAD", "GET", "HEAD"] {
        let (status, link) = follow(router.clone(), method, "NOBODY").await;
        assert_eq!((status, link.contains("ref")), (StatusCode::FOUND, false));
    }
    for code in [code.as_str(), "NOBODY"] {
        let limited = (StatusCode::TOO_MANY_REQUESTS, "60".to_owned());
        assert_eq!(follow(router.clone(), "GET", code).await, limited);
        assert_eq!(follow(router.clone(), "HEAD", code).await, limited);
        validate(&guesser, code).await.refused("RATE_LIMITED");
        let click = guesser.mutate("trackReferralClick", json!({ "code": code }), "counted").await;
        click.refused("RATE_LIMITED");
    }
    assert_eq!(shop.referral("ann").await["clicks"], 0);
    server.advance(TimeDelta::minutes(1));
    assert!(follow(router, "GET", &code).await.1.ends_with(&code));
}

async fn codes_typed_in_are_guesses_too(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.register("eve").await;
    let eve = server.user("gatewayz", "eve").await;
    let apply = async |code: &str| {
        eve.mutate("applyReferralCode", json!({ "code": code }), "validation { valid }").await
    };
    for number in 0..20 {
        let told: Value = apply(&format!("NOBODY{number}")).await.ok();
        assert_eq!(told["validation"]["valid"], false);
    }
    apply(&code).await.refused("RATE_LIMITED");
    validate(&eve, &code).await.refused("RATE_LIMITED");
    server.advance(TimeDelta::minutes(1));
    assert_eq!(apply(&code).await.ok()["validation"]["valid"], true);
}

async fn misses_count_on_every_server(server: &Server) {
    let (_, code) = shop_with_ann(server).await;
    let other = server.beside(Edge::default()).await;
    let here = server.anonymous("gatewayz").at("192.0.2.7");
    let there = here.through(other.router());
    miss(&here, 10).await;
    miss(&there, 10).await;
    validate(&here, &code).await.refused("RATE_LIMITED");
    validate(&there, &code).await.refused("RATE_LIMITED");
    other.stop().await;
}

async fn a_back_end_may_ask_for_many(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let back_end = shop.service.at("192.0.2.7");
    miss(&back_end, 30).await;
    assert!(is_valid(&back_end, &code).await);
}
