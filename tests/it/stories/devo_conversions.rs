//! The program `devo` when friends start to pay: tiers, contests, the A/B test, and the reports.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::devo::alex_refers_bob;
use super::gatewayz::decision;
use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/devo":
    the_first_purchase_pays_by_the_conversions_before_it,
    a_contest_multiplies_half_open,
    a_referrer_in_bucket_b_gets_more,
    a_full_refund_takes_the_credit_back,
    who_came_alone_pays_nobody,
    the_funnel_counts_clicks_sign_ups_and_conversions,
    the_leaderboard_ranks_the_referrers,
    the_redemption_rate_is_of_what_was_used_up,
    users_are_told_what_they_can_do,
);

/// A friend signs up with the code and pays.
async fn convert(shop: &Shop, friend: &str, code: &str) -> Value {
    shop.register_with(friend, code).await;
    shop.purchase(&format!("pay-{friend}"), friend, 2_000).await
}

async fn the_first_purchase_pays_by_the_conversions_before_it(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    let first = shop.purchase("pay-bob", "bob", 2_000).await;
    assert_eq!(decision(&first, "conversion")["outcome"], "REWARDED");
    assert_eq!(decision(&first, "ab_test")["reason"], "switched_off");
    assert_eq!(first["referral"]["status"], "CREDITED");
    assert_eq!(first["referral"]["bonusEarned"], 1_000);
    let second = shop.purchase("pay-bob-2", "bob", 2_000).await;
    assert_eq!(decision(&second, "conversion")["reason"], "not_the_first_purchase");
    for n in 1..12 {
        convert(&shop, &format!("friend-{n}"), &code).await;
    }
    let mut amounts: Vec<i64> = shop
        .entries("alex")
        .await
        .into_iter()
        .map(|(_, amount)| amount)
        .filter(|n| *n > 99)
        .collect();
    amounts.reverse();
    let expected = [[1_000; 5].as_slice(), &[1_250; 5], &[1_500; 2]].concat();
    assert_eq!(amounts, expected);
    let alex = shop.referral("alex").await;
    assert_eq!((&alex["conversions"], &alex["credited"]), (&json!(12), &json!(12)));
    assert_eq!(alex["totalEarned"], 14_250);

    shop.set(json!({ "conversion_tiers": [[0, 10], [12, 77]] })).await;
    convert(&shop, "last", &code).await;
    assert_eq!(shop.balance("alex").await, 14_250 + 77);
}

