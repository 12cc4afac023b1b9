//! Every operation of the schema, tried by one tenant's administrator with the ids of another. An
//! operation that is new in the schema must be tried here too, or a test fails.

use std::collections::BTreeSet;

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Server, Shop, Socket, listen};
use crate::stories;

stories!("tests/programs/harbour":
    every_operation_is_tried_with_the_ids_of_another_tenant,
);

/// What no other tenant may ever read, in small letters.
const SECRETS: [&str; 3] = ["victoria", "4321", "secret of"];

/// How trying it ends.
enum Ends {
    /// With this code.
    Refused(&'static str),
    /// With this and nothing else.
    Gives(Value),
    /// With something of the caller's own.
    Own,
}
use Ends::{Gives, Own, Refused};

/// The fields of a type in the committed schema, with their arguments' names.
pub fn fields_of(kind: &str) -> Vec<FieldDefinition> {
    let schema = parse_schema(include_str!("../../../schema.graphql")).unwrap();
    let mut fields = Vec::new();
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(found) = definition else { continue };
        if let TypeKind::Object(object) = found.node.kind
            && found.node.name.node == kind
        {
            fields.extend(object.fields.into_iter().map(|field| field.node));
        }
    }
    fields
}

#[test]
fn no_operation_is_left_out() {
    let tried: BTreeSet<String> =
        attacks(&Ids::default()).into_iter().map(|(field, ..)| field.to_owned()).collect();
    for kind in ["Query", "Mutation", "Subscription"] {
        for field in fields_of(kind) {
            let field = format!("{kind}.{}", field.name.node);
            assert!(tried.contains(&field), "{field} must be tried with another tenant's ids");
        }
    }
}

/// What one tenant has, by id.
#[derive(Default)]
pub struct Ids {
    pub code: String,
    pub transaction: String,
    pub decision: String,
    pub referral: String,
    pub reward: String,
    pub notice: String,
    pub key: String,
}

/// Fills a tenant with something of everything; every name says whose it is.
pub async fn furnish(shop: &Shop, name: &str) -> Ids {
    let person =
        |id: &str| json!({ "id": id, "name": format!("{name} {id}"), "ipAddress": "192.0.2.1" });
    shop.sign_up(person("ann")).await;
    let code = shop.code_of("ann").await;
    let mut bob = person("bob");
    bob["referralCode"] = code.clone().into();
    shop.sign_up(bob).await;
    shop.event("v-1", "ann", "voyage", json!({})).await;
    shop.purchase("pay-1", "ann", 4_321).await;
    let failed = shop.event("g-1", "ann", "gift", json!({ "amount": "much" })).await;
    shop.promo_code(json!({ "code": "SECRET", "data": { "words": format!("secret of {name}") } }))
        .await;
    let given = json!({ "userId": "ann", "amount": 4_321, "idempotencyKey": "k" });
    let given = shop.add(given).await.ok();
    let partner = json!({ "name": format!("{name} partner"), "email": "partner@example.com" });
    shop.admin.mutate("createReferrer", partner, "code").await.ok();
    let key = json!({ "name": format!("{name} key"), "role": "SERVICE" });
    let key = shop.admin.mutate("createApiKey", key, "id").await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let held = shop.admin.get("{ referrals(filter: { status: HELD }) { nodes { id } } }").await;
    let pending = "{ rewards(filter: { status: PENDING }) { nodes { id } } }";
    let notices = shop.of_user("ann", "notifications { nodes { id } }").await;
    Ids {
        code,
        transaction: text(&given["transaction"]["id"]),
        decision: text(&failed["decisions"][0]["id"]),
        referral: text(&held["nodes"][0]["id"]),
        reward: text(&shop.admin.get(pending).await["nodes"][0]["id"]),
        notice: text(&notices["notifications"]["nodes"][0]["id"]),
        key: text(&key["id"]),
    }
}

/// A second tenant that runs the same program.
pub async fn mirror(server: &Server) -> Shop {
    let input = json!({ "slug": "mirror", "name": "Mirror", "program": "harbour" });
    server.operator().mutate("createTenant", input, "tenant { slug }").await.ok();
    server.shop("mirror").await
}

