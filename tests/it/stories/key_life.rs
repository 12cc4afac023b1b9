//! The life of an API key: it is listed, used, rotated, and ends.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Server};
use crate::stories;

stories!("rules/productready", "rules/starter":
    a_key_ends_at_its_very_instant,
    a_rotated_key_goes_on_for_a_while,
    rotating_again_lets_nothing_live_longer,
    what_has_ended_is_not_rotated,
    keys_are_listed_without_their_secrets,
    the_last_use_of_a_key_is_noted,
);

const WORKS: &str = "{ user(id: \"x\") { id } }";
const LIST: &str = "{ tenant { apiKeys(last: 100) { nodes \
    { id name role createdAt expiresAt lastUsedAt revokedAt } pageInfo { hasNextPage } } } }";

/// A key that was made: its id, and who calls with it.
struct Key {
    id: String,
    caller: Caller,
    secret: String,
}

impl Key {
    fn of(server: &Server, made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let secret = text("key");
        Self { id: text("id"), caller: server.bearer(&secret), secret }
    }

    async fn works(&self) -> bool {
        let answer = self.caller.gql(WORKS, json!({})).await;
        if !answer.code().is_empty() {
            answer.refused("UNAUTHENTICATED");
            return false;
        }
        true
    }
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn make(server: &Server, input: Value) -> Key {
    let admin = server.admin("productready").await;
    Key::of(server, &admin.mutate("createApiKey", input, "id key expiresAt").await.ok())
}

async fn backend(server: &Server) -> Key {
    make(server, json!({ "name": "backend", "role": "SERVICE" })).await
}

async fn try_rotate(caller: &Caller, input: Value) -> Answer {
    let document = "mutation($input: RotateApiKeyInput!) { rotateApiKey(input: $input) \
        { id key expiresAt previous { id name role expiresAt revokedAt } } }";
    caller.gql(document, json!({ "input": input })).await
}

async fn rotate(server: &Server, input: Value) -> Value {
    let admin = server.admin("productready").await;
    try_rotate(&admin, input).await.ok()["rotateApiKey"].clone()
}

async fn listed(server: &Server, id: &str) -> Value {
    let tenant = server.admin("productready").await.get(LIST).await;
    let nodes = tenant["apiKeys"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().find(|key| key["id"] == id).unwrap()
}

async fn a_key_ends_at_its_very_instant(server: &Server) {
    let end = server.now() + TimeDelta::hours(1);
    let input = json!({ "name": "passing", "role": "SERVICE", "expiresAt": end.to_rfc3339() });
    let key = make(server, input.clone()).await;
    assert_eq!(time(&listed(server, &key.id).await["expiresAt"]), end);
    server.advance(TimeDelta::hours(1) - TimeDelta::microseconds(1));
    assert!(key.works().await, "and it is remembered now");
    server.advance(TimeDelta::microseconds(1));
    assert!(!key.works().await);
    let admin = server.admin("productready").await;
    admin.mutate("createApiKey", input, "id").await.refused("BAD_USER_INPUT");
}

async fn a_rotated_key_goes_on_for_a_while(server: &Server) {
    let old = backend(server).await;
    let end = server.now() + TimeDelta::hours(2);
    let own_end = server.now() + TimeDelta::days(90);
    let input = json!({ "id": old.id, "overlapSeconds": 7_200, "expiresAt": own_end.to_rfc3339() });
    let rotated = rotate(server, input).await;
    let new = Key::of(server, &rotated);
    let previous = &rotated["previous"];
    assert_eq!((&previous["id"], time(&previous["expiresAt"])), (&json!(old.id), end));
    let is_named = |key: &Value| (key["name"] == "backend") && (key["role"] == "SERVICE");
    assert!(is_named(previous) && is_named(&listed(server, &new.id).await));
    assert_eq!(listed(server, &old.id).await["expiresAt"], previous["expiresAt"]);
    assert!(new.secret.starts_with("gdn_service_productready.") && new.secret != old.secret);
    server.advance(TimeDelta::hours(2) - TimeDelta::microseconds(1));
    assert!(old.works().await && new.works().await);
    server.advance(TimeDelta::microseconds(1));
    assert!(!old.works().await && new.works().await);
    server.advance(own_end - server.now());
    assert!(!new.works().await);

    // Without a word it is a day, and for ever.
    let (old, now) = (backend(server).await, server.now());
    let rotated = rotate(server, json!({ "id": old.id })).await;
    assert_eq!(time(&rotated["previous"]["expiresAt"]), now + TimeDelta::days(1));
    assert!(rotated["expiresAt"].is_null());
    // And without an overlap at once, though the key was used a moment ago.
    let old = backend(server).await;
    assert!(old.works().await);
    let new = Key::of(server, &rotate(server, json!({ "id": old.id, "overlapSeconds": 0 })).await);
    assert!(!old.works().await && new.works().await);
}

async fn rotating_again_lets_nothing_live_longer(server: &Server) {
    let old = backend(server).await;
    let first = rotate(server, json!({ "id": old.id, "overlapSeconds": 60 })).await;
    let second = rotate(server, json!({ "id": old.id, "overlapSeconds": 86_400 })).await;
    assert_eq!(first["previous"], second["previous"]);
    let [first, second] = [first, second].map(|made| Key::of(server, &made));
    assert!(old.works().await && first.works().await && second.works().await);
    server.advance(TimeDelta::seconds(60));
    assert!(!old.works().await && first.works().await && second.works().await);
    // A key that ends before the overlap does ends when it would have.
    let end = server.now() + TimeDelta::minutes(5);
    let input = json!({ "name": "short", "role": "ADMIN", "expiresAt": end.to_rfc3339() });
    let short = make(server, input).await;
    let rotated = rotate(server, json!({ "id": short.id })).await;
    assert_eq!(time(&rotated["previous"]["expiresAt"]), end);
}

async fn what_has_ended_is_not_rotated(server: &Server) {
    let admin = server.admin("productready").await;
    let old = backend(server).await;
    for (input, code) in [
        (json!({ "id": old.id, "overlapSeconds": -1 }), "BAD_USER_INPUT"),
        (json!({ "id": old.id, "overlapSeconds": 2_592_001 }), "BAD_USER_INPUT"),
        (json!({ "id": old.id, "expiresAt": server.now().to_rfc3339() }), "BAD_USER_INPUT"),
        (json!({ "id": old.id, "tenant": "starter" }), "FORBIDDEN"),
        (json!({ "id": "none" }), "NOT_FOUND"),
        (json!({ "id": "01900000-0000-7000-8000-000000000000" }), "NOT_FOUND"),
    ] {
        try_rotate(&admin, input).await.refused(code);
    }
    let by_service = try_rotate(&old.caller, json!({ "id": old.id })).await;
    by_service.refused("FORBIDDEN");
    let elsewhere = server.admin("starter").await;
    try_rotate(&elsewhere, json!({ "id": old.id })).await.refused("NOT_FOUND");
    let operator = server.operator();
    let of_starter = json!({ "id": old.id, "tenant": "starter" });
    try_rotate(&operator, of_starter).await.refused("NOT_FOUND");
    try_rotate(&operator, json!({ "id": old.id })).await.refused("BAD_USER_INPUT");
    let before = admin.get(LIST).await;
    assert!(listed(server, &old.id).await["expiresAt"].is_null(), "nothing became of it");
    admin.mutate("revokeApiKey", json!({ "id": old.id }), "id").await.ok();
    let error = try_rotate(&admin, json!({ "id": old.id })).await.refused("BAD_USER_INPUT");
    assert!(error["message"].as_str().unwrap().contains("createApiKey"), "{error}");
    let after = admin.get(LIST).await;
    let count = |tenant: &Value| tenant["apiKeys"]["nodes"].as_array().unwrap().len();
    assert_eq!(count(&before), count(&after), "and no successor is left");
    let another = backend(server).await;
    let named = json!({ "id": another.id, "tenant": "productready" });
    try_rotate(&operator, named).await.ok();
    try_rotate(&operator.naming("productready"), json!({ "id": another.id })).await.ok();
}

async fn keys_are_listed_without_their_secrets(server: &Server) {
    let key = backend(server).await;
    let admin = server.admin("productready").await;
    let text = admin.get(LIST).await.to_string();
    let hashes = server.database.find("SELECT hash AS name FROM api_keys").await;
    assert!(hashes.len() >= 2);
    let secret = key.secret.split('.').nth(1).unwrap();
    assert!(!text.contains(secret) && !hashes.iter().any(|hash| text.contains(hash)));
    key.caller.gql(LIST, json!({})).await.refused("FORBIDDEN");
    server.anonymous("productready").gql(LIST, json!({})).await.refused("UNAUTHENTICATED");
    let of_operator = server.operator().naming("productready").get(LIST).await;
    assert!(of_operator.to_string().contains(&key.id));
    let elsewhere = server.admin("starter").await.get(LIST).await;
    assert!(!elsewhere.to_string().contains(&key.id));
    admin.mutate("revokeApiKey", json!({ "id": key.id }), "id").await.ok();
    assert_eq!(time(&listed(server, &key.id).await["revokedAt"]), server.now());

    // Page by page it is the same list.
    for _ in 0..3 {
        backend(server).await;
    }
    let all = admin.get(LIST).await["apiKeys"]["nodes"].as_array().unwrap().len();
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let page = "query($after: String) { tenant { apiKeys(first: 2, after: $after) \
            { nodes { id } pageInfo { hasNextPage endCursor } } } }";
        let page = admin.gql(page, json!({ "after": after })).await.ok();
        let page = &page["tenant"]["apiKeys"];
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|key| key["id"].to_string()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert!(seen.is_sorted() && seen.len() == all, "{seen:?}");
}

async fn the_last_use_of_a_key_is_noted(server: &Server) {
    let (key, idle) = (backend(server).await, backend(server).await);
    let noted = async |key: &Key| {
        server.app.note_uses().await.unwrap();
        listed(server, &key.id).await["lastUsedAt"].clone()
    };
    assert!(noted(&key).await.is_null());
    assert!(key.works().await);
    let first = server.now();
    server.advance(TimeDelta::seconds(3));
    assert_eq!(time(&noted(&key).await), first, "when it was used, not when that was written");
    server.advance(TimeDelta::seconds(56));
    assert!(key.works().await);
    assert_eq!(time(&noted(&key).await), first, "once a minute is enough");
    server.advance(TimeDelta::seconds(1));
    let second = server.now();
    for _ in 0..5 {
        assert!(key.works().await);
    }
    assert_eq!(time(&noted(&key).await), second);
    assert!(noted(&idle).await.is_null());
    // A key that does not work is not used.
    let input = json!({ "id": idle.id });
    server.admin("productready").await.mutate("revokeApiKey", input, "id").await.ok();
    assert!(!idle.works().await);
    assert!(noted(&idle).await.is_null());
}
