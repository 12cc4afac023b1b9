//! Documents that clients name by their hash: Apollo's automatic persisted queries, by POST and GET.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Caller, Seen, Server};
use crate::stories;

stories!("rules/productready", "rules/gatewayz":
    a_document_is_sent_once,
    a_document_is_registered_by_get_too,
    a_hash_must_be_the_documents_own,
    a_tenant_sees_only_its_own,
    a_stranger_registers_nothing,
    only_what_was_executed_is_kept,
    a_mutation_is_named_by_its_hash,
);

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";
const TYPENAME: &str = "{ __typename }";

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } })
}

/// Somebody who sends documents to one server that goes on, so that it can know them again.
struct Client {
    router: Router,
    headers: Vec<(&'static str, String)>,
    accept: &'static str,
}

impl Client {
    fn new(router: &Router, caller: &Caller) -> Self {
        let init = caller.init();
        let header = |name: &'static str| Some((name, init[name].as_str()?.to_owned()));
        let headers = ["authorization", "x-tenant"].into_iter().filter_map(header).collect();
        Self { router: router.clone(), headers, accept: JSON }
    }

    async fn post(&self, body: Value) -> Seen {
        let request = Request::post("/graphql").header("content-type", JSON);
        self.send(request, Body::from(body.to_string())).await
    }

    async fn get(&self, parameters: &[(&str, &str)]) -> Seen {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let pairs: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.send(Request::get(format!("/graphql?{}", pairs.join("&"))), Body::empty()).await
    }

    async fn send(&self, mut request: axum::http::request::Builder, body: Body) -> Seen {
        request = request.header("accept", self.accept);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        Seen::of(&self.router, request.body(body).unwrap()).await
    }

    /// Sends the hash alone.
    async fn name(&self, text: &str) -> Seen {
        self.post(json!({ "extensions": named(text) })).await
    }

    /// Sends the document with its hash.
    async fn register(&self, text: &str) -> Seen {
        self.post(json!({ "query": text, "extensions": named(text) })).await
    }