async fn everything(shop: &Shop) -> Value {
    let query = "{ users(first: 100) { nodes { id name email credits { balance totalEarned pending } \
          rewards { nodes { id status } } onboarding { completedCount dismissed } \
          notifications { unreadCount nodes { id read } } \
          referral { code clicks signups credited showPrompt } } } \
        transactions(first: 100) { nodes { id amount source } } referrals { nodes { id status } } \
        decisions(first: 100) { nodes { id outcome reason } } rewards { nodes { id status } } \
        promoCodes { nodes { code active redemptions } } tenant { slug settings } }";
    shop.admin.gql(query, json!({})).await.ok()
}

async fn every_operation_is_tried_with_the_ids_of_another_tenant(server: &Server) {
    let victim = server.shop("harbour").await;
    let ids = furnish(&victim, "Victoria").await;
    let before = everything(&victim).await;
    let other = mirror(server).await.admin;
    for (field, selection, ends) in attacks(&ids) {
        let (kind, name) = field.split_once('.').unwrap();
        let is_there = fields_of(kind).iter().any(|known| known.name.node == name);
        if !is_there {
            continue;
        }
        let document = format!("{} {{ {selection} }}", kind.to_lowercase());
        let answer = match kind {
            "Subscription" => subscribe(server, &other, &document).await,
            _ => other.gql(&document, json!({})).await,
        };
        let text = answer.body.to_string().to_lowercase();
        assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{field}: {text}");
        match ends {
            Refused(code) => assert_eq!(answer.code(), code, "{field}: {:#}", answer.body),
            Gives(value) => assert_eq!(answer.ok()[name], value, "{field}"),
            Own => drop(answer.ok()),
        }
    }
    assert_eq!(everything(&victim).await, before);
    let key = format!(
        "SELECT name FROM api_keys WHERE name = '{}' AND revoked_at IS NULL AND expires_at IS NULL",
        "Victoria key"
    );
    assert_eq!(server.database.find(&key).await.len(), 1, "the key still holds");
}

/// What comes first over a socket.
async fn subscribe(server: &Server, caller: &Caller, document: &str) -> Answer {
    let mut socket = Socket::connect(listen(server).await, caller.init()).await;
    socket.subscribe("1", document).await;
    let message = socket.message().await;
    match message["type"].as_str() {
        Some("error") => Answer::of(json!({ "errors": message["payload"] })),
        _ => Answer::of(message["payload"].clone()),
    }
}

/// What is tried, and how it ends.
fn attacks(ids: &Ids) -> Vec<(&'static str, String, Ends)> {
    let mut all = queries(ids);
    all.extend(mutations_of_users(ids));
    all.extend(mutations_of_things(ids));
    all.extend(mutations_of_ones_own(ids));
    for (field, selection) in [
        ("Subscription.creditsChanged", "creditsChanged(userId: \"ann\") { balance }"),
        ("Subscription.notificationAdded", "notificationAdded(userId: \"ann\") { message }"),
    ] {
        all.push((field, selection.to_owned(), Refused("NOT_FOUND")));
    }
    all
}