async fn a_contest_multiplies_half_open(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    let contest =
        json!({ "from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "multiplier": 3 });
    shop.set(json!({ "contest": contest })).await;
    let mut balance = 0;
    for (friend, instant, paid) in [
        ("a", "2026-11-30T23:59:59.999999Z", 1_000),
        ("b", "2026-12-01T00:00:00Z", 3_000),
        ("c", "2026-12-31T23:59:59.999999Z", 3_000),
        ("d", "2027-01-01T00:00:00Z", 1_000),
    ] {
        server.advance_to(instant);
        convert(&shop, friend, &code).await;
        balance += paid;
        assert_eq!(shop.balance("alex").await, balance, "{instant}");
    }
    let wrong = json!({ "settings": { "contest": 5 } });
    shop.admin.mutate("updateSettings", wrong, "tenant { slug }").await.refused("BAD_USER_INPUT");
    let told = shop.of_user("alex", "whatNext { kind }").await["whatNext"].to_string();
    assert!(!told.contains("contest"), "it is over: {told}");
}

/// The part of two that the engine's `bucket(id, 2)` puts a user into.
fn bucket(id: &str) -> u8 {
    Sha256::digest(id.as_bytes())[7] % 2
}

async fn a_referrer_in_bucket_b_gets_more(server: &Server) {
    let shop = server.shop("devo").await;
    shop.set(json!({ "ab_bonus": 300 })).await;
    let mut seen = [0, 0];
    for n in 0..8 {
        let id = format!("user-{n}");
        shop.register(&id).await;
        let code = shop.code_of(&id).await;
        let paid = convert(&shop, &format!("friend-{n}"), &code).await;
        let b = bucket(&id) == 1;
        assert_eq!(shop.balance(&id).await, if b { 1_300 } else { 1_000 }, "{id}");
        assert_eq!(decision(&paid, "ab_test")["outcome"], if b { "REWARDED" } else { "SKIPPED" });
        assert_eq!(shop.referral(&id).await["totalEarned"], if b { 1_300 } else { 1_000 });
        seen[usize::from(b)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

async fn a_full_refund_takes_the_credit_back(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    shop.purchase("pay-1", "bob", 2_000).await;
    shop.refund("re-1", "pay-1", Some(1_999)).await;
    assert_eq!(shop.balance("alex").await, 1_000);
    let all = shop.refund("re-2", "pay-1", None).await;
    assert_eq!(all["referral"]["status"], "REVERSED");
    assert_eq!(shop.balance("alex").await, 0);
    let found = shop.of_user("alex", "credits(unit: \"messages\") { balance }").await;
    assert_eq!(found["credits"]["balance"], 10, "what the sign-up brought stays");
    let report = shop.admin.get("{ analytics { referredRevenue conversions credited } }").await;
    assert_eq!(report, json!({ "referredRevenue": 0, "conversions": 1, "credited": 0 }));
}

async fn who_came_alone_pays_nobody(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    let paid = shop.purchase("pay-1", "alex", 2_000).await;
    assert_eq!(decision(&paid, "conversion")["reason"], "not_referred");
    assert_eq!(paid["transactions"], json!([]));
}

async fn the_funnel_counts_clicks_sign_ups_and_conversions(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    let visitor = server.anonymous("devo");
    for device in ["a", "b", "c", "d", "d"] {
        let input = json!({ "code": code, "deviceId": device });
        visitor.mutate("trackReferralClick", input, "counted").await.ok();
    }
    shop.register_with("cleo", &code).await;
    server.advance(TimeDelta::days(1));
    shop.purchase("pay-1", "bob", 4_900).await;
    shop.purchase("pay-2", "bob", 100).await;
    let fields = "clicks signups conversions conversionRate pending credited totalBonusPaid \
        referredRevenue averageSecondsToFirstPurchase daily { date clicks signups conversions bonusPaid }";
    let report = shop.admin.get(&format!("{{ analytics {{ {fields} }} }}")).await;
    for (field, expected) in [
        ("clicks", json!(4)),
        ("signups", json!(2)),
        ("conversions", json!(1)),
        ("conversionRate", json!(0.5)),
        ("pending", json!(1)),
        ("credited", json!(1)),
        ("totalBonusPaid", json!(1_000)),
        ("referredRevenue", json!(5_000)),
        ("averageSecondsToFirstPurchase", json!(86_400.0)),
    ] {
        assert_eq!(report[field], expected, "{field}");
    }
    let days = report["daily"].as_array().unwrap();
    let yesterday = json!({ "date": "2026-11-20", "clicks": 4, "signups": 2, "conversions": 0, "bonusPaid": 0 });
    let today = json!({ "date": "2026-11-21", "clicks": 0, "signups": 0, "conversions": 1, "bonusPaid": 1_000 });
    assert_eq!(days[days.len() - 2..], [yesterday, today]);
    let profile = shop.referral("alex").await;
    let funnel = (&profile["clicks"], &profile["signups"], &profile["conversions"]);
    assert_eq!(funnel, (&json!(4), &json!(2), &json!(1)));
}

async fn the_leaderboard_ranks_the_referrers(server: &Server) {
    let shop = server.shop("devo").await;
    for (referrer, friends) in [("ann", 1), ("ben", 3), ("cy", 1)] {
        shop.register(referrer).await;
        let code = shop.code_of(referrer).await;
        for n in 0..friends {
            convert(&shop, &format!("{referrer}-{n}"), &code).await;
        }
    }
    let row = |rank: i64, name: &str, credited: i64| json!({ "rank": rank, "name": name, "creditedReferrals": credited, "earned": credited * 1_000 });
    let top = shop.admin.get("{ leaderboard { rank name creditedReferrals earned } }").await;
    let mut rows = top.as_array().unwrap().clone();
    rows[1..].sort_by_key(|row| row["name"].to_string());
    assert_eq!(rows, [row(1, "ben", 3), row(2, "ann", 1), row(2, "cy", 1)]);
    let earned = "{ leaderboard(first: 1, by: EARNED, from: \"2026-11-01T00:00:00Z\", to: \"2026-11-30T00:00:00Z\") { rank name creditedReferrals earned } }";
    assert_eq!(shop.admin.get(earned).await, json!([row(1, "ben", 3)]));
    let before = earned.replace("2026-11", "2026-10");
    assert_eq!(shop.admin.get(&before).await, json!([]));
}

async fn the_redemption_rate_is_of_what_was_used_up(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    let rate = async || {
        shop.admin.get("{ analytics { rewardRedemptionRate } }").await["rewardRedemptionRate"]
            .as_f64()
            .unwrap()
    };
    assert_eq!(rate().await, 0.0);
    // Four quotas began: two of Bob's, two of Alex's.
    for (user, unit, amount) in [("bob", "messages", 5), ("alex", "messages", 9)] {
        let input = json!({ "userId": user, "unit": unit, "amount": amount });
        shop.service.mutate("consumeQuota", input, "account { balance }").await.ok();
    }
    assert_eq!(rate().await, 0.25);
    let input = json!({ "userId": "alex", "unit": "messages", "amount": 1 });
    shop.service.mutate("consumeQuota", input, "account { balance }").await.ok();
    assert_eq!(rate().await, 0.5);
}

async fn users_are_told_what_they_can_do(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    shop.purchase("pay-1", "bob", 2_000).await;
    let alex = server.user("devo", "alex").await;
    let told = alex.get("{ me { whatNext { kind message remaining } } }").await["whatNext"].clone();
    let tier = "4 more paying friends, and each one after that brings you $12.50";
    let invite = "Invite a friend: 10 messages and 5 requests for you";
    assert_eq!(
        told,
        json!([
            { "kind": "tier", "message": tier, "remaining": 4 },
            { "kind": "invite", "message": invite, "remaining": null },
        ])
    );
}
