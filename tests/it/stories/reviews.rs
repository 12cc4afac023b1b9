//! What an administrator decides by hand: held referrals, rewards on hold, failed payments.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/lighthouse", "tests/programs/harbour":
    a_held_referral_is_paid_when_it_is_approved,
    a_rule_that_only_holds_decides_as_if_nothing_spoke_against,
    an_approval_counts_against_the_caps_of_now,
    an_approval_after_a_full_refund_pays_nothing,
    a_rejected_referral_is_never_paid,
    only_administrators_review,
    a_hold_ends_early_when_it_is_approved,
    a_reward_on_hold_is_cancelled,
    what_is_left_of_a_reward_is_cancelled,
    a_cancelled_reward_of_a_referral_reverses_it,
    a_failed_payment_stays_until_it_is_cancelled,
    a_refund_ends_a_payment_that_is_still_owed,
    a_review_of_what_is_over_is_refused,
);

const REFERRAL: &str = "referral { id status failureReason signals reviewedBy bonusEarned } \
    decisions { event rule outcome reason effects facts }";
const REWARD: &str =
    "reward { id status amount remaining validFrom reviewedBy reviewReason failureReason }";

/// Ann refers Bob; both came with one device.
async fn shop_with_doubtful_bob(server: &Server, slug: &str) -> Shop {
    let shop = server.shop(slug).await;
    shop.sign_up(json!({ "id": "ann", "deviceId": "phone", "ipAddress": "192.0.2.1" })).await;
    let code = shop.code_of("ann").await;
    let bob = json!({ "id": "bob", "deviceId": "phone", "referralCode": code });
    shop.sign_up(bob).await;
    shop
}

async fn only_referral(shop: &Shop) -> Value {
    shop.admin.get("{ referrals { nodes { id status failureReason signals } } }").await["nodes"][0]
        .clone()
}

async fn approve(shop: &Shop, referral: &Value) -> Value {
    let input = json!({ "id": referral["id"], "reason": "They share a flat" });
    shop.admin.mutate("approveReferral", input, REFERRAL).await.ok()
}

async fn a_held_referral_is_paid_when_it_is_approved(server: &Server) {
    let shop = shop_with_doubtful_bob(server, "lighthouse").await;
    let paid = shop.purchase("pay-1", "bob", 2_000).await;
    assert_eq!(paid["referral"]["status"], "HELD");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (0, 0));
    let held = only_referral(&shop).await;
    assert_eq!(
        (&held["failureReason"], &held["signals"]["same_device"]),
        (&json!("same device"), &json!(1))
    );
    shop.set(json!({ "bonus": 700 })).await;
    server.advance(chrono::TimeDelta::hours(30));
    let approved = approve(&shop, &held).await;
    assert_eq!(approved["referral"]["status"], "CREDITED");
    assert_eq!(approved["referral"]["bonusEarned"], 700, "today's settings hold");
    assert_eq!(approved["referral"]["reviewedBy"], "key:ADMIN of the tests");
    assert_eq!(
        approved["referral"]["signals"]["same_device"], 1,
        "what spoke against it stays on record"
    );
    assert!(approved["referral"]["failureReason"].is_null());
    let decision = &approved["decisions"][0];
    assert_eq!(
        (&decision["event"], &decision["outcome"]),
        (&json!("purchase"), &json!("REWARDED"))
    );
    assert_eq!(decision["effects"].as_array().unwrap().len(), 3, "no hold among them");
    assert_eq!(decision["facts"]["referral"]["approved"], true);
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (700, 100));
    let again = json!({ "id": held["id"] });
    let refused =
        shop.admin.mutate("approveReferral", again, REFERRAL).await.refused("BAD_USER_INPUT");
    assert_eq!(refused["extensions"]["reason"], "CREDITED");
    assert_eq!(shop.balance("ann").await, 700);
}

async fn a_rule_that_only_holds_decides_as_if_nothing_spoke_against(server: &Server) {
    let shop = server.shop("harbour").await;
    shop.sign_up(json!({ "id": "ann", "ipAddress": "192.0.2.1" })).await;
    let code = shop.code_of("ann").await;
    shop.sign_up(json!({ "id": "bob", "ipAddress": "192.0.2.1", "referralCode": code })).await;
    let held = only_referral(&shop).await;
    assert_eq!((&held["status"], &held["failureReason"]), (&json!("HELD"), &json!("same address")));
    let before = (shop.balance("ann").await, shop.balance("bob").await);
    let approved = approve(&shop, &held).await;
    assert_eq!(approved["referral"]["status"], "PENDING", "the rule does not credit it");
    assert_eq!(approved["decisions"][0]["facts"]["signals"]["same_ip"], 0);
    let after = (shop.balance("ann").await, shop.balance("bob").await);
    assert_eq!((after.0 - before.0, after.1 - before.1), (70, 20));
}

