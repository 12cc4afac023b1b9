//! What may be used so many times, used by more at the same time: exactly so many are paid.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::crowd::at_once;
use crate::harness::{Answer, Server, Shop};
use crate::stories;

stories!("tests/programs/quintet":
    twenty_visits_at_once_are_twenty,
    one_device_twenty_times_at_once_is_one_visit,
    the_fifth_and_the_sixth_sign_up_at_once,
    twelve_codes_typed_in_at_once_pay_five,
    uses_are_the_users_whatever_the_code,
    three_uses_and_thirty_redeemers,
    one_redeemer_twenty_times_at_once,
);

async fn shop_with_ann(server: &Server) -> (Shop, String) {
    let shop = server.shop("quintet").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    (shop, code)
}

fn count(answers: &[Answer], code: &str) -> usize {
    answers.iter().filter(|answer| answer.code() == code).count()
}

async fn balances(shop: &Shop, ids: impl Iterator<Item = String>) -> i64 {
    join_all(ids.map(async |id| shop.balance(&id).await)).await.into_iter().sum()
}

async fn twenty_visits_at_once_are_twenty(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let anyone = server.anonymous("quintet");
    let visits = vec![json!({ "code": code }); 20];
    let counted = at_once(&anyone, "trackReferralClick", visits, "counted").await;
    assert!(counted.into_iter().all(|answer| answer.ok()["counted"] == true));
    assert_eq!(shop.referral("ann").await["clicks"], 20);
    assert_eq!(shop.admin.get("{ analytics { clicks } }").await["clicks"], 20);
}

async fn one_device_twenty_times_at_once_is_one_visit(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let visits = vec![json!({ "code": code, "deviceId": "phone" }); 20];
    let anyone = server.anonymous("quintet");
    let counted = at_once(&anyone, "trackReferralClick", visits, "counted").await;
    let counted = counted.into_iter().filter(|answer| answer.clone().ok()["counted"] == true);
    assert_eq!(counted.count(), 1);
    assert_eq!(shop.referral("ann").await["clicks"], 1);
}

async fn the_fifth_and_the_sixth_sign_up_at_once(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    for friend in 0..4 {
        shop.register_with(&format!("friend-{friend}"), &code).await;
    }
    let sign_up = |n: usize| json!({ "id": format!("friend-{n}"), "referralCode": code });
    let fields = "created referralCode { valid reason }";
    let answers =
        at_once(&shop.service, "registerUser", (4..6).map(sign_up).collect(), fields).await;
    let answers: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    assert!(answers.iter().all(|answer| answer["created"] == true), "a bad code fails no sign-up");
    let mut reasons: Vec<Value> =
        answers.iter().map(|answer| answer["referralCode"]["reason"].clone()).collect();
    reasons.sort_by_key(Value::to_string);
    assert_eq!(reasons, [json!("MAX_USES_REACHED"), Value::Null]);
    assert_eq!(shop.balance("ann").await, 500);
    assert_eq!(balances(&shop, (0..6).map(|n| format!("friend-{n}"))).await, 50);
    let ann = shop.referral("ann").await;
    assert_eq!(
        (&ann["credited"], &ann["signups"], &ann["remainingUses"]),
        (&json!(5), &json!(5), &json!(0))
    );
}

async fn twelve_codes_typed_in_at_once_pay_five(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let friends: Vec<String> = (0..12).map(|n| format!("friend-{n}")).collect();
    join_all(friends.iter().map(|id| shop.register(id))).await;
    let inputs = friends.iter().map(|id| json!({ "userId": id, "code": code })).collect();
    let fields = "validation { valid reason }";
    let answers = at_once(&shop.service, "applyReferralCode", inputs, fields).await;
    let valid =
        answers.into_iter().filter(|answer| answer.clone().ok()["validation"]["valid"] == true);
    assert_eq!(valid.count(), 5);
    assert_eq!(shop.balance("ann").await, 500);
    assert_eq!(balances(&shop, friends.into_iter()).await, 50);
}

async fn uses_are_the_users_whatever_the_code(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    for friend in 0..5 {
        shop.register_with(&format!("friend-{friend}"), &code).await;
    }
    let renewed = shop.service.mutate("regenerateReferralCode", json!({ "userId": "ann" }), "code");
    let renewed = renewed.await.ok()["code"].as_str().unwrap().to_owned();
    let sixth = shop.register_with("friend-5", &renewed).await;
    assert_eq!(sixth["referralCode"]["reason"], "MAX_USES_REACHED");
    assert_eq!(shop.balance("ann").await, 500);
}

async fn three_uses_and_thirty_redeemers(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    let fans: Vec<String> = (0..30).map(|n| format!("fan-{n}")).collect();
    join_all(fans.iter().map(|id| shop.register(id))).await;
    let promo = json!({ "code": "THREE", "maxRedemptions": 3, "data": { "credits": 70 } });
    shop.promo_code(promo).await;
    let inputs = fans.iter().map(|id| json!({ "userId": id, "code": "three" })).collect();
    let answers = at_once(&shop.service, "redeemPromoCode", inputs, "replayed").await;
    assert_eq!((count(&answers, ""), count(&answers, "BAD_USER_INPUT")), (3, 27));
    assert_eq!(balances(&shop, fans.into_iter()).await, 210);
    let shown = shop.admin.get("{ promoCodes { nodes { code redemptions } } }").await;
    assert_eq!(shown["nodes"], json!([{ "code": "THREE", "redemptions": 3 }]));
}

async fn one_redeemer_twenty_times_at_once(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    shop.promo_code(json!({ "code": "ONCE", "perUser": 1, "data": { "credits": 70 } })).await;
    let inputs = vec![json!({ "userId": "ann", "code": "ONCE" }); 20];
    let answers = at_once(&shop.service, "redeemPromoCode", inputs, "replayed").await;
    assert_eq!(
        count(&answers, ""),
        1,
        "the others are refused, the eleventh failure for its number"
    );
    assert_eq!(shop.balance("ann").await, 70);
}
