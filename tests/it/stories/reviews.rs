//! Held referrals, which an administrator releases or refuses.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/lighthouse", "tests/programs/harbour", "tests/programs/watchtower":
    one_file_holds_what_others_would_pay,
    what_happens_while_a_referral_is_held_waits_with_it,
    a_failed_decision_does_not_get_around_a_hold,
    what_was_refunded_meanwhile_is_taken_off_what_is_paid_late,
    a_referrer_who_was_erased_is_not_paid_late,
    a_payment_to_the_referred_user_decides_nothing_about_the_referral,
    a_held_referral_is_paid_when_it_is_approved,
    a_rule_that_only_holds_decides_as_if_nothing_spoke_against,
    an_approval_counts_against_the_caps_of_now,
    an_approval_after_a_full_refund_pays_nothing,
    a_rejected_referral_is_never_paid,
    only_administrators_review,
);

const REFERRAL: &str = "referral { id status failureReason signals reviewedBy bonusEarned } \
    decisions { event rule outcome reason effects facts }";
pub(super) const REWARD: &str =
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
    // What an administrator sees, others do not.
    let ann = server.user("lighthouse", "ann").await;
    let query =
        "{ me { referral { referrals { nodes { status signals reviewedBy failureReason } } } } }";
    let nobody =
        json!([{ "status": "HELD", "signals": null, "reviewedBy": null, "failureReason": null }]);
    assert_eq!(ann.get(query).await["referral"]["referrals"]["nodes"], nobody);
    approve(&shop, &held).await;
    let rewards = "rewards { nodes { id reviewedBy reviewReason } }";
    let own = ann.get(&format!("{{ me {{ {rewards} }} }}")).await["rewards"]["nodes"].clone();
    review(&shop, "cancelReward", &own[0]["id"]).await;
    for seen in
        [ann.get(&format!("{{ me {{ {rewards} }} }}")).await, shop.of_user("ann", rewards).await]
    {
        let node = &seen["rewards"]["nodes"][0];
        assert_eq!((&node["reviewedBy"], &node["reviewReason"]), (&Value::Null, &Value::Null));
    }
    let referral = ann.get(query).await["referral"]["referrals"]["nodes"][0].clone();
    assert_eq!((&referral["signals"], &referral["reviewedBy"]), (&Value::Null, &Value::Null));
}

pub(super) async fn review(shop: &Shop, mutation: &str, id: &Value) -> Value {
    let input = json!({ "id": id, "reason": "as agreed" });
    shop.admin.mutate(mutation, input, REWARD).await.ok()["reward"].clone()
}

async fn buy(shop: &Shop, payment: &str, plan: &str) -> Value {
    let input = json!({ "id": payment, "userId": "bob", "amount": 1_000, "plan": plan });
    shop.service.mutate("recordPurchase", input, "referral { id status }").await.ok()
}

async fn one_file_holds_what_others_would_pay(server: &Server) {
    for (n, plan) in ["early", "late"].into_iter().enumerate() {
        let shop = server.shop("watchtower").await;
        let (ann, bob) = (format!("ann-{n}"), format!("bob-{n}"));
        shop.sign_up(json!({ "id": ann, "deviceId": format!("phone-{n}") })).await;
        let code = shop.code_of(&ann).await;
        shop.sign_up(json!({ "id": bob, "deviceId": format!("phone-{n}"), "referralCode": code }))
            .await;
        let input =
            json!({ "id": format!("pay-{n}"), "userId": bob, "amount": 1_000, "plan": plan });
        let paid =
            shop.service.mutate("recordPurchase", input, "referral { id status }").await.ok();
        assert_eq!(paid["referral"]["status"], "HELD", "{plan}");
        assert_eq!(shop.balance(&ann).await, 1, "{plan}");
        let approved = approve(&shop, &paid["referral"]).await;
        assert_eq!(approved["referral"]["status"], "CREDITED", "{plan}");
        assert_eq!(shop.balance(&ann).await, if plan == "early" { 41 } else { 101 });
    }
}

