//! What cannot be used: each gets its code and a sentence, and nothing changes.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/productready":
    amounts,
    times,
    ids_and_texts,
    names_that_nobody_knows,
    pages,
    settings,
    events,
    promotion_codes,
    documents,
    tenants_and_keys,
);

/// Ann with a code and some credit.
async fn shop_with_ann(server: &Server) -> Shop {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    shop.code_of("ann").await;
    shop.add(json!({ "userId": "ann", "amount": 500 })).await.ok();
    shop
}

/// All that a tenant's administrator can see of it.
async fn state(shop: &Shop) -> Value {
    let query = "{ users { totalCount nodes { id name email emailVerified traits \
          credits { balance pending totalEarned totalUsed } onboarding { completedCount dismissed } \
          referral { code signups credited } } } \
        transactions { totalCount nodes { id amount } } referrals { totalCount } \
        decisions { nodes { id } } rewards { nodes { id status remaining } } \
        promoCodes { nodes { code active redemptions } } tenant { settings program { hash } } }";
    shop.admin.gql(query, json!({})).await.ok()
}

/// Each of these inputs is refused so, and nothing changes.
async fn all_refused(shop: &Shop, mutation: &str, selection: &str, rows: Vec<(&str, Value)>) {
    let before = state(shop).await;
    for (code, input) in rows {
        let shown = input.to_string().chars().take(200).collect::<String>();
        let answer = shop.admin.mutate(mutation, input, selection).await;
        assert_eq!(answer.code(), code, "{mutation} {shown}: {:#}", answer.body);
        answer.refused(code);
        assert_eq!(state(shop).await, before, "{mutation} {shown} changed something");
    }
}

const BAD: &str = "BAD_USER_INPUT";
const TOO_MUCH: i64 = 1 << 53;

async fn amounts(server: &Server) {
    let shop = shop_with_ann(server).await;
    let of = |amount: Value| json!({ "userId": "ann", "amount": amount });
    let bad = [
        json!(0),
        json!(-1),
        json!(TOO_MUCH),
        json!(-TOO_MUCH),
        json!(1.5),
        json!("5"),
        json!(null),
    ];
    let rows =
        |given: &[Value]| given.iter().map(|amount| (BAD, of(amount.clone()))).collect::<Vec<_>>();
    all_refused(&shop, "addCredits", "replayed", rows(&bad)).await;
    all_refused(&shop, "spendCredits", "replayed", rows(&bad)).await;
    let beyond = of(json!(TOO_MUCH - 1));
    all_refused(&shop, "addCredits", "replayed", vec![(BAD, beyond.clone())]).await;
    all_refused(&shop, "spendCredits", "replayed", vec![("INSUFFICIENT_CREDITS", beyond)]).await;
    let purchase = |amount: i64| json!({ "id": "pay-1", "userId": "ann", "amount": amount });
    let rows = vec![(BAD, purchase(-1)), (BAD, purchase(TOO_MUCH))];
    all_refused(&shop, "recordPurchase", "replayed", rows).await;
    let quota = |amount: i64| json!({ "userId": "ann", "unit": "USD", "amount": amount });
    all_refused(
        &shop,
        "consumeQuota",
        "account { balance }",
        vec![(BAD, quota(0)), (BAD, quota(-3))],
    )
    .await;
    shop.register("bob").await;
    shop.add(json!({ "userId": "bob", "amount": TOO_MUCH - 1 })).await.ok();
    assert_eq!(shop.balance("bob").await, TOO_MUCH - 1, "the greatest amount there is");
}

async fn times(server: &Server) {
    let shop = shop_with_ann(server).await;
    let until = |time: &str| json!({ "userId": "ann", "amount": 5, "expiresAt": time });
    let rows = vec![
        (BAD, until("2026-11-20T07:59:59Z")),
        (BAD, until("2026-11-20T08:00:00Z")),
        (BAD, until("yesterday")),
        (BAD, until("")),
    ];
    all_refused(&shop, "addCredits", "replayed", rows).await;
}

async fn ids_and_texts(server: &Server) {
    let shop = shop_with_ann(server).await;
    let long = "x".repeat(10_000);
    let bad = ["", long.as_str(), "a\u{0}b", &"x".repeat(256)];
    for text in bad {
        all_refused(&shop, "registerUser", "created", vec![(BAD, json!({ "id": text }))]).await;
        let keyed = json!({ "userId": "ann", "amount": 5, "idempotencyKey": text });
        let payment = json!({ "id": text, "userId": "ann", "amount": 5 });
        let kind = json!({ "id": "e-1", "userId": "ann", "type": text });
        let source = json!({ "userId": "ann", "amount": 5, "source": text });
        all_refused(&shop, "addCredits", "replayed", vec![(BAD, keyed), (BAD, source)]).await;
        all_refused(&shop, "recordPurchase", "replayed", vec![(BAD, payment)]).await;
        all_refused(&shop, "recordEvent", "replayed", vec![(BAD, kind)]).await;
    }
    let named = json!({ "id": "bob", "name": "a\u{0}b" });
    let traits = json!({ "id": "bob", "traits": { "a": ["b\u{0}"] } });
    all_refused(&shop, "registerUser", "created", vec![(BAD, named), (BAD, traits)]).await;
    let described = json!({ "userId": "ann", "amount": 5, "description": "\u{0}" });
    all_refused(&shop, "addCredits", "replayed", vec![(BAD, described)]).await;
    let longest = "y".repeat(255);
    assert_eq!(shop.sign_up(json!({ "id": longest })).await["created"], true, "255 are fine");
}

