//! What documents cost: every list is given a hundred at a time with much of each entry; lists in lists
//! in lists are not.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{Answer, Server};
use crate::stories;

stories!("rules/productready":
    every_list_is_given_by_the_hundred,
    lists_in_lists_cost_too_much,
    a_document_may_define_more_than_is_meant,
);

const TENANT: &str = "productready";

/// Each list, a hundred entries of it, with what an administrator's page would show.
const LISTS: [&str; 10] = [
    "{ users(first: 100) { totalCount pageInfo { hasNextPage endCursor } nodes { id name email emailVerified traits createdAt \
       credits { balance pending totalEarned balanceFormatted } onboarding { completedCount totalCount steps { key done } } \
       referral { code shareUrl clicks signups conversions credited totalEarned } } } }",
    "{ transactions(first: 100) { totalCount edges { cursor node { id user { id name } unit amount amountFormatted balanceAfter source \
       referenceId description grantedBy spaceId expiresAt reverses { id } decision { id rule outcome } effectiveAt createdAt } } } }",
    "{ referrals(first: 100) { totalCount nodes { id code status referrer { id name email } referee { id name email } signedUpAt \
       convertedAt creditedAt bonusEarned failureReason rewards { id type status amount } purchaseId purchaseAmount signals } } }",
    "{ rewards(first: 100) { nodes { id type status unit amount remaining source validFrom validUntil referral { id code } } } }",
    "{ decisions(first: 100) { nodes { id event user { id name } outcome rule reason effects facts programHash createdAt } } }",
    "{ promoCodes(first: 100) { nodes { code active maxRedemptions redemptions perUser startsAt endsAt data createdAt } } }",
    "{ leaderboard(first: 100) { rank userId name creditedReferrals earned } }",
    "{ user(id: \"ann\") { credits { balance lots(first: 100) { id amount remaining source expiresAt } } \
       transactions(first: 100) { nodes { id amount source } } rewards(first: 100) { nodes { id status } } \
       notifications(first: 100) { unreadCount nodes { id message read } } referral { referrals(first: 100) { nodes { id status } } } } }",
    "{ analytics { clicks signups daily { date clicks signups conversions bonusPaid creditsIssued creditsUsed } } }",
    "{ users(first: 50) { nodes { id transactions(first: 50) { nodes { id amount source createdAt } } } } }",
];

async fn every_list_is_given_by_the_hundred(server: &Server) {
    server.shop(TENANT).await.register("ann").await;
    let admin = server.admin(TENANT).await;
    for list in LISTS {
        admin.gql(list, json!({})).await.ok();
    }
    let tenants = "{ tenants(first: 100) { nodes { slug name currency settings program { name hash error { message } } } } }";
    server.operator().gql(tenants, json!({})).await.ok();
}

async fn lists_in_lists_cost_too_much(server: &Server) {
    let admin = server.admin(TENANT).await;
    let inner = "transactions(first: 100) { nodes { id amount } }";
    let twice = format!("users(first: 100) {{ nodes {{ id {inner} }} }}");
    let thrice = "users(first: 100) { nodes { referral { referrals(first: 100) { nodes { referee { rewards(first: 100) { nodes { id } } } } } } } }";
    let many = (0..40).map(|n| format!("u{n}: users(first: 100) {{ nodes {{ id name email traits createdAt emailVerified }} }} "));
    let by_variable = "query($n: Int) { users(first: $n) { nodes { transactions(last: $n) { nodes { id amount } } } } }";
    let too_much = [
        format!("{{ {twice} }}"),
        format!("{{ {thrice} }}"),
        format!("{{ {} }}", many.collect::<String>()),
    ];
    for document in &too_much {
        admin.gql(document, json!({})).await.refused("QUERY_TOO_COMPLEX");
    }
    admin.gql(by_variable, json!({ "n": 100 })).await.refused("QUERY_TOO_COMPLEX");
    admin.gql(by_variable, json!({ "n": 10 })).await.ok();
    // A size that is refused later counts as the nearest that is not.
    admin.gql(by_variable, json!({ "n": 2_000_000_000 })).await.refused("QUERY_TOO_COMPLEX");
    admin
        .gql("{ users(first: 2000000000) { nodes { id } } }", json!({}))
        .await
        .refused("BAD_USER_INPUT");
}

async fn a_document_may_define_more_than_is_meant(server: &Server) {
    let bearer = server.admin(TENANT).await.init()["authorization"].clone();
    let document = "query A($n: Int!) { users(first: $n) { totalCount } } \
                    query B($n: Int = 1) { users(first: $n) { totalCount } } query C { __typename }";
    for (name, code) in
        [("A", "BAD_USER_INPUT"), ("B", ""), ("C", ""), ("D", "GRAPHQL_VALIDATION_FAILED")]
    {
        let body = json!({ "query": document, "operationName": name }).to_string();
        let request = Request::post("/graphql").header("content-type", "application/json");
        let request = request.header("authorization", bearer.as_str().unwrap());
        let answer = server.app.router().oneshot(request.body(Body::from(body)).unwrap()).await;
        let bytes = answer.unwrap().into_body().collect().await.unwrap().to_bytes();
        let answer = Answer::of(serde_json::from_slice(&bytes).unwrap());
        assert_eq!(answer.code(), code, "{name}: {:#}", answer.body);
    }
}