async fn what_happens_while_a_referral_is_held_waits_with_it(server: &Server) {
    let shop = server.shop("watchtower").await;
    shop.sign_up(json!({ "id": "ann", "deviceId": "phone" })).await;
    let code = shop.code_of("ann").await;
    shop.sign_up(json!({ "id": "bob", "deviceId": "phone", "referralCode": code })).await;
    // A rule that pays for nothing: the referral is held by the first purchase alone.
    shop.set(json!({ "share": 0 })).await;
    buy(&shop, "pay-1", "early").await;
    shop.set(json!({ "share": 20 })).await;
    let second = buy(&shop, "pay-2", "late").await;
    assert_eq!((&second["referral"]["status"], shop.balance("ann").await), (&json!("HELD"), 1));
    let approved = approve(&shop, &second["referral"]).await;
    assert_eq!(approved["referral"]["status"], "CREDITED");
    assert_eq!(shop.balance("ann").await, 41, "once, for the first; a referral is credited once");
}

async fn a_failed_decision_does_not_get_around_a_hold(server: &Server) {
    let shop = server.shop("watchtower").await;
    shop.sign_up(json!({ "id": "ann", "deviceId": "phone" })).await;
    let code = shop.code_of("ann").await;
    shop.sign_up(json!({ "id": "bob", "deviceId": "phone", "referralCode": code })).await;
    shop.set(json!({ "share": 1_000_000 })).await;
    let input = json!({ "id": "pay-1", "userId": "bob", "amount": 1_000, "plan": "late" });
    let paid = shop
        .service
        .mutate("recordPurchase", input, "referral { id status } decisions { id rule outcome }")
        .await
        .ok();
    assert_eq!(paid["referral"]["status"], "HELD");
    shop.set(json!({ "share": 10 })).await;
    let decisions = paid["decisions"].as_array().unwrap();
    let ids: Vec<_> = decisions
        .iter()
        .filter(|made| made["outcome"] == "FAILED")
        .map(|made| &made["id"])
        .collect();
    let selection = "results { decision { outcome } reason }";
    shop.admin.mutate("retryDecisions", json!({ "ids": ids }), selection).await;
    assert_eq!(
        (only_referral(&shop).await["status"].clone(), shop.balance("ann").await),
        (json!("HELD"), 1)
    );
    approve(&shop, &paid["referral"]).await;
    assert_eq!(shop.balance("ann").await, 101);
}

async fn what_was_refunded_meanwhile_is_taken_off_what_is_paid_late(server: &Server) {
    let shop = server.shop("watchtower").await;
    shop.sign_up(json!({ "id": "ann", "deviceId": "phone" })).await;
    let code = shop.code_of("ann").await;
    shop.sign_up(json!({ "id": "bob", "deviceId": "phone", "referralCode": code })).await;
    let paid = buy(&shop, "pay-1", "late").await;
    shop.refund("back-1", "pay-1", Some(300)).await;
    approve(&shop, &paid["referral"]).await;
    assert_eq!(shop.balance("ann").await, 1 + 70);
    shop.refund("back-2", "pay-1", None).await;
    assert_eq!(shop.balance("ann").await, 1, "the parts come to the whole");
}

async fn a_referrer_who_was_erased_is_not_paid_late(server: &Server) {
    let shop = shop_with_doubtful_bob(server, "lighthouse").await;
    shop.purchase("pay-1", "bob", 2_000).await;
    shop.admin.mutate("eraseUser", json!({ "userId": "ann" }), "user { id }").await.ok();
    let approved = approve(&shop, &only_referral(&shop).await).await;
    assert_eq!(approved["decisions"], json!([]));
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (0, 0));
}

async fn a_payment_to_the_referred_user_decides_nothing_about_the_referral(server: &Server) {
    let shop = server.shop("watchtower").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    let thanked = shop.event("thanks-1", "bob", "thanked", json!({})).await;
    assert_eq!(thanked["referral"]["status"], "PENDING");
    assert_eq!(thanked["transactions"][0]["source"], "promotion", "it is not for the referral");
    let paid = buy(&shop, "pay-1", "late").await;
    assert_eq!(paid["referral"]["status"], "CREDITED");
}