async fn names_that_nobody_knows(server: &Server) {
    let shop = shop_with_ann(server).await;
    let grant = |extra: &str, value: &str| json!({ "userId": "ann", "amount": 5, extra: value });
    let rows = vec![
        ("NOT_FOUND", json!({ "userId": "nobody", "amount": 5 })),
        (BAD, grant("unit", "EUR")),
        (BAD, grant("source", "lottery")),
    ];
    all_refused(&shop, "addCredits", "replayed", rows).await;
    let nobody = json!({ "userId": "nobody", "amount": 5 });
    all_refused(&shop, "spendCredits", "replayed", vec![("NOT_FOUND", nobody)]).await;
    let payment = json!({ "id": "pay-1", "userId": "nobody", "amount": 5 });
    all_refused(&shop, "recordPurchase", "replayed", vec![("NOT_FOUND", payment)]).await;
    let refund = json!({ "id": "re-1", "purchaseId": "pay-9" });
    all_refused(&shop, "recordRefund", "replayed", vec![("NOT_FOUND", refund)]).await;
    let step = json!({ "userId": "ann", "step": "flyToTheMoon" });
    all_refused(&shop, "completeOnboardingStep", "decisions { id }", vec![(BAD, step)]).await;
    let rows = vec![("NOT_FOUND", json!({ "userId": "nobody" })), (BAD, json!({}))];
    all_refused(&shop, "generateReferralCode", "code", rows).await;
    let rows = vec![("NOT_FOUND", json!({ "userId": "nobody", "code": "X" }))];
    all_refused(&shop, "applyReferralCode", "decisions { id }", rows).await;
    let rows = vec![("NOT_FOUND", json!({ "id": "nobody", "name": "N" }))];
    all_refused(&shop, "updateUser", "user { id }", rows).await;
    let rows = vec![("NOT_FOUND", json!({ "userId": "nobody" }))];
    all_refused(&shop, "issueUserToken", "token", rows.clone()).await;
    all_refused(&shop, "eraseUser", "user { id }", rows).await;
    let unknown = "{ user(id: \"ann\") { credits(unit: \"EUR\") { balance } } }";
    shop.admin.gql(unknown, json!({})).await.refused(BAD);
    assert!(shop.admin.get("{ user(id: \"nobody\") { id } }").await.is_null());
}

async fn pages(server: &Server) {
    let shop = shop_with_ann(server).await;
    let cursor = shop.admin.get("{ users { pageInfo { endCursor } } }").await;
    let cursor = cursor["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    for arguments in [
        "first: 0",
        "first: 101",
        "first: -1",
        "last: 0",
        "last: 101",
        "first: 1, last: 1",
        "after: \"rubbish\"",
        "before: \"\"",
        &format!("after: \"{cursor}\""),
    ] {
        let query = format!("{{ transactions({arguments}) {{ nodes {{ id }} }} }}");
        let answer = shop.admin.gql(&query, json!({})).await;
        assert_eq!(answer.code(), BAD, "{arguments}: {:#}", answer.body);
    }
    shop.admin.gql("{ transactions(first: 100) { nodes { id } } }", json!({})).await.ok();
    let own = format!("{{ users(after: \"{cursor}\") {{ nodes {{ id }} }} }}");
    assert_eq!(shop.admin.get(&own).await["nodes"], json!([]));
    let backwards =
        "{ analytics(from: \"2026-11-20T00:00:00Z\", to: \"2026-11-01T00:00:00Z\") { clicks } }";
    shop.admin.gql(backwards, json!({})).await.refused(BAD);
    let two_years =
        "{ analytics(from: \"2024-11-20T00:00:00Z\", to: \"2026-11-01T00:00:00Z\") { clicks } }";
    shop.admin.gql(two_years, json!({})).await.refused(BAD);
    shop.admin.gql("{ leaderboard(first: 0) { rank } }", json!({})).await.refused(BAD);
}

async fn settings(server: &Server) {
    let shop = shop_with_ann(server).await;
    let rows = [
        json!({ "referrer_reward": "much" }),
        json!({ "referrer_reward": 1.5 }),
        json!({ "referrer_reward": TOO_MUCH }),
        json!({ "require_verified_email": 1 }),
        json!({ "campaigns": 7 }),
        json!({ "no_such_setting": 1 }),
        json!({ "referee_reward": 7, "no_such_setting": 1 }),
        json!([1]),
        json!("text"),
    ];
    let rows = rows.into_iter().map(|settings| (BAD, json!({ "settings": settings }))).collect();
    all_refused(&shop, "updateSettings", "tenant { settings }", rows).await;
    assert_eq!(shop.set(json!({})).await["referrer_reward"], 500);
}