fn queries(ids: &Ids) -> Vec<(&'static str, String, Ends)> {
    let empty = || Gives(json!({ "nodes": [] }));
    let unknown = json!({ "valid": false, "reason": "NOT_FOUND", "referrerName": null });
    let Ids { code, decision, .. } = ids;
    [
        ("Query.me", "me { id name }".to_owned(), Refused("FORBIDDEN")),
        ("Query.user", "user(id: \"ann\") { id name }".to_owned(), Gives(Value::Null)),
        (
            "Query.users",
            "users(filter: { search: \"a\" }) { nodes { id name } }".to_owned(),
            empty(),
        ),
        ("Query.users", "users(orderBy: BALANCE_DESC) { nodes { id name } }".to_owned(), empty()),
        (
            "Query.transactions",
            "transactions(filter: { userId: \"ann\" }) { nodes { id amount } }".to_owned(),
            empty(),
        ),
        ("Query.transactions", "transactions { nodes { id amount } }".to_owned(), empty()),
        (
            "Query.referrals",
            "referrals(filter: { referrerId: \"ann\" }) { nodes { id } }".to_owned(),
            empty(),
        ),
        (
            "Query.validateReferralCode",
            format!("validateReferralCode(code: \"{code}\") {{ valid reason referrerName }}"),
            Gives(unknown),
        ),
        ("Query.leaderboard", "leaderboard { name userId }".to_owned(), Gives(json!([]))),
        (
            "Query.analytics",
            "analytics { signups clicks creditsOutstanding }".to_owned(),
            Gives(json!({ "signups": 0, "clicks": 0, "creditsOutstanding": 0 })),
        ),
        (
            "Query.referralTotals",
            "referralTotals { __typename }".to_owned(),
            Gives(json!({ "__typename": "ReferralTotals" })),
        ),
        (
            "Query.rewards",
            "rewards(filter: { userId: \"ann\" }) { nodes { id } }".to_owned(),
            empty(),
        ),
        (
            "Query.decisions",
            "decisions(filter: { userId: \"ann\" }) { nodes { id facts } }".to_owned(),
            empty(),
        ),
        (
            "Query.decision",
            format!("decision(id: \"{decision}\") {{ id facts user {{ name }} }}"),
            Gives(Value::Null),
        ),
        ("Query.promoCodes", "promoCodes { nodes { code data } }".to_owned(), empty()),
        ("Query.tenant", "tenant { slug }".to_owned(), Gives(json!({ "slug": "mirror" }))),
        ("Query.tenants", "tenants { nodes { slug } }".to_owned(), Refused("FORBIDDEN")),
        (
            "Query.simulate",
            "simulate(input: { event: \"voyage\", userId: \"ann\" }) { decisions { effects } }"
                .to_owned(),
            Refused("NOT_FOUND"),
        ),
    ]
    .into()
}

/// Those that name a user, who is nobody here.
fn mutations_of_users(ids: &Ids) -> Vec<(&'static str, String, Ends)> {
    let Ids { code, notice, .. } = ids;
    let ann = "userId: \"ann\"";
    [
        ("updateUser", "id: \"ann\", name: \"Mallory\"".to_owned(), "user { id name }"),
        ("issueUserToken", ann.to_owned(), "token"),
        ("addCredits", format!("{ann}, amount: 5"), "account { balance }"),
        ("addCredits", format!("{ann}, amount: 4320, idempotencyKey: \"k\""), "replayed"),
        ("spendCredits", format!("{ann}, amount: 5"), "account { balance }"),
        ("consumeQuota", format!("{ann}, unit: \"messages\", amount: 1"), "account { balance }"),
        ("generateReferralCode", ann.to_owned(), "code"),
        ("regenerateReferralCode", ann.to_owned(), "code"),
        ("applyReferralCode", format!("{ann}, code: \"{code}\""), "validation { valid }"),
        ("recordPurchase", format!("{ann}, id: \"pay-2\", amount: 5"), "user { name }"),
        ("recordPurchase", format!("{ann}, id: \"pay-1\", amount: 5"), "replayed"),
        ("recordRefund", "id: \"r\", purchaseId: \"pay-1\"".to_owned(), "user { name }"),
        ("recordEvent", format!("{ann}, id: \"e\", type: \"voyage\""), "user { name }"),
        ("completeOnboardingStep", format!("{ann}, step: \"anchor\""), "onboarding { dismissed }"),
        ("dismissOnboarding", ann.to_owned(), "onboarding { dismissed }"),
        ("dismissReferralPrompt", ann.to_owned(), "onboarding { dismissed }"),
        ("redeemPromoCode", format!("{ann}, code: \"SECRET\""), "user { name }"),
        ("markNotificationsRead", ann.to_owned(), "unread"),
        ("markNotificationsRead", format!("{ann}, ids: [\"{notice}\"]"), "unread"),
        ("eraseUser", ann.to_owned(), "user { id }"),
    ]
    .map(|(name, input, fields)| {
        (
            field_of(name),
            format!("{name}(input: {{ {input} }}) {{ {fields} }}"),
            Refused("NOT_FOUND"),
        )
    })
    .into()
}

