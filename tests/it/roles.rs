//! Who may do what: every operation of the contract, tried by a caller of each role.

use serde_json::{Value, json};

use crate::harness::{Caller, Server};
use crate::stories;

stories!("rules/productready":
    every_operation_needs_its_role,
    an_end_user_sees_little_of_another,
    keys_and_tokens_must_hold,
    a_key_names_the_user,
    a_revoked_key_stops_working,
    an_erased_user_is_forgotten,
);

/// The roles, each of which may do what those before it may.
const ROLES: [&str; 5] = ["public", "user", "service", "admin", "operator"];

/// An operation: the least role that may do it, and a document that does it.
type Row = (&'static str, &'static str);

const QUERIES: [Row; 16] = [
    ("public", "{ validateReferralCode(code: \"X\") { valid } }"),
    ("user", "{ leaderboard { rank } }"),
    ("service", "{ user(id: \"ann\") { id } }"),
    ("admin", "{ users { nodes { id } } }"),
    ("admin", "{ transactions { nodes { id } } }"),
    ("admin", "{ referrals { nodes { id } } }"),
    ("admin", "{ analytics { clicks } }"),
    ("admin", "{ rewards { nodes { id } } }"),
    ("admin", "{ decisions { nodes { id } } }"),
    ("admin", "{ decision(id: \"01900000-0000-7000-8000-000000000000\") { id } }"),
    ("admin", "{ tenant { slug } }"),
    ("admin", "{ tenant { apiKeys { nodes { id } } } }"),
    ("admin", "{ promoCodes { nodes { code } } }"),
    ("admin", "{ simulate(input: { event: \"signup\", userId: \"ann\" }) { facts } }"),
    ("operator", "{ tenants { nodes { slug } } }"),
    ("public", "{ __typename }"),
];

/// Mutations whose input cannot be used: whoever may call them gets another code than FORBIDDEN,
/// and nothing changes.
const MUTATIONS: [Row; 33] = [
    ("service", "registerUsers(input: { users: [] }) { results { id } }"),
    (
        "admin",
        "grantCredits(input: { userIds: [], amount: 1, idempotencyKey: \"k\" }) { results { userId } }",
    ),
    ("admin", "createPromoCodes(input: { count: 0, data: {} }) { codes }"),
    ("service", "registerUser(input: { id: \"\" }) { created }"),
    ("service", "updateUser(input: { id: \"nobody\" }) { user { id } }"),
    ("service", "issueUserToken(input: { userId: \"nobody\" }) { token }"),
    ("service", "addCredits(input: { userId: \"ann\", amount: 0 }) { replayed }"),
    ("service", "spendCredits(input: { userId: \"ann\", amount: 0 }) { replayed }"),
    ("admin", "reverseTransaction(input: { transactionId: \"x\" }) { replayed }"),
    ("user", "generateReferralCode(input: { userId: \"ann\" }) { code }"),
    ("user", "regenerateReferralCode(input: { userId: \"ann\" }) { code }"),
    ("user", "applyReferralCode(input: { userId: \"ann\", code: \"X\" }) { validation { valid } }"),
    ("public", "trackReferralClick(input: { code: \"NOSUCH\" }) { counted }"),
    ("admin", "createReferrer(input: { name: \"\", email: \"\" }) { code }"),
    ("service", "recordPurchase(input: { id: \"\", userId: \"ann\", amount: 1 }) { replayed }"),
    ("service", "recordRefund(input: { id: \"r\", purchaseId: \"none\" }) { replayed }"),
    ("service", "recordEvent(input: { id: \"e\", userId: \"ann\", type: \"\" }) { replayed }"),
    (
        "user",
        "completeOnboardingStep(input: { userId: \"ann\", step: \"none\" }) { decisions { id } }",
    ),
    ("user", "dismissOnboarding(input: { userId: \"ann\" }) { decisions { id } }"),
    ("user", "dismissReferralPrompt(input: { userId: \"ann\" }) { decisions { id } }"),
    (
        "service",
        "consumeQuota(input: { userId: \"ann\", unit: \"none\", amount: 1 }) { account { balance } }",
    ),
    ("admin", "createPromoCode(input: { code: \"\", data: {} }) { promoCode { code } }"),
    ("admin", "updatePromoCode(input: { code: \"NONE\", active: true }) { promoCode { code } }"),
    ("user", "redeemPromoCode(input: { userId: \"ann\", code: \"NONE\" }) { replayed }"),
    ("user", "markNotificationsRead(input: { userId: \"ann\" }) { unread }"),
    ("admin", "updateSettings(input: { settings: { none: 1 } }) { tenant { slug } }"),
    ("admin", "retryDecisions(input: { ids: [] }) { results { id } }"),
    ("operator", "createTenant(input: { slug: \"\", name: \"\" }) { tenant { slug } }"),
    ("admin", "eraseUser(input: { userId: \"nobody\" }) { user { id } }"),
    (
        "admin",
        "createApiKey(input: { name: \"\", role: SERVICE, tenant: \"productready\" }) { id }",
    ),
    ("admin", "revokeApiKey(input: { id: \"none\" }) { id }"),
    ("admin", "rotateApiKey(input: { id: \"none\" }) { id }"),
    (
        "service",
        "registerUser(input: { id: \"ann\", name: \"ann\", email: \"ann@example.com\" }) { created }",
    ),
];

