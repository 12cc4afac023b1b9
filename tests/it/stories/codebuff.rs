//! The program `codebuff`, row by row: usage credits, which are no money, for both sides at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::gatewayz::decision;
use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/codebuff":
    a_code_is_there_from_the_start,
    both_sides_get_credits_at_once,
    a_code_can_be_typed_in_later,
    the_fifth_use_pays_and_the_sixth_does_not,
    a_code_is_replaced_five_times_a_day,
    replaced_at_once_a_code_is_replaced_five_times,
    a_new_code_brings_no_new_uses,
    credits_are_used_as_a_quota,
    users_are_told_what_they_can_do,
);

async fn shop_with_ann(server: &Server) -> (Shop, String) {
    let shop = server.shop("codebuff").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    (shop, code)
}

/// `ref-` and a random UUID.
fn assert_form(code: &str) {
    let id = code.strip_prefix("ref-").unwrap_or_else(|| panic!("{code}"));
    let parsed = uuid::Uuid::parse_str(id).unwrap();
    assert_eq!((parsed.get_version_num(), parsed.to_string().as_str()), (4, id));
}

async fn a_code_is_there_from_the_start(server: &Server) {
    let shop = server.shop("codebuff").await;
    shop.register("ann").await;
    let ann = shop.referral("ann").await;
    let code = ann["code"].as_str().unwrap();
    assert_form(code);
    assert_eq!(ann["shareUrl"], format!("https://codebuff.com/referrals?ref={code}"));
    assert_eq!((&ann["maxUses"], &ann["remainingUses"]), (&json!(5), &json!(5)));
    assert_eq!(shop.code_of("ann").await, code);
    assert_eq!(shop.validate(&format!(" {}\n", code.to_uppercase())).await["valid"], true);
}

async fn both_sides_get_credits_at_once(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let bob = shop.register_with("bob", &code).await;
    assert_eq!(decision(&bob, "referral")["outcome"], "REWARDED");
    for user in ["ann", "bob"] {
        let account = shop.account(user).await;
        assert_eq!((&account["unit"], &account["balance"]), (&json!("credits"), &json!(500)));
        assert_eq!(account["balanceFormatted"], "500 credits");
        let found = shop.of_user(user, "rewards { nodes { type unit amount status } }").await;
        let reward =
            json!({ "type": "QUOTA", "unit": "credits", "amount": 500, "status": "ACTIVE" });
        assert_eq!(found["rewards"]["nodes"], json!([reward]));
        assert_eq!(shop.entries(user).await, [("referral".to_owned(), 500)]);
    }
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["credited"], &ann["totalEarned"]), (&json!(1), &json!(500)));
    assert_eq!(ann["referrals"]["nodes"][0]["status"], "CREDITED");
    assert_eq!(ann["remainingUses"], 4);
}

async fn a_code_can_be_typed_in_later(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.register("bob").await;
    shop.set(json!({ "quota_bonus": 40 })).await;
    let applied = shop.apply_code("bob", &code).await;
    assert_eq!(applied["referral"]["status"], "CREDITED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (40, 40));
    let again = shop.apply_code("bob", &code).await;
    assert_eq!(again["validation"]["reason"], "ALREADY_REFERRED");
    let own = shop.apply_code("ann", &code).await;
    assert_eq!(own["validation"]["reason"], "SELF_REFERRAL");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (40, 40));
}

/// Four uses are gone, and twenty friends come at the same moment, half of them at sign-up.
async fn the_fifth_use_pays_and_the_sixth_does_not(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    for n in 0..4 {
        shop.register_with(&format!("early-{n}"), &code).await;
    }
    for n in 0..10 {
        shop.register(&format!("typing-{n}")).await;
    }
    let at_sign_up = (0..10).map(|n| {
        let input = json!({ "id": format!("late-{n}"), "referralCode": code });
        let service = &shop.service;
        async move {
            let done =
                service.mutate("registerUser", input, "created referralCode { valid reason }");
            let done = done.await.ok();
            assert_eq!(done["created"], true, "a used-up code fails no sign-up");
            done["referralCode"].clone()
        }
    });
    let typed_in = (0..10).map(|n| {
        let input = json!({ "userId": format!("typing-{n}"), "code": code });
        let service = &shop.service;
        async move {
            let done = service.mutate("applyReferralCode", input, "validation { valid reason }");
            done.await.ok()["validation"].clone()
        }
    });
    let (first, second) = tokio::join!(join_all(at_sign_up), join_all(typed_in));
    let (good, bad): (Vec<Value>, Vec<Value>) =
        first.into_iter().chain(second).partition(|validation| validation["valid"] == true);
    assert_eq!(good.len(), 1, "the fifth use");
    assert!(bad.iter().all(|validation| validation["reason"] == "MAX_USES_REACHED"), "{bad:?}");
    assert_eq!(shop.balance("ann").await, 2_500);
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["credited"], &ann["remainingUses"]), (&json!(5), &json!(0)));
    assert_eq!(ann["referrals"]["totalCount"], 5);
}

