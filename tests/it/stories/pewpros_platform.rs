//! The program `pewpros-platform`, row by row: partners are credited for each purchase that comes with
//! a code. No Stripe account is connected, so each payment is owed and FAILED.

use serde_json::{Value, json};

use super::gatewayz::decision;
use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/pewpros-platform":
    only_an_administrator_makes_referrers,
    a_purchase_with_a_code_is_owed_to_its_partner,
    the_plan_is_kept_and_shown,
    a_renewal_without_a_code_makes_no_referral,
    each_purchase_with_a_code_goes_to_the_first_partner,
    a_purchase_is_credited_once,
    the_amount_is_a_setting,
    a_bad_code_fails_no_purchase,
    partners_are_told_what_they_can_do,
);

/// A partner's id and code.
async fn partner(shop: &Shop, name: &str) -> (String, String) {
    let email = format!("{}@example.com", name.to_lowercase());
    let input = json!({ "name": name, "email": email });
    let made = shop.admin.mutate("createReferrer", input, "code shareUrl user { id }").await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["user"]["id"]), text(&made["code"]))
}

async fn shop_with_carter(server: &Server) -> (Shop, String, String) {
    let shop = server.shop("pewpros-platform").await;
    shop.register("gym").await;
    let (carter, code) = partner(&shop, "Carter").await;
    (shop, carter, code)
}

/// A subscription bought with a code, if there is one.
async fn subscribe(shop: &Shop, id: &str, plan: &str, code: Option<&str>) -> Value {
    let amount = if plan == "annual" { 125_000 } else { 12_500 };
    let mut input = json!({ "id": id, "userId": "gym", "amount": amount, "plan": plan });
    if let Some(code) = code {
        input["referralCode"] = code.into();
    }
    // A simulated purchase carries no code, so it is not compared with this one.
    let fields = "replayed decisions { rule outcome reason effects } \
        referralCode { valid reason } referral { id status referrer { id } referee { id } }";
    shop.service.mutate("recordPurchase", input, fields).await.ok()
}

async fn referrals(shop: &Shop) -> Vec<Value> {
    let fields = "nodes { status code plan failureReason purchaseId purchaseAmount \
        referrer { id name } referee { id email } rewards { type amount status description } }";
    let found = shop.admin.get(&format!("{{ referrals {{ {fields} }} }}")).await;
    found["nodes"].as_array().unwrap().clone()
}

/// What is owed to a partner, newest first.
async fn owed(shop: &Shop, partner: &str) -> Vec<i64> {
    let found = shop.of_user(partner, "rewards { nodes { type status amount } }").await;
    let nodes = found["rewards"]["nodes"].as_array().unwrap().clone();
    assert!(
        nodes.iter().all(|node| node["type"] == "STRIPE_BALANCE" && node["status"] == "FAILED")
    );
    nodes.iter().map(|node| node["amount"].as_i64().unwrap()).collect()
}

