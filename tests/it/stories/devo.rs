//! The program `devo`, row by row: quotas and a trial of Pro at the sign-up with a friend's code.

use chrono::TimeDelta;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/devo":
    a_code_has_four_letters_of_the_name,
    a_code_is_made_at_sign_up,
    a_friend_is_welcomed_with_quotas_and_a_trial,
    whoever_invited_gets_quotas_too,
    a_code_typed_in_later_gives_the_same,
    quotas_are_gone_after_thirty_days,
    what_ends_first_is_used_first,
    a_quota_is_exact_under_concurrency,
    a_feature_has_its_window,
    a_reward_goes_from_pending_to_redeemed,
    clicks_at_once_are_all_counted,
    addresses_and_devices_are_kept_as_hashes,
);

pub async fn alex_refers_bob(server: &Server) -> (Shop, String) {
    let shop = server.shop("devo").await;
    shop.sign_up(json!({ "id": "alex", "name": "Alexandra" })).await;
    let code = shop.code_of("alex").await;
    assert_eq!(shop.register_with("bob", &code).await["referralCode"]["valid"], true);
    (shop, code)
}

/// What is left of a quota.
async fn left(shop: &Shop, user: &str, unit: &str) -> i64 {
    let found = shop.of_user(user, &format!("credits(unit: \"{unit}\") {{ balance }}")).await;
    found["credits"]["balance"].as_i64().unwrap()
}

/// The user's rewards in one unit, oldest first.
async fn rewards(shop: &Shop, user: &str, unit: &str) -> Vec<Value> {
    let fields = "type status unit amount remaining source validFrom validUntil";
    let found = shop.of_user(user, &format!("rewards {{ nodes {{ {fields} }} }}")).await;
    let nodes = found["rewards"]["nodes"].as_array().unwrap();
    nodes.iter().rev().filter(|node| node["unit"] == unit).cloned().collect()
}

async fn statuses(shop: &Shop, user: &str, unit: &str) -> Vec<String> {
    let status = |reward: Value| reward["status"].as_str().unwrap().to_owned();
    rewards(shop, user, unit).await.into_iter().map(status).collect()
}

async fn consume(shop: &Shop, user: &str, unit: &str, amount: i64) -> String {
    let input = json!({ "userId": user, "unit": unit, "amount": amount });
    let answer = shop.service.mutate("consumeQuota", input, "account { balance }").await;
    answer.code().to_owned()
}

async fn a_code_has_four_letters_of_the_name(server: &Server) {
    let shop = server.shop("devo").await;
    for (name, letters) in [
        (Some("Alexandra"), "ALEX"),
        (Some("Al"), "AL"),
        (Some("o'Neill-Smith"), "ONEI"),
        (Some("Änne"), "NNE"),
        (Some("R2-D2"), "RD"),
        (Some("李小龙"), ""),
        (None, ""),
    ] {
        let id = format!("user-{letters}-{}", name.is_some());
        shop.sign_up(json!({ "id": id, "name": name })).await;
        let code = shop.code_of(&id).await;
        let digits = code.strip_prefix("DEVO-").and_then(|rest| rest.strip_prefix(letters));
        let digits = digits.unwrap_or_else(|| panic!("{name:?}: {code}"));
        assert_eq!(digits.len(), 4, "{name:?}: {code}");
        assert!(digits.chars().all(|digit| digit.is_ascii_digit()), "{name:?}: {code}");
    }
}

async fn a_code_is_made_at_sign_up(server: &Server) {
    let shop = server.shop("devo").await;
    shop.register("alex").await;
    let alex = shop.referral("alex").await;
    let code = alex["code"].as_str().unwrap();
    assert_eq!(alex["shareUrl"], format!("https://dev-o.ai/signup?ref={code}"));
    assert!(alex["remainingUses"].is_null(), "no limit");
    assert_eq!(shop.validate(&code.to_lowercase()).await["valid"], true);
}

