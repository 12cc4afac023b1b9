//! Rewards that an administrator decides about: on hold, in use, or not paid.

use serde_json::{Value, json};

use super::reviews::{REWARD, review};
use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/lighthouse", "tests/programs/harbour":
    a_hold_ends_early_when_it_is_approved,
    a_reward_on_hold_is_cancelled,
    what_is_left_of_a_reward_is_cancelled,
    a_cancelled_reward_of_a_referral_reverses_it,
    a_failed_payment_stays_until_it_is_cancelled,
    a_refund_ends_a_payment_that_is_still_owed,
    a_review_of_what_is_over_is_refused,
    a_reward_that_was_paid_back_is_not_cancelled,
);

/// Ann's rewards by type, as an event gave them with this hold.
async fn lit(shop: &Shop, hold_hours: i64) -> impl Fn(&str) -> Value {
    shop.sign_up(json!({ "id": "ann" })).await;
    shop.event("lit-1", "ann", "lit", json!({ "hold_hours": hold_hours })).await;
    let rewards = shop.admin.get("{ rewards { nodes { id type } } }").await;
    move |kind| {
        let nodes = rewards["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["type"] == kind).unwrap()["id"].clone()
    }
}

async fn a_hold_ends_early_when_it_is_approved(server: &Server) {
    let shop = server.shop("lighthouse").await;
    let of = lit(&shop, 48).await;
    let lamps = async || {
        shop.of_user("ann", "credits(unit: \"lamps\") { balance pending }").await["credits"].clone()
    };
    assert_eq!(shop.account("ann").await["pending"], 60);
    server.advance(chrono::TimeDelta::hours(1));
    let approved = review(&shop, "approveReward", &of("CREDIT")).await;
    assert_eq!(approved["status"], "ACTIVE");
    assert_eq!(approved["validFrom"], "2026-11-20T09:00:00Z");
    assert_eq!(
        (&approved["reviewedBy"], &approved["reviewReason"]),
        (&json!("key:ADMIN of the tests"), &json!("as agreed"))
    );
    let account = shop.account("ann").await;
    assert_eq!((&account["balance"], &account["pending"]), (&json!(60), &json!(0)));
    assert_eq!(review(&shop, "approveReward", &of("QUOTA")).await["status"], "ACTIVE");
    assert_eq!(lamps().await, json!({ "balance": 3, "pending": 0 }));
    assert_eq!(review(&shop, "approveReward", &of("FEATURE")).await["status"], "ACTIVE");
    // Once more changes nothing, and the hold's own end gives nothing again.
    review(&shop, "approveReward", &of("CREDIT")).await;
    server.advance(chrono::TimeDelta::hours(48));
    server.sweep().await;
    assert_eq!(
        shop.entries("ann").await,
        [("promotion".to_owned(), 60), ("promotion".to_owned(), 3)]
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
}

async fn a_reward_on_hold_is_cancelled(server: &Server) {
    let shop = server.shop("lighthouse").await;
    let of = lit(&shop, 48).await;
    for kind in ["CREDIT", "QUOTA", "FEATURE"] {
        let cancelled = review(&shop, "cancelReward", &of(kind)).await;
        assert_eq!(
            (&cancelled["status"], &cancelled["remaining"]),
            (&json!("CANCELLED"), &json!(0))
        );
    }
    assert_eq!(shop.account("ann").await["pending"], 0);
    server.advance(chrono::TimeDelta::hours(72));
    server.sweep().await;
    assert_eq!((shop.balance("ann").await, shop.entries("ann").await), (0, Vec::new()));
}

async fn what_is_left_of_a_reward_is_cancelled(server: &Server) {
    let shop = server.shop("lighthouse").await;
    let of = lit(&shop, 0).await;
    let spent = shop.spend(json!({ "userId": "ann", "amount": 25 })).await.ok();
    let cancelled = review(&shop, "cancelReward", &of("CREDIT")).await;
    assert_eq!((&cancelled["status"], &cancelled["remaining"]), (&json!("CANCELLED"), &json!(0)));
    let account = shop.account("ann").await;
    assert_eq!(
        (&account["balance"], &account["totalEarned"], &account["totalUsed"]),
        (&json!(0), &json!(25), &json!(25))
    );
    assert_eq!(review(&shop, "cancelReward", &of("CREDIT")).await["status"], "CANCELLED");
    // What comes back to it is gone as well.
    shop.reverse(spent["transaction"]["id"].as_str().unwrap()).await.ok();
    let account = shop.account("ann").await;
    assert_eq!(
        (&account["balance"], &account["totalEarned"], &account["totalUsed"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(review(&shop, "cancelReward", &of("FEATURE")).await["status"], "CANCELLED");
}

async fn a_cancelled_reward_of_a_referral_reverses_it(server: &Server) {
    let shop = server.shop("lighthouse").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    shop.purchase("pay-1", "bob", 2_000).await;
    assert_eq!(shop.referral("ann").await["credited"], 1);
    let rewards = shop.admin.get("{ rewards(filter: { userId: \"ann\" }) { nodes { id } } }").await;
    review(&shop, "cancelReward", &rewards["nodes"][0]["id"]).await;
    let profile = shop.referral("ann").await;
    assert_eq!(
        (&profile["credited"], &profile["totalEarned"], &profile["conversions"]),
        (&json!(0), &json!(0), &json!(1))
    );
    assert_eq!(profile["referrals"]["nodes"][0]["status"], "REVERSED");
    // Its use of the cap is free again: two more are paid.
    for friend in ["cleo", "dan"] {
        shop.register_with(friend, &code).await;
        shop.purchase(&format!("pay-{friend}"), friend, 2_000).await;
    }
    assert_eq!(shop.balance("ann").await, 1_000);
    // A refund afterwards takes nothing twice.
    shop.refund("back-1", "pay-1", None).await;
    assert_eq!(shop.balance("ann").await, 1_000);
}

async fn a_failed_payment_stays_until_it_is_cancelled(server: &Server) {
    let shop = server.shop("lighthouse").await;
    shop.register("ann").await;
    shop.event("out-1", "ann", "paid_outside", json!({})).await;
    let failed = shop
        .admin
        .get("{ rewards(filter: { status: FAILED }) { nodes { id type amount } } }")
        .await;
    let id = &failed["nodes"][0]["id"];
    assert_eq!(
        (&failed["nodes"][0]["type"], &failed["nodes"][0]["amount"]),
        (&json!("STRIPE_BALANCE"), &json!(700))
    );
    let tried = review(&shop, "retryReward", id).await;
    assert_eq!(
        (&tried["status"], &tried["failureReason"]),
        (&json!("FAILED"), &json!("Stripe is not connected"))
    );
    shop.admin.mutate("approveReward", json!({ "id": id }), REWARD).await.refused("BAD_USER_INPUT");
    assert_eq!(review(&shop, "cancelReward", id).await["status"], "CANCELLED");
    let refused = shop
        .admin
        .mutate("retryReward", json!({ "id": id }), REWARD)
        .await
        .refused("BAD_USER_INPUT");
    assert_eq!(refused["extensions"]["reason"], "CANCELLED");
}

async fn a_refund_ends_a_payment_that_is_still_owed(server: &Server) {
    let shop = server.shop("harbour").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    shop.purchase("pay-1", "bob", 500).await;
    let owed = "{ rewards(filter: { status: FAILED }) { nodes { id } } }";
    let id = shop.admin.get(owed).await["nodes"][0]["id"].clone();
    shop.refund("back-1", "pay-1", Some(100)).await;
    assert_eq!(shop.admin.get(owed).await["nodes"][0]["id"], id, "a part is not the whole");
    shop.refund("back-2", "pay-1", None).await;
    assert_eq!(shop.admin.get(owed).await["nodes"], json!([]));
    shop.admin.mutate("retryReward", json!({ "id": id }), REWARD).await.refused("BAD_USER_INPUT");
}

async fn a_review_of_what_is_over_is_refused(server: &Server) {
    let shop = server.shop("lighthouse").await;
    let of = lit(&shop, 0).await;
    shop.spend(json!({ "userId": "ann", "amount": 60 })).await.ok();
    let reason = async |mutation: &str, id: Value| {
        let refused = shop
            .admin
            .mutate(mutation, json!({ "id": id }), REWARD)
            .await
            .refused("BAD_USER_INPUT");
        refused["extensions"]["reason"].clone()
    };
    assert_eq!(reason("cancelReward", of("CREDIT")).await, "REDEEMED");
    server.advance(chrono::TimeDelta::hours(48));
    assert_eq!(reason("cancelReward", of("QUOTA")).await, "EXPIRED");
    assert_eq!(reason("approveReward", of("FEATURE")).await, "EXPIRED");
    assert_eq!(reason("retryReward", of("CREDIT")).await, "REDEEMED");
}

async fn a_reward_that_was_paid_back_is_not_cancelled(server: &Server) {
    let shop = server.shop("harbour").await;
    for filler in ["first", "second"] {
        shop.register(filler).await;
    }
    shop.register("ann").await;
    let granted = shop.add(json!({ "userId": "ann", "amount": 100 })).await.ok();
    let spent = shop.spend(json!({ "userId": "ann", "amount": 100 })).await.ok();
    shop.reverse(granted["transaction"]["id"].as_str().unwrap()).await.ok();
    assert_eq!(shop.balance("ann").await, -100);
    shop.add(json!({ "userId": "ann", "amount": 100 })).await.ok();
    shop.reverse(spent["transaction"]["id"].as_str().unwrap()).await.ok();
    assert_eq!(shop.balance("ann").await, 100, "the debt was paid, so what came back is hers");
    let input = json!({ "id": granted["lot"]["id"] });
    let refused = shop.admin.mutate("cancelReward", input, REWARD).await.refused("BAD_USER_INPUT");
    assert_eq!(refused["extensions"]["reason"], "PAID_BACK");
    shop.spend(json!({ "userId": "ann", "amount": 100 })).await.ok();
}
