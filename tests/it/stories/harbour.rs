//! A program invented here (`tests/programs/harbour`): every effect, option and cap window, without
//! a line of Rust that knows it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::gatewayz::decision;
use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/harbour":
    one_of_every_effect,
    a_quota_is_used_up,
    effects_are_applied_all_or_none,
    a_key_pays_once_ever,
    a_day_begins_at_midnight_in_new_york,
    a_week_begins_on_monday_and_clips,
    a_month_is_counted_for_the_whole_program,
    for_ever_is_counted_for_the_referrer,
    the_ceilings_stand_outside_the_scripts,
    every_refund_option_does_its_own,
    what_is_missing_is_owed,
    a_signal_holds_or_rejects,
    without_stripe_the_referral_fails_and_nothing_else_does,
    the_rules_say_who_may_use_a_code,
    codes_are_made_at_sign_up_from_the_name,
    a_new_code_is_given_twice_a_day,
);

async fn shop_with_ann(server: &Server) -> Shop {
    let shop = server.shop("harbour").await;
    // The first two are early: somebody else, so that Ann's ledger begins empty.
    for early in ["one", "two", "ann"] {
        shop.register(early).await;
    }
    shop
}

/// An event that grants `amount` with these options; outcome, reason, and Ann's balance after it.
async fn gift(shop: &Shop, id: &str, amount: i64, options: Value) -> (String, Value, i64) {
    let data = json!({ "amount": amount, "options": options });
    let payload = shop.event(id, "ann", "gift", data).await;
    let gifts = decision(&payload, "gifts");
    let outcome = gifts["outcome"].as_str().unwrap().to_owned();
    (outcome, gifts["reason"].clone(), shop.balance("ann").await)
}

fn rewarded(balance: i64) -> (String, Value, i64) {
    ("REWARDED".to_owned(), Value::Null, balance)
}

fn skipped(reason: &str, balance: i64) -> (String, Value, i64) {
    ("SKIPPED".to_owned(), reason.into(), balance)
}

async fn one_of_every_effect(server: &Server) {
    let shop = shop_with_ann(server).await;
    let payload = shop.event("v-1", "ann", "voyage", json!({})).await;
    assert_eq!(decision(&payload, "voyage")["outcome"], "REWARDED");
    let account = shop.account("ann").await;
    assert_eq!((&account["balance"], &account["pending"]), (&json!(43), &json!(60)));
    assert_eq!(account["balanceFormatted"], "¥43");
    let user = shop
        .of_user(
            "ann",
            "credits(unit: \"messages\") { balance balanceFormatted } \
            onboarding { completedCount steps { key done } } \
            notifications { nodes { kind message read } } \
            rewards { nodes { type status unit amount remaining source description validUntil } } \
            transactions { nodes { amount source referenceId description expiresAt } }",
        )
        .await;
    assert_eq!(user["credits"], json!({ "balance": 5, "balanceFormatted": "5 messages" }));
    assert_eq!(user["onboarding"]["completedCount"], 1);
    let notice = json!([{ "kind": "voyage", "message": "You earned ¥40", "read": false }]);
    assert_eq!(user["notifications"]["nodes"], notice);
    let rewards = user["rewards"]["nodes"].as_array().unwrap();
    let reward = |kind: &str, status: &str| {
        let found =
            rewards.iter().find(|reward| reward["type"] == kind && reward["status"] == status);
        found.unwrap_or_else(|| panic!("no {status} {kind}: {rewards:#?}")).clone()
    };
    assert_eq!(reward("QUOTA", "ACTIVE")["validUntil"].as_str().unwrap()[..10], *"2026-12-20");
    assert_eq!(reward("FEATURE", "ACTIVE")["unit"], "chart");
    assert_eq!(
        reward("FEATURE", "ACTIVE")["validUntil"].as_str().unwrap()[..16],
        *"2026-12-24T05:00"
    );
    assert_eq!(reward("CREDIT", "PENDING")["amount"], 60);
    let entry = user["transactions"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["amount"] == 40);
    let entry = entry.unwrap();
    assert_eq!(
        (&entry["referenceId"], &entry["description"]),
        (&json!("v-1"), &json!("For the voyage"))
    );
    server.advance(TimeDelta::hours(36));
    assert_eq!(shop.balance("ann").await, 103);
    server.advance(TimeDelta::hours(12));
    assert_eq!(shop.balance("ann").await, 63, "the 40 were for two days");
    shop.step("ann", "anchor").await;
    assert_eq!(shop.balance("ann").await, 63 + 3 + 9, "the last step, and all of them");
}