async fn a_friend_is_welcomed_with_quotas_and_a_trial(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    assert_eq!(
        (left(&shop, "bob", "messages").await, left(&shop, "bob", "requests").await),
        (5, 2)
    );
    let quota = |unit: &str, amount: i64| {
        json!({ "type": "QUOTA", "status": "ACTIVE", "unit": unit, "amount": amount,
                "remaining": amount, "source": "referral", "validFrom": "2026-11-20T08:00:00Z",
                "validUntil": "2026-12-20T08:00:00Z" })
    };
    assert_eq!(rewards(&shop, "bob", "messages").await, [quota("messages", 5)]);
    assert_eq!(rewards(&shop, "bob", "requests").await, [quota("requests", 2)]);
    let pro = &rewards(&shop, "bob", "pro").await[0];
    assert_eq!((&pro["type"], &pro["status"]), (&json!("FEATURE"), &json!("ACTIVE")));
    assert_eq!(pro["validUntil"], "2026-11-27T08:00:00Z");
    assert_eq!(shop.balance("bob").await, 0, "no money yet");
}

async fn whoever_invited_gets_quotas_too(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    let both =
        async || (left(&shop, "alex", "messages").await, left(&shop, "alex", "requests").await);
    assert_eq!(both().await, (10, 5));
    assert_eq!(shop.balance("alex").await, 0);
    let alex = shop.referral("alex").await;
    assert_eq!(alex["referrals"]["nodes"][0]["status"], "PENDING");
    assert_eq!((&alex["signups"], &alex["credited"]), (&json!(1), &json!(0)));
    shop.set(json!({ "referrer_messages": 1, "referrer_requests": 0 })).await;
    shop.register_with("cleo", &code).await;
    assert_eq!(both().await, (11, 5));
}

async fn a_code_typed_in_later_gives_the_same(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    shop.register("cleo").await;
    assert_eq!(left(&shop, "cleo", "messages").await, 0);
    shop.apply_code("cleo", &code).await;
    assert_eq!(
        (left(&shop, "cleo", "messages").await, left(&shop, "alex", "messages").await),
        (5, 20)
    );
    assert_eq!(rewards(&shop, "cleo", "pro").await.len(), 1);
}

async fn quotas_are_gone_after_thirty_days(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    consume(&shop, "bob", "messages", 2).await;
    server.advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
    assert_eq!(
        (left(&shop, "bob", "messages").await, left(&shop, "bob", "requests").await),
        (3, 2)
    );
    server.advance(TimeDelta::microseconds(1));
    assert_eq!(
        (left(&shop, "bob", "messages").await, left(&shop, "bob", "requests").await),
        (0, 0)
    );
    assert_eq!(statuses(&shop, "bob", "messages").await, ["EXPIRED"], "before any sweep");
    assert_eq!(consume(&shop, "bob", "messages", 1).await, "INSUFFICIENT_CREDITS");
    server.sweep().await;
    assert_eq!(statuses(&shop, "bob", "requests").await, ["EXPIRED"]);
    let filter = "transactions(filter: { unit: \"messages\" }) { nodes { source amount } }";
    let entries = shop.of_user("bob", filter).await["transactions"]["nodes"].clone();
    let entry = |source: &str, amount: i64| json!({ "source": source, "amount": amount });
    let expected = [entry("expiry", -3), entry("spend", -2), entry("referral", 5)];
    assert_eq!(entries, json!(expected));
}

