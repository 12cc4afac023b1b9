//! A referral for each purchase: to the customer's first referrer, whoever's code comes later.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/ferry":
    each_purchase_with_a_code_is_a_referral_to_the_first_referrer,
    a_customer_converts_once,
    a_code_of_ones_own_is_refused_at_every_purchase,
    the_first_referrers_limit_counts,
    nothing_goes_to_a_first_referrer_who_was_erased,
    each_refund_reverses_its_own_referral,
    revenue_counts_from_the_first_referral_on,
);

/// A partner's id and code.
async fn partner(shop: &Shop, name: &str) -> (String, String) {
    let input = json!({ "name": name, "email": format!("{name}@partners.example") });
    let made = shop.admin.mutate("createReferrer", input, "user { id } code").await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["user"]["id"]), text(&made["code"]))
}

async fn buy(shop: &Shop, payment: &str, user: &str, code: Option<&str>) -> Value {
    let input = json!({ "id": payment, "userId": user, "amount": 900, "referralCode": code });
    shop.service
        .mutate(
            "recordPurchase",
            input,
            "referral { id status referrer { id } code } \
        referralCode { valid reason } decisions { reason }",
        )
        .await
        .ok()
}

async fn each_purchase_with_a_code_is_a_referral_to_the_first_referrer(server: &Server) {
    let shop = server.shop("ferry").await;
    let (pat, code) = partner(&shop, "pat").await;
    let (other, other_code) = partner(&shop, "quentin").await;
    shop.register("bob").await;
    let first = buy(&shop, "pay-1", "bob", Some(&code)).await;
    assert_eq!(
        (&first["referral"]["status"], &first["referral"]["referrer"]["id"]),
        (&json!("CREDITED"), &json!(pat))
    );
    let renewal = buy(&shop, "pay-2", "bob", None).await;
    assert!(
        renewal["referral"].is_null() && renewal["decisions"][0]["reason"] == "no_code",
        "{renewal:#}"
    );
    let later = buy(&shop, "pay-3", "bob", Some(&other_code)).await;
    assert_eq!(later["referral"]["referrer"]["id"], json!(pat), "the first referrer's");
    assert_ne!(later["referral"]["id"], first["referral"]["id"]);
    assert_eq!((shop.balance(&pat).await, shop.balance(&other).await), (100, 0));
}

async fn a_customer_converts_once(server: &Server) {
    let shop = server.shop("ferry").await;
    let (pat, code) = partner(&shop, "pat").await;
    for user in ["bob", "cleo"] {
        shop.register(user).await;
    }
    buy(&shop, "pay-1", "bob", Some(&code)).await;
    buy(&shop, "pay-2", "bob", Some(&code)).await;
    let report = "{ analytics { signups conversions conversionRate } }";
    let wanted = json!({ "signups": 1, "conversions": 1, "conversionRate": 1.0 });
    assert_eq!(shop.admin.get(report).await, wanted, "one customer, however many purchases");
    // A later purchase can be the first that names a code.
    buy(&shop, "pay-3", "cleo", None).await;
    buy(&shop, "pay-4", "cleo", Some(&code)).await;
    let profile = shop.referral(&pat).await;
    assert_eq!(
        (&profile["signups"], &profile["conversions"], &profile["credited"]),
        (&json!(2), &json!(2), &json!(3))
    );
}

async fn a_code_of_ones_own_is_refused_at_every_purchase(server: &Server) {
    let shop = server.shop("ferry").await;
    let (_, code) = partner(&shop, "pat").await;
    let (_, own_code) = partner(&shop, "bob").await;
    shop.sign_up(json!({ "id": "bob", "email": "Bob+shop@partners.example" })).await;
    let own = buy(&shop, "pay-1", "bob", Some(&own_code)).await;
    assert_eq!(own["referralCode"]["reason"], "SELF_REFERRAL");
    buy(&shop, "pay-2", "bob", Some(&code)).await;
    let own = buy(&shop, "pay-3", "bob", Some(&own_code)).await;
    assert_eq!(own["referralCode"]["reason"], "SELF_REFERRAL");
    assert!(own["referral"].is_null());
}

async fn the_first_referrers_limit_counts(server: &Server) {
    let shop = server.shop("ferry").await;
    let (pat, code) = partner(&shop, "pat").await;
    let (_, other_code) = partner(&shop, "quentin").await;
    shop.register("bob").await;
    for payment in ["pay-1", "pay-2", "pay-3"] {
        buy(&shop, payment, "bob", Some(&code)).await;
    }
    let beyond = buy(&shop, "pay-4", "bob", Some(&other_code)).await;
    assert_eq!(beyond["referralCode"]["reason"], "MAX_USES_REACHED");
    assert_eq!(shop.balance(&pat).await, 150);
}

async fn nothing_goes_to_a_first_referrer_who_was_erased(server: &Server) {
    let shop = server.shop("ferry").await;
    let (pat, code) = partner(&shop, "pat").await;
    let (_, other_code) = partner(&shop, "quentin").await;
    shop.register("bob").await;
    buy(&shop, "pay-1", "bob", Some(&code)).await;
    shop.admin.mutate("eraseUser", json!({ "userId": pat }), "user { id }").await.ok();
    for code in [&code, &other_code] {
        let later = buy(&shop, &format!("pay-{code}"), "bob", Some(code)).await;
        assert_eq!(later["referralCode"]["reason"], "DISABLED");
    }
    assert_eq!(shop.balance(&pat).await, 50);
}

async fn each_refund_reverses_its_own_referral(server: &Server) {
    let shop = server.shop("ferry").await;
    let (pat, code) = partner(&shop, "pat").await;
    shop.register("bob").await;
    let one = buy(&shop, "pay-1", "bob", Some(&code)).await["referral"]["id"].clone();
    let two = buy(&shop, "pay-2", "bob", Some(&code)).await["referral"]["id"].clone();
    shop.refund("back-1", "pay-1", None).await;
    let list = shop.admin.get("{ referrals { nodes { id status } } }").await;
    assert_eq!(
        list["nodes"],
        json!([{ "id": two, "status": "CREDITED" }, { "id": one, "status": "REVERSED" }])
    );
    assert_eq!(shop.balance(&pat).await, 50);
}

async fn revenue_counts_from_the_first_referral_on(server: &Server) {
    let shop = server.shop("ferry").await;
    let (_, code) = partner(&shop, "pat").await;
    shop.register("bob").await;
    buy(&shop, "before", "bob", None).await;
    buy(&shop, "with a code", "bob", Some(&code)).await;
    buy(&shop, "after", "bob", None).await;
    server.advance(chrono::TimeDelta::days(1));
    let revenue = async |day: &str| {
        let noon = format!("2026-11-{day}T12:00:00Z");
        let query =
            format!("{{ analytics(from: \"{noon}\", to: \"{noon}\") {{ referredRevenue }} }}");
        shop.admin.get(&query).await["referredRevenue"].as_i64().unwrap()
    };
    shop.refund("back-1", "before", Some(400)).await;
    assert_eq!((revenue("20").await, revenue("21").await), (1_800, 0), "it never counted");
    shop.refund("back-2", "with a code", Some(300)).await;
    assert_eq!((revenue("20").await, revenue("21").await), (1_800, -300), "on its own day");
}