async fn a_quota_is_used_up(server: &Server) {
    let shop = shop_with_ann(server).await;
    shop.event("v-1", "ann", "voyage", json!({})).await;
    let consume = async |amount: i64, key: &str| {
        let input =
            json!({ "userId": "ann", "unit": "messages", "amount": amount, "idempotencyKey": key });
        shop.service.mutate("consumeQuota", input, "account { balance unit }").await
    };
    assert_eq!(consume(3, "a").await.ok()["account"]["balance"], 2);
    assert_eq!(consume(3, "a").await.ok()["account"]["balance"], 2);
    consume(3, "b").await.refused("INSUFFICIENT_CREDITS");
    assert_eq!(consume(2, "c").await.ok()["account"]["balance"], 0);
    let rewards = shop.of_user("ann", "rewards { nodes { type status } }").await;
    assert!(
        rewards["rewards"]["nodes"]
            .as_array()
            .unwrap()
            .contains(&json!({ "type": "QUOTA", "status": "REDEEMED" }))
    );
}

async fn effects_are_applied_all_or_none(server: &Server) {
    let shop = shop_with_ann(server).await;
    let payload = shop.event("g-1", "ann", "gifts", json!({ "amounts": [1, 2, -1] })).await;
    assert_eq!(decision(&payload, "gifts")["outcome"], "FAILED");
    assert_eq!(shop.entries("ann").await, []);
    let payload = shop.event("g-2", "ann", "gifts", json!({ "amounts": [1, 0, 2] })).await;
    assert_eq!(decision(&payload, "gifts")["outcome"], "REWARDED");
    assert_eq!(
        payload["transactions"].as_array().unwrap().len(),
        2,
        "an amount of 0 drops its effect"
    );
    assert_eq!(shop.balance("ann").await, 3);
}

async fn a_key_pays_once_ever(server: &Server) {
    let shop = shop_with_ann(server).await;
    let once = json!({ "once": "hello" });
    assert_eq!(gift(&shop, "g-1", 5, once.clone()).await, rewarded(5));
    server.advance(TimeDelta::days(400));
    assert_eq!(gift(&shop, "g-2", 5, once).await, skipped("once", 5));
    assert_eq!(gift(&shop, "g-3", 5, json!({ "once": "again" })).await, rewarded(10));
}

async fn a_day_begins_at_midnight_in_new_york(server: &Server) {
    let shop = shop_with_ann(server).await;
    let cap = || json!({ "cap": "each_day" });
    assert_eq!(gift(&shop, "g-1", 1, cap()).await, rewarded(1));
    assert_eq!(gift(&shop, "g-2", 1, cap()).await, rewarded(2));
    assert_eq!(gift(&shop, "g-3", 1, cap()).await, skipped("cap:each_day", 2));
    server.advance_to("2026-11-21T04:59:59Z");
    assert_eq!(gift(&shop, "g-4", 1, cap()).await, skipped("cap:each_day", 2));
    server.advance_to("2026-11-21T05:00:00Z");
    assert_eq!(gift(&shop, "g-5", 1, cap()).await, rewarded(3));
    shop.set(json!({ "daily": 1 })).await;
    assert_eq!(gift(&shop, "g-6", 1, cap()).await, skipped("cap:each_day", 3));
    shop.set(json!({ "daily": 3 })).await;
    assert_eq!(gift(&shop, "g-7", 1, cap()).await, rewarded(4));
}

async fn a_week_begins_on_monday_and_clips(server: &Server) {
    let shop = shop_with_ann(server).await;
    let cap = || json!({ "cap": "each_week" });
    assert_eq!(gift(&shop, "g-1", 200, cap()).await, rewarded(200));
    assert_eq!(gift(&shop, "g-2", 200, cap()).await, rewarded(250));
    let (outcome, _, balance) = gift(&shop, "g-3", 200, cap()).await;
    assert_eq!((outcome.as_str(), balance), ("SKIPPED", 250), "0 is left");
    server.advance_to("2026-11-23T05:00:00Z");
    assert_eq!(gift(&shop, "g-4", 200, cap()).await, rewarded(450));
}

