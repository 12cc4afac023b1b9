//! Two tenants in which everything has the same id: no list, cursor or nested object of the one ever
//! shows the other's.

use std::collections::BTreeSet;

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use super::isolation_fields::{furnish, mirror};
use crate::harness::{Caller, Server};
use crate::stories;

stories!("tests/programs/harbour":
    no_list_takes_the_cursor_of_another_tenant_or_list,
    nested_objects_are_the_tenants_own,
);

/// Every list that is paged, and where it is found.
const LISTS: [(&str, [&str; 2]); 11] = [
    ("Query.users", ["{ users(", "}"]),
    ("Query.transactions", ["{ transactions(", "}"]),
    ("Query.referrals", ["{ referrals(", "}"]),
    ("Query.rewards", ["{ rewards(", "}"]),
    ("Query.decisions", ["{ decisions(", "}"]),
    ("Query.promoCodes", ["{ promoCodes(", "}"]),
    ("User.transactions", ["{ user(id: \"ann\") { transactions(", "} }"]),
    ("User.rewards", ["{ user(id: \"ann\") { rewards(", "} }"]),
    ("User.notifications", ["{ user(id: \"ann\") { notifications(", "} }"]),
    ("Tenant.apiKeys", ["{ tenant { apiKeys(", "} }"]),
    ("ReferralProfile.referrals", ["{ user(id: \"ann\") { referral { referrals(", "} } }"]),
];

/// Lists that are nobody's but the operator's.
const OF_THE_OPERATOR: [&str; 1] = ["Query.tenants"];

#[test]
fn no_list_is_left_out() {
    let schema = parse_schema(include_str!("../../../schema.graphql")).unwrap();
    let mut paged = BTreeSet::new();
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(kind) = definition else { continue };
        let TypeKind::Object(object) = kind.node.kind else { continue };
        for field in object.fields {
            if field.node.arguments.iter().any(|argument| argument.node.name.node == "after") {
                paged.insert(format!("{}.{}", kind.node.name.node, field.node.name.node));
            }
        }
    }
    let tried = LISTS.iter().map(|(list, _)| *list).chain(OF_THE_OPERATOR);
    assert_eq!(paged, tried.map(str::to_owned).collect());
}

fn document([begin, end]: [&str; 2], arguments: &str) -> String {
    format!("{begin}{arguments}) {{ edges {{ cursor }} }} {end}")
}

/// The first cursor of a list.
async fn cursor(caller: &Caller, place: [&str; 2]) -> String {
    fn find(value: &Value) -> Option<&str> {
        match value {
            Value::Object(fields) => match fields.get("cursor") {
                Some(cursor) => cursor.as_str(),
                None => fields.values().find_map(find),
            },
            Value::Array(items) => items.iter().find_map(find),
            _ => None,
        }
    }
    let found = caller.get_all(&document(place, "first: 1")).await;
    find(&found).unwrap_or_else(|| panic!("{place:?}: {found}")).to_owned()
}

async fn no_list_takes_the_cursor_of_another_tenant_or_list(server: &Server) {
    let (one, other) = (server.shop("harbour").await, mirror(server).await);
    furnish(&one, "Victoria").await;
    furnish(&other, "Mirror").await;
    for (list, place) in LISTS {
        let cursor = cursor(&one.admin, place).await;
        for argument in ["after", "before"] {
            let with = document(place, &format!("{argument}: \"{cursor}\""));
            one.admin.gql(&with, json!({})).await.ok();
            let refused = other.admin.gql(&with, json!({})).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT", "{list} of another tenant");
            for (another, place) in LISTS.iter().filter(|(another, _)| *another != list) {
                let with = document(*place, &format!("{argument}: \"{cursor}\""));
                let refused = one.admin.gql(&with, json!({})).await;
                assert_eq!(refused.code(), "BAD_USER_INPUT", "{list} given to {another}");
            }
        }
    }
}

/// Everything that nests a user, by every way.
const NESTED: &str = "{ \
    users(first: 50) { nodes { name transactions { nodes { user { name } } } \
      rewards { nodes { referral { referee { name } } } } \
      referral { referrals { nodes { referee { name } referrer { name } } } } } } \
    transactions(first: 100) { nodes { user { name } decision { user { name } } } } \
    referrals { nodes { referrer { name } referee { name } } } \
    decisions(first: 100) { nodes { user { name } } } }";

async fn nested_objects_are_the_tenants_own(server: &Server) {
    let (one, other) = (server.shop("harbour").await, mirror(server).await);
    furnish(&one, "Victoria").await;
    furnish(&other, "Mirror").await;
    for _ in 0..3 {
        // At once, so that what is loaded together for both would show.
        let (ours, theirs) = tokio::join!(one.admin.get_all(NESTED), other.admin.get_all(NESTED));
        for (seen, own, foreign) in [(ours, "Victoria ", "Mirror"), (theirs, "Mirror ", "Victoria")]
        {
            let text = seen.to_string();
            assert!(text.matches(own).count() > 20 && !text.contains(foreign), "{seen:#}");
        }
    }
}