/// Those that name a thing, which is not there.
fn mutations_of_things(ids: &Ids) -> Vec<(&'static str, String, Ends)> {
    let Ids { transaction, referral, reward, key, .. } = ids;
    let mut all: Vec<_> = [
        ("reverseTransaction", format!("transactionId: \"{transaction}\""), "replayed"),
        ("approveReferral", format!("id: \"{referral}\""), "referral { id }"),
        ("rejectReferral", format!("id: \"{referral}\""), "referral { id }"),
        ("retryReward", format!("id: \"{reward}\""), "reward { id }"),
        ("approveReward", format!("id: \"{reward}\""), "reward { id }"),
        ("cancelReward", format!("id: \"{reward}\""), "reward { id }"),
        ("updatePromoCode", "code: \"SECRET\", active: false".to_owned(), "promoCode { data }"),
        ("revokeApiKey", format!("id: \"{key}\""), "id"),
        ("rotateApiKey", format!("id: \"{key}\""), "key"),
    ]
    .map(|(name, input, fields)| {
        (
            field_of(name),
            format!("{name}(input: {{ {input} }}) {{ {fields} }}"),
            Refused("NOT_FOUND"),
        )
    })
    .into();
    let retry = format!(
        "retryDecisions(input: {{ ids: [\"{}\"] }}) {{ results {{ decision {{ id }} }} }}",
        ids.decision
    );
    all.push((field_of("retryDecisions"), retry, Refused("NOT_FOUND")));
    let grant = "grantCredits(input: { userIds: [\"ann\"], amount: 5, idempotencyKey: \"k\" }) \
        { results { code transaction { id } } }";
    let none = json!({ "results": [{ "code": "NOT_FOUND", "transaction": null }] });
    all.push((field_of("grantCredits"), grant.to_owned(), Gives(none)));
    let click = format!("trackReferralClick(input: {{ code: \"{}\" }}) {{ counted }}", ids.code);
    all.push((field_of("trackReferralClick"), click, Gives(json!({ "counted": false }))));
    all
}

/// Those that make or change something: the caller's own, whatever another tenant calls so.
fn mutations_of_ones_own(ids: &Ids) -> Vec<(&'static str, String, Ends)> {
    let code = &ids.code;
    let not_found = json!({ "created": true, "referralCode": { "reason": "NOT_FOUND" } });
    [
        (
            "updateSettings",
            "settings: { uses: 1 }".to_owned(),
            "tenant { slug }",
            Gives(json!({ "tenant": { "slug": "mirror" } })),
        ),
        (
            "createTenant",
            "slug: \"third\", name: \"Third\"".to_owned(),
            "tenant { slug }",
            Refused("FORBIDDEN"),
        ),
        (
            "createApiKey",
            "name: \"k\", role: ADMIN, tenant: \"harbour\"".to_owned(),
            "key",
            Refused("FORBIDDEN"),
        ),
        (
            "registerUser",
            format!("id: \"newcomer\", referralCode: \"{code}\""),
            "created referralCode { reason }",
            Gives(not_found.clone()),
        ),
        ("registerUser", "id: \"bob\"".to_owned(), "created user { name referral { code } }", Own),
        (
            "registerUsers",
            format!("users: [{{ id: \"next\", referralCode: \"{code}\" }}]"),
            "results { payload { created referralCode { reason } } }",
            Gives(json!({ "results": [{ "payload": not_found }] })),
        ),
        (
            "createReferrer",
            "name: \"P\", email: \"partner@example.com\"".to_owned(),
            "user { name }",
            Gives(json!({ "user": { "name": "P" } })),
        ),
        ("createPromoCode", "code: \"SECRET\", data: {}".to_owned(), "promoCode { data }", Own),
        ("createPromoCodes", "count: 1, data: {}".to_owned(), "codes", Own),
    ]
    .map(|(name, input, fields, ends)| {
        (field_of(name), format!("{name}(input: {{ {input} }}) {{ {fields} }}"), ends)
    })
    .into()
}

fn field_of(mutation: &str) -> &'static str {
    Box::leak(format!("Mutation.{mutation}").into_boxed_str())
}