async fn callers(server: &Server) -> Vec<(&'static str, Caller)> {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    shop.register("bob").await;
    let callers = [
        server.anonymous("productready"),
        server.user("productready", "ann").await,
        server.service("productready").await,
        server.admin("productready").await,
        server.operator().naming("productready"),
    ];
    ROLES.into_iter().zip(callers).collect()
}

async fn every_operation_needs_its_role(server: &Server) {
    let callers = callers(server).await;
    let rank = |role: &str| ROLES.iter().position(|known| *known == role).unwrap();
    let mutations = MUTATIONS.map(|(role, mutation)| (role, format!("mutation {{ {mutation} }}")));
    let queries = QUERIES.map(|(role, query)| (role, query.to_owned()));
    for (least, document) in queries.into_iter().chain(mutations) {
        for (role, caller) in &callers {
            let answer = caller.gql(&document, json!({})).await;
            let refused = ["FORBIDDEN", "UNAUTHENTICATED"].contains(&answer.code());
            assert_ne!(answer.code(), "INTERNAL", "{role}: {document}");
            assert_eq!(refused, rank(role) < rank(least), "{role}: {document}\n{:#}", answer.body);
            if refused && *role == "public" {
                assert_eq!(answer.code(), "UNAUTHENTICATED", "{document}");
            }
        }
    }
    let (_, ann) = &callers[1];
    assert_eq!(ann.get("{ me { id } }").await["id"], "ann");
    callers[0].1.gql("{ me { id } }", json!({})).await.refused("UNAUTHENTICATED");
    for (_, key) in &callers[2..] {
        key.gql("{ me { id } }", json!({})).await.refused("FORBIDDEN");
    }
}

