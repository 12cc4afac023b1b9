//! Limits on what may be attempted: visits from one address, promotion codes that fail.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Server, Shop};
use crate::stories;

stories!("tests/programs/lighthouse":
    sixty_visits_a_minute_from_one_address_count,
    visits_that_a_back_end_reports_are_not_of_its_address,
    the_eleventh_failed_redemption_in_an_hour_is_refused,
    failed_redemptions_at_once_are_counted_exactly,
    a_redemption_that_succeeds_does_not_count,
);

async fn visit(caller: &Caller, code: &str) -> bool {
    let payload = caller.mutate("trackReferralClick", json!({ "code": code }), "counted").await;
    payload.ok()["counted"] == true
}

async fn shop_with_ann(server: &Server) -> (Shop, String) {
    let shop = server.shop("lighthouse").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    (shop, code)
}

async fn sixty_visits_a_minute_from_one_address_count(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let anyone = server.anonymous("lighthouse");
    let at_home = anyone.at("192.0.2.7");
    let counted = join_all((0..70).map(|_| visit(&at_home, &code))).await;
    assert_eq!(counted.iter().filter(|counted| **counted).count(), 60);
    assert!(visit(&anyone.at("192.0.2.8"), &code).await, "another address is another visitor");
    server.advance(TimeDelta::microseconds(59_999_999));
    assert!(!visit(&at_home, &code).await);
    server.advance(TimeDelta::microseconds(1));
    assert!(visit(&at_home, &code).await);
    assert_eq!(shop.referral("ann").await["clicks"], 62);
}

async fn visits_that_a_back_end_reports_are_not_of_its_address(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let back_end = shop.service.at("192.0.2.9");
    let counted = join_all((0..70).map(|_| visit(&back_end, &code))).await;
    assert!(counted.into_iter().all(|counted| counted));
}

async fn redeem(shop: &Shop, user: &str, code: &str) -> Answer {
    let input = json!({ "userId": user, "code": code });
    shop.service.mutate("redeemPromoCode", input, "replayed").await
}

async fn the_eleventh_failed_redemption_in_an_hour_is_refused(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    shop.register("bob").await;
    shop.promo_code(json!({ "code": "SPRING", "data": {} })).await;
    shop.promo_code(json!({ "code": "GONE", "endsAt": "2026-01-01T00:00:00Z", "data": {} })).await;
    for _ in 0..5 {
        redeem(&shop, "ann", "WRONG").await.refused("NOT_FOUND");
        redeem(&shop, "ann", "GONE").await.refused("BAD_USER_INPUT");
        server.advance(TimeDelta::minutes(1));
    }
    let refused: Value = redeem(&shop, "ann", "SPRING").await.refused("RATE_LIMITED");
    assert_eq!(refused["extensions"]["retryAfter"], 55 * 60);
    redeem(&shop, "bob", "SPRING").await.ok();
    server.advance(TimeDelta::minutes(55) - TimeDelta::microseconds(1));
    redeem(&shop, "ann", "SPRING").await.refused("RATE_LIMITED");
    server.advance(TimeDelta::microseconds(1));
    redeem(&shop, "ann", "SPRING").await.ok();
    // The two attempts of the first minute are forgotten; eight still count.
    redeem(&shop, "ann", "WRONG").await.refused("NOT_FOUND");
    redeem(&shop, "ann", "WRONG").await.refused("NOT_FOUND");
    redeem(&shop, "ann", "WRONG").await.refused("RATE_LIMITED");
}

async fn failed_redemptions_at_once_are_counted_exactly(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    let answers = join_all((0..30).map(|_| redeem(&shop, "ann", "WRONG"))).await;
    let count = |code: &str| answers.iter().filter(|answer| answer.code() == code).count();
    assert_eq!((count("NOT_FOUND"), count("RATE_LIMITED")), (10, 20));
}

async fn a_redemption_that_succeeds_does_not_count(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    for number in 0..12 {
        let code = format!("CODE-{number}");
        shop.promo_code(json!({ "code": code, "data": {} })).await;
        redeem(&shop, "ann", &code).await.ok();
    }
    redeem(&shop, "nobody", "WRONG").await.refused("NOT_FOUND");
    redeem(&shop, "ann", "WRONG").await.refused("NOT_FOUND");
}