    async fn knows(&self, text: &str) -> bool {
        let seen = self.name(text).await;
        let is_unknown = seen.code() == "PERSISTED_QUERY_NOT_FOUND";
        assert!(is_unknown || seen.body().get("data").is_some(), "{}", seen.text);
        !is_unknown
    }
}

#[track_caller]
fn unknown(seen: &Seen, status: u16) {
    assert_eq!(seen.status.as_u16(), status);
    let error = json!({
        "message": "PersistedQueryNotFound", "extensions": { "code": "PERSISTED_QUERY_NOT_FOUND" },
    });
    assert_eq!(seen.body(), json!({ "errors": [error] }));
    assert_eq!(seen.header("cache-control"), "no-store");
}

#[track_caller]
fn typename(seen: &Seen) {
    assert_eq!(seen.status.as_u16(), 200, "{}", seen.text);
    assert_eq!(seen.body(), json!({ "data": { "__typename": "Query" } }));
    assert_eq!(seen.header("cache-control"), "no-store");
}

async fn a_document_is_sent_once(server: &Server) {
    let router = server.app.router();
    let mut client = Client::new(&router, &server.service("productready").await);
    unknown(&client.name(TYPENAME).await, 200);
    let extensions = named(TYPENAME).to_string();
    unknown(&client.get(&[("extensions", &extensions)]).await, 200);
    client.accept = GRAPHQL;
    unknown(&client.name(TYPENAME).await, 400);
    typename(&client.register(TYPENAME).await);
    for accept in [GRAPHQL, JSON] {
        client.accept = accept;
        typename(&client.name(TYPENAME).await);
        typename(&client.get(&[("extensions", &extensions)]).await);
        typename(&client.get(&[("extensions", &extensions), ("query", "")]).await);
        typename(&client.post(json!({ "query": "", "extensions": named(TYPENAME) })).await);
    }
    let capitals =
        json!({ "version": 1, "sha256Hash": hash(TYPENAME).to_uppercase(), "miss": true });
    typename(&client.post(json!({ "extensions": { "persistedQuery": capitals } })).await);
    let text = "query ($n: String!) { __type(name: $n) { name } }";
    let variables = json!({ "n": "User" });
    let full = json!({ "query": text, "variables": variables, "extensions": named(text) });
    let hashed = json!({ "variables": variables, "extensions": named(text) });
    let user = json!({ "data": { "__type": { "name": "User" } } });
    assert_eq!(client.post(full).await.body(), user);
    assert_eq!(client.post(hashed).await.body(), user);
}

async fn a_document_is_registered_by_get_too(server: &Server) {
    let router = server.app.router();
    let client = Client::new(&router, &server.service("productready").await);
    let extensions = named(TYPENAME).to_string();
    let full = [("query", TYPENAME), ("extensions", extensions.as_str())];
    typename(&client.get(&full).await);
    typename(&client.get(&full[1..]).await);
    typename(&client.name(TYPENAME).await);
}

async fn a_hash_must_be_the_documents_own(server: &Server) {
    let router = server.app.router();
    let mut client = Client::new(&router, &server.service("productready").await);
    let other = "sha256Hash is not the hash of this query: send the SHA-256 of its text.";
    let version = "Only version 1 of persistedQuery is known: send {\"version\": 1, \"sha256Hash\": \"...\"}.";
    let digits = "sha256Hash must be 64 hexadecimal digits.";
    let hash = hash("{ another }");
    for accept in [JSON, GRAPHQL] {
        client.accept = accept;
        for (persisted, why) in [
            (json!({ "version": 1, "sha256Hash": hash }), other),
            (json!({ "version": 2, "sha256Hash": hash }), version),
            (json!({ "version": "1", "sha256Hash": hash }), version),
            (json!({ "sha256Hash": hash }), version),
            (json!([1]), version),
            (json!({ "version": 1 }), digits),
            (json!({ "version": 1, "sha256Hash": 7 }), digits),
            (json!({ "version": 1, "sha256Hash": &hash[1..] }), digits),
            (json!({ "version": 1, "sha256Hash": hash.replace('a', "ä") + "z" }), digits),
        ] {
            let extensions = json!({ "persistedQuery": persisted });
            let body = json!({ "query": TYPENAME, "extensions": extensions });
            let text = extensions.to_string();
            let parameters = [("query", TYPENAME), ("extensions", text.as_str())];
            for seen in [client.post(body).await, client.get(&parameters).await] {
                assert_eq!(seen.status.as_u16(), 400, "{persisted}");
                assert_eq!(seen.message(), why, "{persisted}");
                assert_eq!(seen.code(), "BAD_USER_INPUT");
                assert!(seen.body().get("data").is_none(), "nothing was executed");
            }
        }
    }
    assert!(!client.knows("{ another }").await);
    let none = json!({ "query": TYPENAME, "extensions": { "persistedQuery": null } });
    typename(&client.post(none).await);
}

async fn a_tenant_sees_only_its_own(server: &Server) {
    let router = server.app.router();
    let ours = Client::new(&router, &server.service("productready").await);
    let theirs = Client::new(&router, &server.admin("gatewayz").await);
    let operator = Client::new(&router, &server.operator());
    typename(&ours.register(TYPENAME).await);
    assert!(!theirs.knows(TYPENAME).await);
    assert!(!operator.knows(TYPENAME).await);
    let naming = server.operator().naming("productready");
    assert!(Client::new(&router, &naming).knows(TYPENAME).await);
    server.shop("productready").await.register("ann").await;
    let ann = Client::new(&router, &server.user("productready", "ann").await);
    assert!(ann.knows(TYPENAME).await);
    // Whatever is registered for one tenant pushes out nothing of another.
    typename(&theirs.register("query Theirs { __typename }").await);
    for n in 0..1_200 {
        typename(&ours.register(&format!("query N{n} {{ __typename }}")).await);
    }
    assert!(theirs.knows("query Theirs { __typename }").await);
}

async fn a_stranger_registers_nothing(server: &Server) {
    let router = server.app.router();
    let stranger = Client::new(&router, &server.anonymous("productready"));
    typename(&stranger.register(TYPENAME).await);
    assert!(!stranger.knows(TYPENAME).await);
    let service = Client::new(&router, &server.service("productready").await);
    assert!(!service.knows(TYPENAME).await);
    typename(&service.register(TYPENAME).await);
    assert!(stranger.knows(TYPENAME).await, "it may use what its tenant's callers know");
    let nobody = Client { headers: Vec::new(), ..Client::new(&router, &server.operator()) };
    typename(&Client::new(&router, &server.operator()).register(TYPENAME).await);
    typename(&nobody.register(TYPENAME).await);
    assert!(!nobody.knows(TYPENAME).await, "without a tenant nothing is known");
}

async fn only_what_was_executed_is_kept(server: &Server) {
    let router = server.app.router();
    let client = Client::new(&router, &server.service("productready").await);
    let hostile = format!("{{ user(id: {}1{}) {{ id }} }}", "[".repeat(3_000), "]".repeat(3_000));
    let subscription = "subscription { creditsChanged { balance } }";
    for text in
        ["{", "{ nothing }", &hostile, subscription, "query ($n: ID!) { user(id: $n) { id } }"]
    {
        let refused = client.register(text).await;
        assert!(refused.body().get("data").is_none(), "{}", refused.text);
        assert!(!client.knows(text).await, "{text:.40}");
    }
    let mutation = "mutation { __typename }";
    let extensions = named(mutation).to_string();
    let by_get = client.get(&[("query", mutation), ("extensions", &extensions)]).await;
    assert_eq!(by_get.status.as_u16(), 405);
    assert!(!client.knows(mutation).await);
}

async fn a_mutation_is_named_by_its_hash(server: &Server) {
    let router = server.app.router();
    let client = Client::new(&router, &server.service("productready").await);
    let text = "mutation ($id: ID!) { registerUser(input: { id: $id }) { user { id } } }";
    let body = |id: &str| json!({ "variables": { "id": id }, "extensions": named(text) });
    let mut first = body("ann");
    first["query"] = text.into();
    let registered = |id: &str| json!({ "data": { "registerUser": { "user": { "id": id } } } });
    assert_eq!(client.post(first).await.body(), registered("ann"));
    assert_eq!(client.post(body("bob")).await.body(), registered("bob"));
    let extensions = named(text).to_string();
    let by_get = [("extensions", extensions.as_str()), ("variables", r#"{"id":"cleo"}"#)];
    let refused = client.get(&by_get).await;
    assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, "POST"));
    let service = server.service("productready").await;
    assert_eq!(service.get("{ user(id: \"cleo\") { id } }").await, Value::Null);
}