async fn what_ends_first_is_used_first(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    server.advance(TimeDelta::days(10));
    shop.register_with("cleo", &code).await;
    // One by hand that never ends, and one that goes before all others.
    let gift = json!({ "userId": "alex", "unit": "messages", "amount": 4 });
    shop.add(gift).await.ok();
    let first = json!({ "userId": "alex", "unit": "messages", "amount": 3, "priority": 10 });
    shop.add(first).await.ok();
    assert_eq!(left(&shop, "alex", "messages").await, 27);
    let remaining = async || {
        let all = rewards(&shop, "alex", "messages").await;
        all.iter().map(|reward| reward["remaining"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    for (amount, expected) in [(2, [10, 10, 4, 1]), (4, [7, 10, 4, 0]), (9, [0, 8, 4, 0])] {
        assert_eq!(consume(&shop, "alex", "messages", amount).await, "");
        assert_eq!(remaining().await, expected, "after {amount}");
    }
    assert_eq!(
        statuses(&shop, "alex", "messages").await,
        ["REDEEMED", "ACTIVE", "ACTIVE", "REDEEMED"]
    );
    assert_eq!(consume(&shop, "alex", "messages", 13).await, "INSUFFICIENT_CREDITS");
    assert_eq!(consume(&shop, "alex", "messages", 0).await, "BAD_USER_INPUT");
    assert_eq!(consume(&shop, "alex", "pages", 1).await, "BAD_USER_INPUT");
    server.advance(TimeDelta::days(30));
    assert_eq!(left(&shop, "alex", "messages").await, 4, "what never ends");
}

async fn a_quota_is_exact_under_concurrency(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    let codes = join_all((0..30).map(|_| consume(&shop, "alex", "messages", 1))).await;
    assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 10);
    assert!(codes.iter().all(|code| code.is_empty() || code == "INSUFFICIENT_CREDITS"));
    assert_eq!(left(&shop, "alex", "messages").await, 0);
}

async fn a_feature_has_its_window(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    server.advance(TimeDelta::days(7) - TimeDelta::microseconds(1));
    assert_eq!(statuses(&shop, "bob", "pro").await, ["ACTIVE"]);
    server.advance(TimeDelta::microseconds(1));
    assert_eq!(statuses(&shop, "bob", "pro").await, ["EXPIRED"]);
    let active = shop.of_user("bob", "rewards(status: ACTIVE) { nodes { unit } }").await;
    assert_eq!(active["rewards"]["nodes"], json!([{ "unit": "requests" }, { "unit": "messages" }]));
    shop.set(json!({ "referee_pro_days": 0, "referee_messages": 0 })).await;
    shop.register_with("cleo", &code).await;
    assert_eq!(statuses(&shop, "cleo", "pro").await, Vec::<String>::new());
    assert_eq!(left(&shop, "cleo", "requests").await, 2);
}

async fn a_reward_goes_from_pending_to_redeemed(server: &Server) {
    let (shop, _) = alex_refers_bob(server).await;
    let input = json!({ "userId": "cy", "unit": "requests", "amount": 6,
        "availableFrom": "2026-11-22T00:00:00Z", "expiresAt": "2026-11-24T00:00:00Z" });
    shop.register("cy").await;
    shop.add(input).await.ok();
    assert_eq!(statuses(&shop, "cy", "requests").await, ["PENDING"]);
    assert_eq!(consume(&shop, "cy", "requests", 1).await, "INSUFFICIENT_CREDITS");
    server.advance_to("2026-11-22T00:00:00Z");
    assert_eq!(statuses(&shop, "cy", "requests").await, ["ACTIVE"]);
    assert_eq!(consume(&shop, "cy", "requests", 6).await, "");
    assert_eq!(statuses(&shop, "cy", "requests").await, ["REDEEMED"]);
    server.advance_to("2026-11-25T00:00:00Z");
    server.sweep().await;
    assert_eq!(
        statuses(&shop, "cy", "requests").await,
        ["REDEEMED"],
        "used up, so it did not expire"
    );
}

async fn clicks_at_once_are_all_counted(server: &Server) {
    let (shop, code) = alex_refers_bob(server).await;
    let visitor = server.anonymous("devo");
    let visit = async |device: Option<&str>| {
        let input = json!({ "code": code, "userAgent": "Test/1.0", "deviceId": device });
        visitor.mutate("trackReferralClick", input, "counted").await.ok()["counted"] == true
    };
    let counted = join_all((0..20).map(|_| visit(None))).await;
    assert!(counted.into_iter().all(|counted| counted));
    assert_eq!(shop.referral("alex").await["clicks"], 20);
    let phone = join_all((0..5).map(|_| visit(Some("phone")))).await;
    assert_eq!(phone.into_iter().filter(|counted| *counted).count(), 1, "once a device and day");
    assert_eq!(shop.referral("alex").await["clicks"], 21);
}

async fn addresses_and_devices_are_kept_as_hashes(server: &Server) {
    let (_, code) = alex_refers_bob(server).await;
    let visitor = server.anonymous("devo").at("192.0.2.77");
    let input = json!({ "code": code, "userAgent": "Test/1.0", "deviceId": "phone-77" });
    visitor.mutate("trackReferralClick", input, "counted").await.ok();
    let connection = Database::connect(&server.database.url).await.unwrap();
    let rows = connection
        .query_all_raw(Statement::from_string(
            connection.get_database_backend(),
            "SELECT user_agent, ip_hash, device FROM clicks",
        ))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let cell = |name: &str| rows[0].try_get::<String>("", name).unwrap();
    assert_eq!(cell("user_agent"), "Test/1.0");
    for (name, secret) in [("ip_hash", "192.0.2.77"), ("device", "phone-77")] {
        let kept = cell(name);
        assert!(kept.len() >= 32 && !kept.contains(secret), "{name}: {kept}");
    }
    connection.close().await.unwrap();
}