async fn events(server: &Server) {
    let shop = shop_with_ann(server).await;
    let of = |kind: &str| json!({ "id": "e-1", "userId": "ann", "type": kind });
    let own = [
        "signup",
        "referred",
        "email_verified",
        "purchase",
        "refund",
        "step_completed",
        "onboarding_completed",
        "code_redeemed",
    ];
    let mut rows: Vec<_> = own.iter().map(|kind| (BAD, of(kind))).collect();
    rows.extend(["Campaign", "two words", "dash-ed", "ünder"].iter().map(|kind| (BAD, of(kind))));
    rows.push(("NOT_FOUND", json!({ "id": "e-1", "userId": "nobody", "type": "joined" })));
    all_refused(&shop, "recordEvent", "replayed", rows).await;
    shop.event("e-1", "ann", "joined", json!({ "a": 1 })).await;
    for other in [
        json!({ "id": "e-1", "userId": "ann", "type": "left", "data": { "a": 1 } }),
        json!({ "id": "e-1", "userId": "ann", "type": "joined", "data": { "a": 2 } }),
    ] {
        all_refused(&shop, "recordEvent", "replayed", vec![("IDEMPOTENCY_CONFLICT", other)]).await;
    }
}

async fn promotion_codes(server: &Server) {
    let shop = shop_with_ann(server).await;
    let rows = vec![
        (BAD, json!({ "code": "", "data": {} })),
        (BAD, json!({ "code": "A", "data": {}, "maxRedemptions": 0 })),
        (BAD, json!({ "code": "A", "data": {}, "perUser": 0 })),
        (
            BAD,
            json!({ "code": "A", "data": {}, "startsAt": "2026-12-02T00:00:00Z", "endsAt": "2026-12-01T00:00:00Z" }),
        ),
    ];
    all_refused(&shop, "createPromoCode", "promoCode { code }", rows).await;
    let rows = vec![("NOT_FOUND", json!({ "code": "NONE", "active": false }))];
    all_refused(&shop, "updatePromoCode", "promoCode { code }", rows).await;
    let rows = vec![("NOT_FOUND", json!({ "code": "NONE", "userId": "ann" }))];
    all_refused(&shop, "redeemPromoCode", "replayed", rows).await;
}

async fn documents(server: &Server) {
    let shop = shop_with_ann(server).await;
    let before = state(&shop).await;
    let deep = format!(
        "{{ users(filter: {}1{}) {{ totalCount }} }}",
        "[".repeat(3_000),
        "]".repeat(3_000)
    );
    let mut fragments = String::from("query { ...F0 } ");
    for level in 0..24 {
        fragments
            .push_str(&format!("fragment F{level} on Query {{ ...F{0} ...F{0} }} ", level + 1));
    }
    fragments.push_str("fragment F24 on Query { __typename }");
    for (code, document) in [
        ("GRAPHQL_PARSE_FAILED", "{ users"),
        ("GRAPHQL_VALIDATION_FAILED", "{ nothing }"),
        ("GRAPHQL_VALIDATION_FAILED", "mutation { addCredits { replayed } }"),
        ("QUERY_TOO_COMPLEX", deep.as_str()),
        ("QUERY_TOO_COMPLEX", fragments.as_str()),
    ] {
        let answer = shop.admin.gql(document, json!({})).await;
        let shown: String = document.chars().take(80).collect();
        assert_eq!(answer.code(), code, "{shown}: {:#}", answer.body);
    }
    assert_eq!(state(&shop).await, before);
}

async fn tenants_and_keys(server: &Server) {
    let operator = server.operator();
    for input in [
        json!({ "slug": "", "name": "N" }),
        json!({ "slug": "Not A Slug", "name": "N" }),
        json!({ "slug": "x".repeat(41), "name": "N" }),
        json!({ "slug": "acme", "name": "N", "program": "no-such-program" }),
        json!({ "slug": "acme", "name": "N", "currency": "DOLLARS" }),
    ] {
        let answer = operator.mutate("createTenant", input.clone(), "tenant { slug }").await;
        assert_eq!(answer.code(), BAD, "{input}: {:#}", answer.body);
    }
    let keyless = json!({ "name": "k", "role": "SERVICE" });
    operator.mutate("createApiKey", keyless, "id").await.refused(BAD);
    let nowhere = json!({ "name": "k", "role": "SERVICE", "tenant": "nowhere" });
    operator.mutate("createApiKey", nowhere, "id").await.refused("NOT_FOUND");
    let taken = json!({ "name": "import", "role": "ADMIN", "tenant": "productready" });
    let refused = operator.mutate("createApiKey", taken, "id").await.refused(BAD);
    assert!(refused["message"].as_str().unwrap().contains("another name"), "{refused:#}");
    let tenants = operator.get("{ tenants { nodes { slug } } }").await;
    assert_eq!(tenants["nodes"], json!([{ "slug": "productready" }]));
}
