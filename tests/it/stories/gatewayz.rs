//! The program `gatewayz`, row by row: credits for what was bought, and a bonus for both sides at
//! a referred user's first purchase of at least the minimum.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/gatewayz":
    a_purchase_gives_what_was_bought,
    the_first_purchase_of_a_referred_user_rewards_both,
    a_purchase_below_the_minimum_leaves_the_bonus_for_later,
    the_settings_set_bonus_and_minimum,
    the_limit_of_uses_is_what_the_code_shows,
    a_used_up_code_leaves_the_referral_pending,
    a_code_is_eight_capitals_or_digits,
    bad_codes_are_reported_and_fail_nothing,
    nobody_refers_themselves,
    a_user_has_one_referrer_ever,
    a_code_typed_in_after_a_purchase_comes_too_late,
    the_same_again_changes_nothing,
    the_reports_add_up,
);

/// Ann and her code, and Bob who signed up with it.
pub async fn ann_refers_bob(server: &Server) -> (Shop, String) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    let bob = shop.register_with("bob", &code).await;
    assert_eq!(bob["referralCode"]["valid"], true);
    assert_eq!(bob["referralCode"]["referrerName"], "ann");
    (shop, code)
}

/// The decision of one rule file.
pub fn decision<'a>(payload: &'a Value, rule: &str) -> &'a Value {
    let decisions = payload["decisions"].as_array().unwrap();
    let found = decisions.iter().find(|decision| decision["rule"] == rule);
    found.unwrap_or_else(|| panic!("{rule} decided nothing: {payload:#}"))
}

async fn a_purchase_gives_what_was_bought(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let payload = shop.purchase("pay-1", "ann", 2_500).await;
    assert_eq!(decision(&payload, "purchase")["outcome"], "REWARDED");
    assert_eq!(payload["transactions"][0]["source"], "purchase");
    assert!(payload["referral"].is_null());
    assert_eq!(shop.entries("ann").await, [("purchase".to_owned(), 2_500)]);
    assert_eq!(shop.account("ann").await["balanceFormatted"], "$25.00");
}

async fn the_first_purchase_of_a_referred_user_rewards_both(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (0, 0));
    let payload = shop.purchase("pay-1", "bob", 1_000).await;
    assert_eq!(payload["referral"]["status"], "CREDITED");
    assert_eq!(payload["referral"]["code"], code.as_str());
    assert_eq!(payload["referral"]["bonusEarned"], 1_000);
    assert_eq!(payload["transactions"].as_array().unwrap().len(), 3);
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (1_000, 2_000));
    let sources = [("referral".to_owned(), 1_000), ("purchase".to_owned(), 1_000)];
    let mut entries = shop.entries("bob").await;
    entries.sort_by_key(|entry| entry.0 == "purchase");
    assert_eq!(entries, sources);

    let second = shop.purchase("pay-2", "bob", 5_000).await;
    assert_eq!(decision(&second, "referral")["outcome"], "SKIPPED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (1_000, 7_000));
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["signups"], &ann["conversions"]), (&json!(1), &json!(1)));
    assert_eq!((&ann["credited"], &ann["totalEarned"]), (&json!(1), &json!(1_000)));
    assert_eq!(shop.referral("bob").await["referredByName"], "ann");
}

async fn a_purchase_below_the_minimum_leaves_the_bonus_for_later(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    let small = shop.purchase("pay-1", "bob", 999).await;
    assert_eq!(decision(&small, "referral")["outcome"], "SKIPPED");
    assert_eq!(decision(&small, "referral")["reason"], "below_minimum");
    assert_eq!(small["referral"]["status"], "PENDING");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (0, 999));
    assert_eq!(shop.referral("ann").await["conversions"], 1, "a purchase is a conversion");

    let big = shop.purchase("pay-2", "bob", 1_000).await;
    assert_eq!(big["referral"]["status"], "CREDITED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (1_000, 2_999));
    assert_eq!(shop.referral("ann").await["conversions"], 1);
}

