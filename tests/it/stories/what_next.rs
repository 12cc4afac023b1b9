//! What users can do next, as the rules declare it (`tests/programs/beacon`).

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/beacon", "rules/gatewayz":
    a_file_that_fails_says_nothing_and_breaks_nothing,
    the_facts_are_as_they_stand_now,
    the_caps_are_those_that_the_engine_counts,
    a_referrers_cap_is_seen_from_both_sides,
    sixteen_are_shown_at_most,
    each_user_is_told_their_own,
    who_was_forgotten_is_told_nothing,
);

async fn told(shop: &Shop, user: &str) -> Vec<Value> {
    let found = shop.of_user(user, "whatNext { kind message remaining }").await;
    found["whatNext"].as_array().unwrap().clone()
}

fn kinds(told: &[Value]) -> Vec<&str> {
    told.iter().map(|step| step["kind"].as_str().unwrap()).collect()
}

async fn a_file_that_fails_says_nothing_and_breaks_nothing(server: &Server) {
    let shop = server.shop("beacon").await;
    shop.register("ann").await;
    assert_eq!(kinds(&told(&shop, "ann").await), ["balance", "steps", "oil"]);
    // The one in the middle fails as soon as it is asked to.
    shop.set(json!({ "broken": true })).await;
    assert_eq!(kinds(&told(&shop, "ann").await), ["balance", "oil"]);
    let ann = server.user("beacon", "ann").await;
    let own = ann.gql("{ me { id whatNext { kind } } }", json!({})).await.ok();
    assert_eq!(own["me"]["whatNext"], json!([{ "kind": "balance" }, { "kind": "oil" }]));
}

async fn the_facts_are_as_they_stand_now(server: &Server) {
    let shop = server.shop("beacon").await;
    shop.register("ann").await;
    let input = json!({ "userId": "ann", "amount": 400, "expiresAt": "2026-11-21T00:00:00Z" });
    shop.add(input).await.ok();
    let balance = async || told(&shop, "ann").await[0].clone();
    let shown = |message: &str, remaining: i64| json!({ "kind": "balance", "message": message, "remaining": remaining });
    assert_eq!(balance().await, shown("$6.00 more until you sail for nothing", 600));
    // What expired is not there any more, though no sweep has booked it.
    server.advance_to("2026-11-21T00:00:00Z");
    assert_eq!(balance().await, shown("$10.00 more until you sail for nothing", 1_000));

    let steps = async || told(&shop, "ann").await[1].clone();
    assert_eq!(steps().await["message"], "2 steps left: Light the lamp, Ring the bell");
    shop.step("ann", "lamp").await;
    assert_eq!(steps().await["message"], "1 step left: Ring the bell");
    assert_eq!(steps().await["remaining"], 1);
    shop.step("ann", "bell").await;
    assert_eq!(kinds(&told(&shop, "ann").await), ["balance", "oil"]);
}

async fn the_caps_are_those_that_the_engine_counts(server: &Server) {
    let shop = server.shop("beacon").await;
    shop.register("ann").await;
    let oil = async || told(&shop, "ann").await.last().unwrap().clone();
    assert_eq!(oil().await["message"], "3 of 3 fillings left today");
    for n in 1..=3 {
        let filled = shop.event(&format!("fill-{n}"), "ann", "filled", json!({})).await;
        assert_eq!(filled["decisions"][0]["outcome"], "REWARDED");
        assert_eq!(oil().await["remaining"], 3 - n);
    }
    let refused = shop.event("fill-4", "ann", "filled", json!({})).await;
    assert_eq!(refused["decisions"][0]["reason"], "cap:fillings");
    assert_eq!(oil().await["remaining"], 0);
    server.advance_to("2026-11-21T00:00:00Z");
    assert_eq!(oil().await["message"], "3 of 3 fillings left today");
}

async fn a_referrers_cap_is_seen_from_both_sides(server: &Server) {
    let shop = server.shop("beacon").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    let friends = async |user: &str| told(&shop, user).await.pop().unwrap()["message"].clone();
    assert_eq!(friends("ann").await, "own 1, nobody's of who brought you");
    assert_eq!(friends("bob").await, "own 2, 1 of who brought you");
    shop.register_with("cleo", &code).await;
    assert_eq!(friends("ann").await, "own 0, nobody's of who brought you");
    assert_eq!(friends("bob").await, "own 2, 0 of who brought you");
}

async fn sixteen_are_shown_at_most(server: &Server) {
    let shop = server.shop("beacon").await;
    shop.register("ann").await;
    shop.set(json!({ "many": 16 })).await;
    assert_eq!(told(&shop, "ann").await.len(), 16, "of nineteen");
    shop.set(json!({ "many": 17 })).await;
    assert_eq!(kinds(&told(&shop, "ann").await), ["balance", "steps"], "no file may name so many");
}

async fn each_user_is_told_their_own(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    for friend in ["bob", "cleo"] {
        shop.register_with(friend, &code).await;
    }
    shop.purchase("pay-1", "bob", 1_000).await;
    let query = "{ users(orderBy: CREATED_ASC) { nodes { id whatNext { kind remaining } } } }";
    let listed = shop.admin.get(query).await["nodes"].clone();
    let step = |kind: &str, remaining: i64| json!({ "kind": kind, "remaining": remaining });
    assert_eq!(
        listed,
        json!([
            { "id": "ann", "whatNext": [step("invite", 9)] },
            { "id": "bob", "whatNext": [step("invite", 10)] },
            { "id": "cleo", "whatNext": [step("first_purchase", 1_000), step("invite", 10)] },
        ])
    );
    // Of another user it is FORBIDDEN, however one gets there.
    let ann = server.user("gatewayz", "ann").await;
    let query = "{ me { referral { referrals { nodes { referee { whatNext { kind } } } } } } }";
    ann.gql(query, json!({})).await.refused("FORBIDDEN");
    let step = ann.get("{ me { whatNext { message } } }").await["whatNext"][0].clone();
    assert_eq!(step["message"], "Invite a friend: $10.00 for both of you. 9 of 10 uses left");
}

async fn who_was_forgotten_is_told_nothing(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    assert_eq!(told(&shop, "ann").await.len(), 1);
    shop.admin.mutate("eraseUser", json!({ "userId": "ann" }), "user { id }").await.ok();
    assert_eq!(told(&shop, "ann").await, Vec::<Value>::new());
}