async fn an_approval_counts_against_the_caps_of_now(server: &Server) {
    let shop = shop_with_doubtful_bob(server, "lighthouse").await;
    shop.purchase("pay-1", "bob", 2_000).await;
    let held = only_referral(&shop).await;
    let code = shop.code_of("ann").await;
    for friend in ["cleo", "dan"] {
        shop.register_with(friend, &code).await;
        shop.purchase(&format!("pay-{friend}"), friend, 2_000).await;
    }
    let approved = approve(&shop, &held).await;
    assert_eq!(approved["decisions"][0]["reason"], "cap:few");
    assert_eq!(approved["referral"]["status"], "PENDING");
    assert_eq!(shop.balance("ann").await, 1_000, "two were paid, never three");
}

async fn an_approval_after_a_full_refund_pays_nothing(server: &Server) {
    let shop = shop_with_doubtful_bob(server, "lighthouse").await;
    shop.purchase("pay-1", "bob", 2_000).await;
    shop.refund("back-1", "pay-1", None).await;
    let approved = approve(&shop, &only_referral(&shop).await).await;
    assert_eq!(approved["decisions"], json!([]));
    assert_eq!(approved["referral"]["status"], "PENDING");
    assert_eq!(shop.balance("ann").await, 0);
}

async fn a_rejected_referral_is_never_paid(server: &Server) {
    let shop = shop_with_doubtful_bob(server, "lighthouse").await;
    shop.purchase("pay-1", "bob", 2_000).await;
    let held = only_referral(&shop).await;
    let reject = async || {
        let input = json!({ "id": held["id"], "reason": "one and the same" });
        shop.admin.mutate("rejectReferral", input, REFERRAL).await
    };
    let rejected = reject().await.ok();
    assert_eq!(rejected["referral"]["status"], "REJECTED");
    assert_eq!(rejected["referral"]["failureReason"], "one and the same");
    assert_eq!(reject().await.ok()["referral"]["status"], "REJECTED", "twice is as good as once");
    let approve = json!({ "id": held["id"] });
    shop.admin.mutate("approveReferral", approve, REFERRAL).await.refused("BAD_USER_INPUT");
    let paid = shop.purchase("pay-2", "bob", 2_000).await;
    assert_eq!(paid["decisions"][0]["reason"], "already_decided");
    assert_eq!(shop.balance("ann").await, 0);
    let totals = shop.referral("ann").await;
    assert_eq!((&totals["credited"], &totals["conversions"]), (&json!(0), &json!(1)));
}

async fn only_administrators_review(server: &Server) {
    let shop = shop_with_doubtful_bob(server, "lighthouse").await;
    shop.purchase("pay-1", "bob", 2_000).await;
    let held = only_referral(&shop).await;
    let input = json!({ "id": held["id"] });
    let bob = server.user("lighthouse", "bob").await;
    for caller in [&shop.service, &bob] {
        for mutation in ["approveReferral", "rejectReferral"] {
            caller.mutate(mutation, input.clone(), REFERRAL).await.refused("FORBIDDEN");
        }
        for mutation in ["approveReward", "cancelReward", "retryReward"] {
            caller.mutate(mutation, input.clone(), REWARD).await.refused("FORBIDDEN");
        }
    }
    let unknown = json!({ "id": "00000000-0000-7000-8000-000000000000" });
    shop.admin.mutate("approveReferral", unknown.clone(), REFERRAL).await.refused("NOT_FOUND");
    shop.admin.mutate("approveReward", unknown.clone(), REWARD).await.refused("NOT_FOUND");
    shop.admin.mutate("retryReward", json!({ "id": "no id" }), REWARD).await.refused("NOT_FOUND");
    // Another tenant's administrator.
    let other = server.admin("harbour").await;
    other.mutate("approveReferral", input, REFERRAL).await.refused("NOT_FOUND");
    let signals =
        bob.get("{ me { referral { referredByCode } rewards { nodes { reviewedBy } } } }").await;
    assert_eq!(signals["rewards"]["nodes"], json!([]));
}

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

async fn review(shop: &Shop, mutation: &str, id: &Value) -> Value {
    let input = json!({ "id": id, "reason": "as agreed" });
    shop.admin.mutate(mutation, input, REWARD).await.ok()["reward"].clone()
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