async fn a_month_is_counted_for_the_whole_program(server: &Server) {
    let shop = shop_with_ann(server).await;
    let data = json!({ "amount": 400, "options": { "cap": "each_month" } });
    shop.event("g-0", "one", "gift", data).await;
    let cap = || json!({ "cap": "each_month" });
    assert_eq!(gift(&shop, "g-1", 101, cap()).await, skipped("cap:each_month", 0));
    assert_eq!(gift(&shop, "g-2", 100, cap()).await, rewarded(100));
    server.advance_to("2026-12-01T04:59:59Z");
    assert_eq!(gift(&shop, "g-3", 1, cap()).await, skipped("cap:each_month", 100));
    server.advance_to("2026-12-01T05:00:00Z");
    assert_eq!(gift(&shop, "g-4", 500, cap()).await, rewarded(600));
}

async fn for_ever_is_counted_for_the_referrer(server: &Server) {
    let shop = shop_with_ann(server).await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (70, 20));
    server.advance(TimeDelta::days(700));
    shop.register_with("cleo", &code).await;
    assert_eq!((shop.balance("ann").await, shop.balance("cleo").await), (70, 20));
    let messages = shop.of_user("ann", "credits(unit: \"messages\") { balance }").await;
    assert_eq!(messages["credits"]["balance"], 20);
}

async fn the_ceilings_stand_outside_the_scripts(server: &Server) {
    let shop = shop_with_ann(server).await;
    let failed = |balance: i64| ("FAILED".to_owned(), balance);
    let outcome = async |id: &str, amount: i64| {
        let (outcome, _, balance) = gift(&shop, id, amount, json!({})).await;
        (outcome, balance)
    };
    assert_eq!(outcome("g-1", 1_001).await, failed(0), "one effect");
    let payload = shop.event("g-2", "ann", "gifts", json!({ "amounts": [800, 701] })).await;
    assert_eq!(decision(&payload, "gifts")["outcome"], "FAILED", "one event");
    assert_eq!(outcome("g-3", 1_000).await.1, 1_000);
    assert_eq!(outcome("g-4", 1_000).await.1, 2_000);
    assert_eq!(outcome("g-5", 1).await, failed(2_000), "one user and day");
    let bought = shop.event("b-1", "ann", "bought", json!({ "amount": 9_000 })).await;
    assert_eq!(
        decision(&bought, "gifts")["outcome"],
        "REWARDED",
        "what was paid for is not counted"
    );
    for user in ["one", "two"] {
        let data = json!({ "amount": 1_000, "options": {} });
        shop.event(&format!("g-{user}"), user, "gift", data).await;
    }
    assert_eq!(
        (shop.balance("one").await, shop.balance("two").await),
        (1_001, 1),
        "program and day"
    );
    server.advance(TimeDelta::days(1));
    assert_eq!(outcome("g-6", 1).await.0, "REWARDED");
}

async fn every_refund_option_does_its_own(server: &Server) {
    let shop = shop_with_ann(server).await;
    shop.purchase("pay-1", "ann", 1_000).await;
    assert_eq!(shop.balance("ann").await, 100 + 11 + 5);
    let half = shop.refund("re-1", "pay-1", Some(500)).await;
    assert_eq!(decision(&half, "loyalty")["reason"], "in_part");
    assert_eq!(shop.balance("ann").await, 50 + 11 + 5);
    let whole = shop.refund("re-2", "pay-1", None).await;
    assert_eq!(decision(&whole, "loyalty")["outcome"], "REWARDED");
    assert_eq!(shop.balance("ann").await, 5);
    shop.purchase("pay-2", "ann", 100).await;
    assert_eq!(shop.balance("ann").await, 5 + 10 + 5, "the welcome was once, ever");
}

async fn what_is_missing_is_owed(server: &Server) {
    let shop = shop_with_ann(server).await;
    shop.purchase("pay-1", "ann", 1_000).await;
    shop.spend(json!({ "userId": "ann", "amount": 116 })).await.ok();
    shop.refund("re-1", "pay-1", None).await;
    assert_eq!(shop.balance("ann").await, -111);
    shop.spend(json!({ "userId": "ann", "amount": 1 })).await.refused("INSUFFICIENT_CREDITS");
    shop.add(json!({ "userId": "ann", "amount": 100 })).await.ok();
    assert_eq!(shop.balance("ann").await, -11);
    shop.add(json!({ "userId": "ann", "amount": 100 })).await.ok();
    assert_eq!(shop.balance("ann").await, 89);
    shop.spend(json!({ "userId": "ann", "amount": 89 })).await.ok();
}