async fn a_code_is_replaced_five_times_a_day(server: &Server) {
    let (shop, first) = shop_with_ann(server).await;
    shop.register("bob").await;
    let renew = async |user: &str| {
        shop.service.mutate("regenerateReferralCode", json!({ "userId": user }), "code").await
    };
    let mut codes = vec![first];
    for _ in 0..5 {
        codes.push(renew("ann").await.ok()["code"].as_str().unwrap().to_owned());
    }
    codes.iter().for_each(|code| assert_form(code));
    let refused = renew("ann").await.refused("RATE_LIMITED");
    assert_eq!(refused["extensions"]["retryAfter"], 16 * 3_600, "it is eight in the morning");
    renew("bob").await.ok();
    // An old code stops working, and is never given again.
    for old in &codes[..5] {
        assert_eq!(shop.validate(old).await["reason"], "NOT_FOUND");
    }
    assert_eq!(shop.validate(&codes[5]).await["valid"], true);
    server.advance_to("2026-11-20T23:59:59Z");
    renew("ann").await.refused("RATE_LIMITED");
    server.advance_to("2026-11-21T00:00:00Z");
    renew("ann").await.ok();
}

async fn replaced_at_once_a_code_is_replaced_five_times(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    let own = server.user("codebuff", "ann").await;
    let renewed =
        join_all((0..12).map(|_| own.mutate("regenerateReferralCode", json!({}), "code")));
    let (good, bad): (Vec<_>, Vec<_>) =
        renewed.await.into_iter().partition(|answer| answer.code().is_empty());
    assert_eq!((good.len(), bad.len()), (5, 7));
    assert!(bad.iter().all(|answer| answer.code() == "RATE_LIMITED"));
    let now = shop.code_of("ann").await;
    assert!(good.into_iter().any(|answer| answer.ok()["code"] == now.as_str()));
}

async fn a_new_code_brings_no_new_uses(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.set(json!({ "code_max_uses": 1, "code_generations_per_day": 1 })).await;
    shop.register_with("bob", &code).await;
    let input = json!({ "userId": "ann" });
    let renewed = shop.service.mutate("regenerateReferralCode", input, "code").await.ok();
    let shown = shop.validate(renewed["code"].as_str().unwrap()).await;
    assert_eq!((&shown["valid"], &shown["reason"]), (&json!(false), &json!("MAX_USES_REACHED")));
    assert_eq!((&shown["remainingUses"], shop.balance("ann").await), (&json!(0), 500));
}

async fn credits_are_used_as_a_quota(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.register_with("bob", &code).await;
    let consume = async |amount: i64| {
        let input = json!({ "userId": "bob", "unit": "credits", "amount": amount });
        shop.service.mutate("consumeQuota", input, "account { unit balance totalUsed }").await
    };
    let account = consume(180).await.ok();
    assert_eq!(account["account"], json!({ "unit": "credits", "balance": 320, "totalUsed": 180 }));
    consume(321).await.refused("INSUFFICIENT_CREDITS");
    consume(320).await.ok();
    let found = shop.of_user("bob", "rewards { nodes { status remaining } }").await;
    assert_eq!(found["rewards"]["nodes"], json!([{ "status": "REDEEMED", "remaining": 0 }]));
}

async fn users_are_told_what_they_can_do(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let ann = server.user("codebuff", "ann").await;
    let told = async || {
        ann.get("{ me { whatNext { kind message remaining } } }").await["whatNext"].clone()
    };
    assert_eq!(told().await[0]["kind"], "enter_code");
    for friend in ["bob", "cleo"] {
        shop.register_with(friend, &code).await;
    }
    let message = "Get 500 credits for each friend: 3 of 5 uses left";
    let step = json!({ "kind": "invite", "message": message, "remaining": 3 });
    assert_eq!(told().await[1], step);
    // The limit that the engine enforces is the one that is shown.
    shop.set(json!({ "code_max_uses": 2 })).await;
    assert_eq!(told().await.as_array().unwrap().len(), 1);
    assert_eq!(shop.validate(&code).await["reason"], "MAX_USES_REACHED");
    shop.apply_code("ann", &shop.code_of("bob").await).await;
    assert_eq!(told().await, json!([]));
}