async fn the_settings_set_bonus_and_minimum(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    shop.set(json!({ "bonus": 250, "min_purchase": 5_000 })).await;
    let small = shop.purchase("pay-1", "bob", 4_999).await;
    assert_eq!(decision(&small, "referral")["reason"], "below_minimum");
    shop.purchase("pay-2", "bob", 5_000).await;
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (250, 10_249));
    let restored = shop.set(json!({ "bonus": null })).await;
    assert_eq!((&restored["bonus"], &restored["min_purchase"]), (&json!(1_000), &json!(5_000)));
}

async fn the_limit_of_uses_is_what_the_code_shows(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    assert_eq!(shop.validate(&code).await["remainingUses"], 10);
    shop.purchase("pay-1", "bob", 1_000).await;
    assert_eq!(shop.validate(&code).await["remainingUses"], 9);
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["maxUses"], &ann["remainingUses"]), (&json!(10), &json!(9)));
}

async fn a_used_up_code_leaves_the_referral_pending(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    shop.register_with("cleo", &code).await;
    shop.set(json!({ "code_max_uses": 1 })).await;
    shop.purchase("pay-1", "bob", 1_000).await;
    let late = shop.purchase("pay-2", "cleo", 3_000).await;
    assert_eq!(decision(&late, "referral")["outcome"], "SKIPPED");
    assert_eq!(decision(&late, "purchase")["outcome"], "REWARDED");
    assert_eq!(late["referral"]["status"], "PENDING");
    assert_eq!((shop.balance("ann").await, shop.balance("cleo").await), (1_000, 3_000));

    let shown = shop.validate(&code).await;
    assert_eq!((&shown["valid"], &shown["reason"]), (&json!(false), &json!("MAX_USES_REACHED")));
    assert_eq!(shown["message"], "Referral code has reached maximum uses");
    assert_eq!(shown["remainingUses"], 0);
    let dan = shop.register_with("dan", &code).await;
    assert_eq!(dan["created"], true);
    assert_eq!(dan["referralCode"]["reason"], "MAX_USES_REACHED");
    assert_eq!(shop.referral("ann").await["signups"], 2, "dan came without a referral");
}

async fn a_code_is_eight_capitals_or_digits(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    assert_eq!(code.len(), 8);
    assert!(code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()), "{code}");
    assert_eq!(shop.code_of("ann").await, code, "the same one after that");
    let link = format!("https://app.gatewayz.ai/signup?ref={code}");
    assert_eq!(shop.referral("ann").await["shareUrl"], link.as_str());

    let input = json!({ "userId": "ann" });
    let again = shop.service.mutate("regenerateReferralCode", input, "code created").await.ok();
    assert_ne!(again["code"], code.as_str());
    assert_eq!(shop.validate(&code).await["reason"], "NOT_FOUND");
    let sloppy = format!("  {}\t", again["code"].as_str().unwrap().to_lowercase());
    assert_eq!(shop.validate(&sloppy).await["valid"], true);
}

async fn bad_codes_are_reported_and_fail_nothing(server: &Server) {
    let shop = server.shop("gatewayz").await;
    let ann = shop.register_with("ann", "NOSUCH00").await;
    assert_eq!(ann["created"], true);
    assert_eq!(ann["referralCode"]["valid"], false);
    assert_eq!(ann["referralCode"]["reason"], "NOT_FOUND");
    assert!(shop.referral("ann").await["referredByCode"].is_null());
    let paid =
        json!({ "id": "pay-1", "userId": "ann", "amount": 1_000, "referralCode": "NOSUCH00" });
    let payload = shop.purchase_of(paid).await;
    assert_eq!(payload["referralCode"]["reason"], "NOT_FOUND");
    assert_eq!(shop.balance("ann").await, 1_000);
}

async fn nobody_refers_themselves(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.sign_up(json!({ "id": "ann", "email": "Ann@Example.com" })).await;
    let code = shop.code_of("ann").await;
    let same = json!({ "id": "ann-2", "email": "ann+two@example.com", "referralCode": code });
    assert_eq!(shop.sign_up(same).await["referralCode"]["reason"], "SELF_REFERRAL");
    assert_eq!(shop.apply_code("ann", &code).await["validation"]["reason"], "SELF_REFERRAL");
    assert_eq!(shop.referral("ann").await["signups"], 0);
}