async fn a_signal_holds_or_rejects(server: &Server) {
    let shop = server.shop("harbour").await;
    let at = |id: &str, ip: &str, device: &str, code: Option<&str>| json!({ "id": id, "name": id, "ipAddress": ip, "deviceId": device, "referralCode": code });
    shop.sign_up(at("ann", "192.0.2.1", "phone", None)).await;
    let code = shop.code_of("ann").await;
    shop.sign_up(at("bob", "192.0.2.1", "laptop", Some(&code))).await;
    shop.sign_up(at("cleo", "192.0.2.2", "phone", Some(&code))).await;
    shop.sign_up(at("dan", "192.0.2.3", "tablet", Some(&code))).await;
    let list = shop
        .admin
        .get("{ referrals { nodes { status referee { id } signals failureReason } } }")
        .await;
    let status = |id: &str| {
        let nodes = list["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["referee"]["id"] == id).unwrap()["status"].clone()
    };
    assert_eq!(
        (status("bob"), status("cleo"), status("dan")),
        (json!("HELD"), json!("REJECTED"), json!("PENDING"))
    );
    assert_eq!(
        (shop.balance("bob").await, shop.balance("cleo").await, shop.balance("dan").await),
        (1, 0, 20)
    );
}

async fn without_stripe_the_referral_fails_and_nothing_else_does(server: &Server) {
    let shop = shop_with_ann(server).await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    let paid = shop.purchase("pay-1", "bob", 500).await;
    assert_eq!(paid["referral"]["status"], "FAILED");
    assert_eq!(decision(&paid, "loyalty")["outcome"], "REWARDED");
    assert_eq!(shop.balance("bob").await, 20 + 50 + 11 + 5);
    let list = shop.admin.get("{ referrals { nodes { failureReason } } }").await;
    assert!(list["nodes"][0]["failureReason"].is_string());
    let notices =
        shop.of_user("ann", "notifications { nodes { kind } } referral { credited }").await;
    assert_eq!(notices["notifications"]["nodes"], json!([]), "the notice waits for Stripe's yes");
    assert_eq!(notices["referral"]["credited"], 0);
}

async fn the_rules_say_who_may_use_a_code(server: &Server) {
    let shop = shop_with_ann(server).await;
    let code = shop.code_of("ann").await;
    let nemo = shop.sign_up(json!({ "id": "n", "name": "Nemo", "referralCode": code })).await;
    assert_eq!(nemo["created"], true);
    assert_eq!(nemo["referralCode"]["reason"], "nobody");
    assert_eq!(shop.validate(&code).await["valid"], true);
}

async fn codes_are_made_at_sign_up_from_the_name(server: &Server) {
    let shop = server.shop("harbour").await;
    shop.sign_up(json!({ "id": "a", "name": "Änne-Marie" })).await;
    shop.sign_up(json!({ "id": "b", "name": "李" })).await;
    let code = |referral: Value| referral["code"].as_str().unwrap().to_owned();
    let (a, b) = (code(shop.referral("a").await), code(shop.referral("b").await));
    assert!(a.starts_with("HB-NNE") && a.len() == 10, "{a}");
    assert!(b.starts_with("HB-") && b.len() == 7, "{b}");
    assert_eq!(shop.referral("a").await["shareUrl"], format!("https://harbour.example/join/{a}"));
}

async fn a_new_code_is_given_twice_a_day(server: &Server) {
    let shop = shop_with_ann(server).await;
    let renew = async || {
        shop.service.mutate("regenerateReferralCode", json!({ "userId": "ann" }), "code").await
    };
    renew().await.ok();
    let second = renew().await;
    let third = renew().await;
    // The code made at sign-up may count as the first of the day.
    assert!(second.code().is_empty() || second.code() == "RATE_LIMITED");
    third.refused("RATE_LIMITED");
    server.advance_to("2026-11-21T05:00:00Z");
    renew().await.ok();
}
