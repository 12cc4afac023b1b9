//! Who may ask for the schema itself, and that tools can.

use axum::Router;
use guerdon::http::{DocumentLimits, Edge, Introspection};
use serde_json::json;

use crate::attacks::texts::INTROSPECTION;
use crate::harness::{Caller, Server};
use crate::stories;

stories!("rules/productready":
    everyone_may_ask_for_the_schema,
    the_schema_can_be_for_admins_alone,
    the_schema_can_be_for_nobody,
);

const TENANT: &str = "productready";

/// What tools ask, from the least to the most.
const ASKED: [&str; 4] = [
    "{ __schema { queryType { name } } }",
    "{ __type(name: \"User\") { name fields { name type { name kind ofType { name } } } } }",
    "query Q { ...F } fragment F on Query { ... @include(if: true) { s: __schema { types { name } } } }",
    INTROSPECTION,
];

/// Callers of each role, from the least to the most, at this server.
async fn callers(server: &Server, router: Router) -> Vec<(&'static str, Caller)> {
    server.shop(TENANT).await.register("ann").await;
    [
        ("anyone", server.anonymous(TENANT)),
        ("user", server.user(TENANT, "ann").await),
        ("service", server.service(TENANT).await),
        ("admin", server.admin(TENANT).await),
        ("operator", server.operator().naming(TENANT)),
    ]
    .map(|(role, caller)| (role, caller.through(router.clone())))
    .into()
}

/// Only these roles may ask; everyone may ask for `__typename`.
async fn admitted(server: &Server, introspection: Introspection, admitted: &[&str]) {
    let documents = DocumentLimits { introspection, ..DocumentLimits::default() };
    let app = server.beside(Edge { documents, ..Edge::default() }).await;
    for (role, caller) in callers(server, app.router()).await {
        for query in ASKED {
            let answer = caller.gql(query, json!({})).await;
            if admitted.contains(&role) {
                answer.ok();
            } else {
                let error = answer.refused("FORBIDDEN");
                assert!(error["message"].as_str().unwrap().contains("schema.graphql"), "{error}");
            }
        }
        let named = caller.gql("{ __typename t: __typename }", json!({})).await.ok();
        assert_eq!(named, json!({ "__typename": "Query", "t": "Query" }), "{role}");
        // What may have been meant is told to nobody: it would tell the schema.
        let wrong = caller.gql("{ usr { id } }", json!({})).await;
        let wrong = wrong.refused("GRAPHQL_VALIDATION_FAILED")["message"].to_string();
        assert!(!wrong.contains("user"), "{wrong}");
    }
    app.stop().await;
}

async fn everyone_may_ask_for_the_schema(server: &Server) {
    let all = ["anyone", "user", "service", "admin", "operator"];
    admitted(server, Introspection::Everyone, &all).await;
}

async fn the_schema_can_be_for_admins_alone(server: &Server) {
    admitted(server, Introspection::Admins, &["admin", "operator"]).await;
}

async fn the_schema_can_be_for_nobody(server: &Server) {
    admitted(server, Introspection::Nobody, &[]).await;
}