async fn a_user_has_one_referrer_ever(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    shop.register("cleo").await;
    let other = shop.code_of("cleo").await;
    let applied = shop.apply_code("bob", &other).await;
    assert_eq!(applied["validation"]["reason"], "ALREADY_REFERRED");
    assert!(applied["referral"].is_null() || applied["referral"]["referrer"]["id"] == "ann");
    assert_eq!(shop.referral("cleo").await["signups"], 0);
}

async fn a_code_typed_in_after_a_purchase_comes_too_late(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop.register("bob").await;
    let code = shop.code_of("ann").await;
    shop.purchase("pay-1", "bob", 100).await;
    assert_eq!(shop.apply_code("bob", &code).await["validation"]["reason"], "ALREADY_PURCHASED");
    shop.register("cleo").await;
    let applied = shop.apply_code("cleo", &code).await;
    assert_eq!(applied["validation"]["valid"], true);
    assert_eq!(applied["referral"]["referrer"]["id"], "ann");
    shop.purchase("pay-2", "cleo", 1_000).await;
    assert_eq!(shop.balance("ann").await, 1_000);
}

async fn the_same_again_changes_nothing(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    let again = shop.register_with("bob", &code).await;
    assert_eq!(again["created"], false);
    let first = shop.purchase("pay-1", "bob", 1_000).await;
    let second = shop.purchase("pay-1", "bob", 1_000).await;
    assert_eq!((&first["replayed"], &second["replayed"]), (&json!(false), &json!(true)));
    for part in ["decisions", "transactions", "referral"] {
        assert_eq!(first[part], second[part], "{part}");
    }
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (1_000, 2_000));
    for other in [
        json!({ "id": "pay-1", "userId": "bob", "amount": 1_001 }),
        json!({ "id": "pay-1", "userId": "ann", "amount": 1_000 }),
    ] {
        let answer = shop.service.mutate("recordPurchase", other, "replayed").await;
        answer.refused("IDEMPOTENCY_CONFLICT");
    }
    let euros = json!({ "id": "pay-2", "userId": "bob", "amount": 1_000, "currency": "EUR" });
    shop.service.mutate("recordPurchase", euros, "replayed").await.refused("BAD_USER_INPUT");
    assert_eq!(shop.balance("bob").await, 2_000);
}

async fn the_reports_add_up(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    shop.register_with("cleo", &code).await;
    server.advance(chrono::TimeDelta::hours(2));
    shop.purchase("pay-1", "bob", 1_500).await;
    let report = shop
        .admin
        .get(
            "{ analytics { signups conversions conversionRate pending credited totalBonusPaid \
              referredRevenue averageSecondsToFirstPurchase creditsIssued creditsOutstanding \
              daily { date signups conversions bonusPaid } } }",
        )
        .await;
    assert_eq!((&report["signups"], &report["conversions"]), (&json!(2), &json!(1)));
    assert_eq!(report["conversionRate"], 0.5);
    assert_eq!((&report["pending"], &report["credited"]), (&json!(1), &json!(1)));
    assert_eq!(report["referredRevenue"], 1_500);
    assert_eq!(report["averageSecondsToFirstPurchase"], 7_200.0);
    assert_eq!(report["creditsIssued"], 3_500);
    assert_eq!(report["creditsOutstanding"], 3_500);
    assert_eq!(report["daily"].as_array().unwrap().len(), 30);
    let top = shop.admin.get("{ leaderboard { rank name creditedReferrals earned } }").await;
    assert_eq!(top, json!([{ "rank": 1, "name": "ann", "creditedReferrals": 1, "earned": 1_000 }]));
    let recent = shop
        .admin
        .get(
            "{ referrals(first: 5) { totalCount nodes { status referee { id } purchaseAmount } } }",
        )
        .await;
    assert_eq!(recent["totalCount"], 2);
    assert_eq!(recent["nodes"][0]["referee"]["id"], "cleo", "newest first");
    assert_eq!(recent["nodes"][1]["purchaseAmount"], 1_500);
}