async fn only_an_administrator_makes_referrers(server: &Server) {
    let (shop, carter, code) = shop_with_carter(server).await;
    assert_eq!(code.len(), 8);
    assert!(code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{code}");
    let profile = shop.referral(&carter).await;
    assert_eq!(profile["shareUrl"], format!("https://pewpros.com/pricing?ref={code}"));
    assert_eq!(partner(&shop, "Carter").await, (carter.clone(), code), "the same e-mail again");

    let input = json!({ "name": "Me", "email": "me@example.com" });
    let gym = server.user("pewpros-platform", "gym").await;
    for caller in [&shop.service, &gym] {
        caller.mutate("createReferrer", input.clone(), "code").await.refused("FORBIDDEN");
    }
    for (caller, input) in [(&gym, json!({})), (&shop.service, json!({ "userId": "gym" }))] {
        for mutation in ["generateReferralCode", "regenerateReferralCode"] {
            caller.mutate(mutation, input.clone(), "code").await.refused("FORBIDDEN");
        }
    }
    assert_eq!(shop.referral("gym").await["showPrompt"], false);
    let users = shop.admin.get("{ users { totalCount nodes { id } } }").await;
    assert_eq!(users["totalCount"], 1, "partners are no users of the product");
}

async fn a_purchase_with_a_code_is_owed_to_its_partner(server: &Server) {
    let (shop, carter, code) = shop_with_carter(server).await;
    let bought = subscribe(&shop, "sub-1", "annual", Some(&code.to_uppercase())).await;
    assert_eq!(bought["referralCode"]["valid"], true);
    assert_eq!(decision(&bought, "referral")["outcome"], "REWARDED");
    assert_eq!(bought["referral"]["status"], "FAILED", "Stripe is not connected");
    assert_eq!(bought["referral"]["referrer"]["id"], carter.as_str());
    assert_eq!(owed(&shop, &carter).await, [5_000]);
    let row = &referrals(&shop).await[0];
    assert_eq!(row["failureReason"], "Stripe is not connected");
    assert_eq!(row["rewards"][0]["description"], "Platform referral credit");
    let profile = shop.referral(&carter).await;
    assert_eq!((&profile["signups"], &profile["conversions"]), (&json!(1), &json!(1)));
}

async fn the_plan_is_kept_and_shown(server: &Server) {
    let (shop, _, code) = shop_with_carter(server).await;
    subscribe(&shop, "sub-1", "annual", Some(&code)).await;
    subscribe(&shop, "sub-2", "monthly", Some(&code)).await;
    let rows = referrals(&shop).await;
    let shown: Vec<_> =
        rows.iter().map(|row| (&row["plan"], &row["purchaseId"], &row["purchaseAmount"])).collect();
    assert_eq!(shown[0], (&json!("monthly"), &json!("sub-2"), &json!(12_500)));
    assert_eq!(shown[1], (&json!("annual"), &json!("sub-1"), &json!(125_000)));
    assert_eq!(rows[0]["referrer"]["name"], "Carter");
    assert_eq!(rows[0]["referee"]["email"], "gym@example.com");
}

async fn a_renewal_without_a_code_makes_no_referral(server: &Server) {
    let (shop, carter, code) = shop_with_carter(server).await;
    subscribe(&shop, "sub-1", "monthly", Some(&code)).await;
    let renewed = subscribe(&shop, "sub-2", "monthly", None).await;
    assert_eq!(decision(&renewed, "referral")["reason"], "no_code_came_with_it");
    assert!(renewed["referralCode"].is_null());
    assert_eq!(referrals(&shop).await.len(), 1);
    assert_eq!(owed(&shop, &carter).await, [5_000]);
}

async fn each_purchase_with_a_code_goes_to_the_first_partner(server: &Server) {
    let (shop, carter, code) = shop_with_carter(server).await;
    let (boone, other) = partner(&shop, "Boone").await;
    subscribe(&shop, "sub-1", "monthly", Some(&code)).await;
    let second = subscribe(&shop, "sub-2", "monthly", Some(&other)).await;
    assert_eq!(second["referral"]["referrer"]["id"], carter.as_str());
    subscribe(&shop, "sub-3", "annual", Some(&code)).await;
    assert_eq!(owed(&shop, &carter).await, [5_000, 5_000, 5_000]);
    assert_eq!(owed(&shop, &boone).await, Vec::<i64>::new());
    let profile = shop.referral(&carter).await;
    assert_eq!(
        (&profile["signups"], &profile["conversions"]),
        (&json!(1), &json!(1)),
        "one customer"
    );
    assert_eq!(profile["referrals"]["totalCount"], 3);
}

async fn a_purchase_is_credited_once(server: &Server) {
    let (shop, carter, code) = shop_with_carter(server).await;
    let first = subscribe(&shop, "sub-1", "annual", Some(&code)).await;
    let again = subscribe(&shop, "sub-1", "annual", Some(&code)).await;
    assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(again["referral"], first["referral"]);
    assert_eq!(owed(&shop, &carter).await, [5_000]);
    assert_eq!(referrals(&shop).await.len(), 1);
}

async fn the_amount_is_a_setting(server: &Server) {
    let (shop, carter, code) = shop_with_carter(server).await;
    shop.set(json!({ "platform_referral_credit": 7_500 })).await;
    subscribe(&shop, "sub-1", "annual", Some(&code)).await;
    shop.set(json!({ "platform_referral_credit": 0 })).await;
    let off = subscribe(&shop, "sub-2", "annual", Some(&code)).await;
    assert_eq!(decision(&off, "referral")["reason"], "switched_off");
    assert_eq!(off["referral"]["status"], "PENDING");
    assert_eq!(owed(&shop, &carter).await, [7_500]);
}

async fn a_bad_code_fails_no_purchase(server: &Server) {
    let (shop, carter, code) = shop_with_carter(server).await;
    let unknown = subscribe(&shop, "sub-1", "annual", Some("nosuch00")).await;
    assert_eq!(unknown["referralCode"], json!({ "valid": false, "reason": "NOT_FOUND" }));
    assert!(unknown["referral"].is_null());
    // The partner's own studio buys with the partner's code.
    shop.sign_up(json!({ "id": "studio", "email": "Carter+studio@example.com" })).await;
    for id in ["own-1", "own-2"] {
        let input = json!({ "id": id, "userId": "studio", "amount": 12_500, "referralCode": code });
        let fields = "referralCode { reason } referral { id }";
        let own = shop.service.mutate("recordPurchase", input, fields).await.ok();
        assert_eq!(own["referralCode"]["reason"], "SELF_REFERRAL");
        assert!(own["referral"].is_null());
    }
    assert_eq!(owed(&shop, &carter).await, Vec::<i64>::new());
}

async fn partners_are_told_what_they_can_do(server: &Server) {
    let (shop, carter, _) = shop_with_carter(server).await;
    let told = shop.of_user(&carter, "whatNext { message }").await;
    let message = "Get $50.00 for each subscription that is bought with your code";
    assert_eq!(told["whatNext"], json!([{ "message": message }]));
    assert_eq!(shop.of_user("gym", "whatNext { message }").await["whatNext"], json!([]));
}