async fn an_end_user_sees_little_of_another(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    let ann = server.user("productready", "ann").await;
    let of_bob = async |fields: &str| {
        let query = format!(
            "{{ me {{ referral {{ referrals {{ nodes {{ referee {{ {fields} }} }} }} }} }} }}"
        );
        ann.gql(&query, json!({})).await
    };
    let path = "/me/referral/referrals/nodes/0/referee";
    let seen = of_bob("id name email").await.ok();
    assert_eq!(seen.pointer(path), Some(&json!({ "id": "bob", "name": "bob", "email": null })));
    for fields in [
        "emailVerified",
        "traits",
        "createdAt",
        "credits { balance }",
        "transactions { nodes { id } }",
        "referral { signups }",
        "onboarding { dismissed }",
        "rewards { nodes { id } }",
        "notifications { nodes { id } }",
        "whatNext { kind }",
    ] {
        of_bob(fields).await.refused("FORBIDDEN");
    }
    let own = "{ me { email transactions { nodes { amount decision { id } } } } }";
    let own = ann.get(own).await;
    assert_eq!(own["email"], "ann@example.com");
    assert_eq!(own["transactions"]["nodes"], json!([{ "amount": 500, "decision": null }]));
    for (mutation, field) in [
        ("generateReferralCode", "code"),
        ("dismissOnboarding", "decisions { id }"),
        ("markNotificationsRead", "unread"),
    ] {
        ann.mutate(mutation, json!({ "userId": "bob" }), field).await.refused("FORBIDDEN");
        ann.mutate(mutation, json!({ "userId": "ann" }), field).await.ok();
        ann.mutate(mutation, json!({}), field).await.ok();
    }
    let cleo = json!({ "id": "cleo" });
    shop.sign_up(cleo).await;
    let cleo = server.user("productready", "cleo").await;
    let applied = json!({ "code": code });
    let fields =
        "validation { valid } decisions { id } referral { referrer { name email } signals }";
    let applied = cleo.mutate("applyReferralCode", applied, fields).await.ok();
    assert_eq!(
        (&applied["validation"]["valid"], &applied["decisions"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(applied["referral"]["referrer"], json!({ "name": "ann", "email": null }));
    assert!(applied["referral"]["signals"].is_null());
    let top = cleo.get("{ leaderboard { rank userId name creditedReferrals } }").await;
    assert_eq!(top, json!([{ "rank": 1, "userId": null, "name": "ann", "creditedReferrals": 2 }]));
}

async fn keys_and_tokens_must_hold(server: &Server) {
    server.shop("productready").await.register("ann").await;
    let good = server.admin("productready").await.get("{ tenant { slug } }").await;
    assert_eq!(good["slug"], "productready");
    for token in [
        "",
        "x",
        "gdn_admin_productready.wrong",
        "gdn_operator_productready.x",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJ0ZW5hbnQiOiJwcm9kdWN0cmVhZHkiLCJleHAiOjQ5MDAwMDAwMDB9.",
    ] {
        server.bearer(token).gql("{ tenant { slug } }", json!({})).await.refused("UNAUTHENTICATED");
        server.bearer(token).gql("{ me { id } }", json!({})).await.refused("UNAUTHENTICATED");
    }
    let ann = server.user("productready", "ann").await;
    ann.get("{ me { id } }").await;
    server.advance(chrono::TimeDelta::hours(2));
    ann.gql("{ me { id } }", json!({})).await.refused("UNAUTHENTICATED");
}

async fn a_key_names_the_user(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    for caller in [&shop.service, &shop.admin] {
        for mutation in ["generateReferralCode", "dismissOnboarding"] {
            let field = if mutation == "dismissOnboarding" { "decisions { id }" } else { "code" };
            caller.mutate(mutation, json!({}), field).await.refused("BAD_USER_INPUT");
            caller.mutate(mutation, Value::Null, field).await.refused("BAD_USER_INPUT");
        }
    }
}

async fn a_revoked_key_stops_working(server: &Server) {
    let admin = server.admin("productready").await;
    let made = admin
        .mutate("createApiKey", json!({ "name": "k", "role": "SERVICE" }), "id key")
        .await
        .ok();
    let service = server.bearer(made["key"].as_str().unwrap());
    assert!(made["key"].as_str().unwrap().starts_with("gdn_service_productready."));
    service.gql("{ user(id: \"x\") { id } }", json!({})).await.ok();
    admin.mutate("revokeApiKey", json!({ "id": made["id"] }), "id").await.ok();
    service.gql("{ user(id: \"x\") { id } }", json!({})).await.refused("UNAUTHENTICATED");
}

async fn an_erased_user_is_forgotten(server: &Server) {
    let shop = server.shop("productready").await;
    shop.sign_up(
        json!({ "id": "ann", "name": "Ann", "email": "ann@example.com", "ipAddress": "192.0.2.9",
                         "deviceId": "phone-9", "traits": { "city": "Ulm" } }),
    )
    .await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    let token = server.user("productready", "ann").await;
    let fields = "user { id name email traits }";
    for _ in 0..2 {
        let erased = shop.admin.mutate("eraseUser", json!({ "userId": "ann" }), fields).await.ok();
        assert_eq!(
            erased["user"],
            json!({ "id": "ann", "name": null, "email": null, "traits": {} })
        );
    }
    assert_eq!(shop.balance("ann").await, 500, "the ledger stays");
    assert_eq!(shop.validate(&code).await["valid"], false);
    let query = "{ decisions { nodes { facts effects } } users(filter: { search: \"ann@\" }) { nodes { id } } }";
    let seen = shop.admin.get_all(query).await;
    assert_eq!(seen["users"]["nodes"], json!([]));
    for trace in ["ann@example.com", "Ulm", "192.0.2.9", "phone-9", "\"Ann\""] {
        assert!(!seen.to_string().contains(trace), "{trace} is still there");
    }
    let me = token.gql("{ me { name email } }", json!({})).await;
    assert!(!me.code().is_empty() || me.body["data"]["me"]["email"].is_null());
}
