//! Share links of our own: counted, and led on to the program's link and nowhere else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{Server, Shop};
use crate::lane::Holder;
use crate::stories;

stories!("rules/gatewayz", "tests/programs/harbour":
    a_visit_is_counted_and_led_on,
    a_code_that_does_not_work_is_left_out,
    no_code_leads_anywhere_else,
    a_link_of_nobody_is_said_to_be_one,
    what_cannot_be_counted_is_led_on,
    twenty_visits_at_once_count_twenty,
);

const LINK: &str = "https://app.gatewayz.ai/signup";

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(server: &Server, method: &str, path: &str) -> Seen {
    let visitor: SocketAddr = "192.0.2.77:4711".parse().unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("user-agent", "Browser/7.0 \u{e9}")
        .extension(ConnectInfo(visitor));
    let request = request.body(Body::empty()).unwrap();
    let response = server.app.router().oneshot(request).await.unwrap();
    Seen { status: response.status(), headers: response.headers().clone() }
}

/// Where a link leads.
async fn visit(server: &Server, path: &str) -> String {
    let seen = ask(server, "GET", path).await;
    assert_eq!(seen.status, StatusCode::FOUND, "{path}");
    seen.header("location").to_owned()
}

async fn clicks(shop: &Shop, id: &str) -> i64 {
    shop.referral(id).await["clicks"].as_i64().unwrap()
}

async fn a_visit_is_counted_and_led_on(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    let shared = shop.referral("ann").await["shareUrl"].as_str().unwrap().to_owned();
    assert_eq!(visit(server, &format!("/r/gatewayz/{code}")).await, shared);
    let lower = format!("/r/gatewayz/%20{}", code.to_lowercase());
    assert_eq!(visit(server, &lower).await, shared, "as the program shows it");
    assert_eq!(clicks(&shop, "ann").await, 2);
    let looked = ask(server, "HEAD", &format!("/r/gatewayz/{code}")).await;
    assert_eq!((looked.status, looked.header("location")), (StatusCode::FOUND, shared.as_str()));
    for (name, value) in [("referrer-policy", "no-referrer"), ("cache-control", "no-store")] {
        assert_eq!(looked.header(name), value);
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let seen = ask(server, method, &format!("/r/gatewayz/{code}")).await;
        assert_eq!(seen.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(seen.header("allow"), "GET,HEAD");
    }
    assert_eq!(clicks(&shop, "ann").await, 2, "only GET counts");
    assert_eq!(shop.admin.get("{ analytics { clicks } }").await["clicks"], 2);
    let kept = server.database.dump().await;
    assert!(kept.contains("Browser/7.0") && !kept.contains("192.0.2.77"), "hashed addresses");
}

async fn a_code_that_does_not_work_is_left_out(server: &Server) {
    let shop = server.shop("gatewayz").await;
    for id in ["ann", "bob"] {
        shop.register(id).await;
    }
    let (old, code) = (shop.code_of("ann").await, shop.code_of("bob").await);
    shop.service.mutate("regenerateReferralCode", json!({ "userId": "ann" }), "code").await.ok();
    shop.admin.mutate("eraseUser", json!({ "userId": "bob" }), "user { id }").await.ok();
    for unknown in ["NOBODY12", &old, &code] {
        assert_eq!(visit(server, &format!("/r/gatewayz/{unknown}")).await, LINK, "{unknown}");
    }
    assert_eq!((clicks(&shop, "ann").await, clicks(&shop, "bob").await), (0, 0));
    assert_eq!(visit(server, "/r/harbour/HB-1").await, "https://harbour.example/join/");
    let harbour = server.shop("harbour").await;
    harbour.register("ann").await;
    let code = harbour.code_of("ann").await;
    let led = visit(server, &format!("/r/harbour/{code}")).await;
    assert_eq!(led, format!("https://harbour.example/join/{code}"));
    assert_eq!(visit(server, &format!("/r/gatewayz/{code}")).await, LINK, "another tenant's");
}

async fn no_code_leads_anywhere_else(server: &Server) {
    let long = "A".repeat(10_000);
    for code in [
        "%0d%0aSet-Cookie:%20a=b",
        "%0d%0a%0d%0a%3Chtml%3E",
        "%2F%2Fevil.example",
        "%2f..%2f..%2fevil",
        "@evil.example",
        "https:%2F%2Fevil.example",
        "%5C%5Cevil.example",
        "%00",
        "%ff%fe",
        "%",
        "%zz",
        "%F0%9F%8E%81",
        "%D9%A0%E2%80%AE",
        "?ref=x",
        "a%23b%26c",
        "'%20OR%201=1",
        &long,
    ] {
        let path = format!("/r/gatewayz/{code}");
        let shown: String = path.chars().take(60).collect();
        let seen = ask(server, "GET", &path).await;
        if code.starts_with('?') {
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "no code at all");
            continue;
        }
        assert_eq!((seen.status, seen.header("location")), (StatusCode::FOUND, LINK), "{shown}");
        assert!(seen.header("set-cookie").is_empty(), "{shown}");
    }
    for path in ["/r//evil.example", "/r/gatewayz//evil.example", "/r/gatewayz/A/B"] {
        assert_eq!(ask(server, "GET", path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

async fn a_link_of_nobody_is_said_to_be_one(server: &Server) {
    for tenant in ["nobody", "Gatewayz", "%0d%0a", "..", "gatewayz%2F"] {
        let seen = ask(server, "GET", &format!("/r/{tenant}/AAAAAAAA")).await;
        assert_eq!((seen.status, seen.header("location")), (StatusCode::NOT_FOUND, ""), "{tenant}");
        assert!(seen.header("content-type").starts_with("text/plain"), "{tenant}");
    }
}

async fn what_cannot_be_counted_is_led_on(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    let holder = Holder::hold(&server.database).await;
    let began = Instant::now();
    let led = visit(server, &format!("/r/gatewayz/{code}")).await;
    assert_eq!(led, format!("{LINK}?ref={code}"));
    assert!(began.elapsed() < Duration::from_secs(3), "nobody waits for the count");
    holder.let_go().await;
    let patience = Instant::now() + Duration::from_secs(10);
    while clicks(&shop, "ann").await == 0 && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(clicks(&shop, "ann").await, 1, "it is counted when it can be");
}

async fn twenty_visits_at_once_count_twenty(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let path = format!("/r/gatewayz/{}", shop.code_of("ann").await);
    let visits = (0..20).map(|_| visit(server, &path));
    futures_util::future::join_all(visits).await;
    assert_eq!(clicks(&shop, "ann").await, 20);
}
