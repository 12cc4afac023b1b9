//! When an open socket ends: with its credential, and with the server.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use guerdon::http::Edge;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::harness::{Caller, PROTOCOL, Server, Socket, listen, listen_with};
use crate::stories;

stories!("rules/productready":
    a_revoked_key_ends_its_sockets_on_every_server,
    an_expired_key_ends_its_sockets,
    an_expired_token_ends_its_sockets,
    who_was_erased_may_watch_as_they_may_ask,
    sockets_go_away_with_the_server,
);

/// What is said when the credential ended.
const ENDED: &str = "Forbidden: the credential holds no more";
const BALANCE: &str = "subscription { creditsChanged(userId: \"ann\") { balance } }";

/// A new service key: its id and its holder.
async fn key(server: &Server) -> (Value, Caller) {
    let input = json!({ "name": "fleeting", "role": "SERVICE", "tenant": "productready" });
    let made = server.operator().mutate("createApiKey", input, "id key").await.ok();
    (made["id"].clone(), server.bearer(made["key"].as_str().unwrap()))
}

async fn a_revoked_key_ends_its_sockets_on_every_server(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let (id, holder) = key(server).await;
    let other = server.beside(Edge::default()).await;
    let (here, there) = (listen(server).await, listen_with(other.router()).await);
    let mut kept = Socket::connect(here, shop.service.init()).await;
    let mut ended = Vec::new();
    for address in [here, here, there] {
        let mut socket = Socket::connect(address, holder.init()).await;
        socket.subscribe("1", BALANCE).await;
        socket.data("1").await;
        ended.push(socket);
    }
    let began = Instant::now();
    shop.admin.mutate("revokeApiKey", json!({ "id": id }), "id").await.ok();
    for mut socket in ended {
        assert_eq!(socket.closed(6).await, (4403, ENDED.to_owned()));
    }
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    kept.subscribe("1", BALANCE).await;
    kept.data("1").await;
    let (mut late, _) = Socket::open(here, PROTOCOL).await;
    late.send(json!({ "type": "connection_init", "payload": holder.init() })).await;
    assert_eq!(late.closed(2).await.0, 4403);
    other.stop().await;
}

async fn an_expired_key_ends_its_sockets(server: &Server) {
    let (id, holder) = key(server).await;
    let connection = Database::connect(&server.database.url).await.unwrap();
    let until = (server.now() + TimeDelta::minutes(10)).timestamp_micros();
    let update = format!("UPDATE api_keys SET expires_at = {until} WHERE name = 'fleeting'");
    assert_eq!(connection.execute_unprepared(&update).await.unwrap().rows_affected(), 1, "{id}");
    connection.close().await.unwrap();
    let mut socket = Socket::connect(listen(server).await, holder.init()).await;
    server.advance(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
    socket.is_quiet().await;
    server.advance(TimeDelta::microseconds(1));
    assert_eq!(socket.closed(2).await, (4403, ENDED.to_owned()));
}

async fn an_expired_token_ends_its_sockets(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let address = listen(server).await;
    let mut ann = Socket::connect(address, server.user("productready", "ann").await.init()).await;
    ann.subscribe("1", "subscription { creditsChanged { balance } }").await;
    ann.data("1").await;
    server.advance(TimeDelta::minutes(59));
    ann.is_quiet().await;
    server.advance(TimeDelta::minutes(1));
    assert_eq!(ann.closed(2).await, (4403, ENDED.to_owned()));
}

async fn who_was_erased_may_watch_as_they_may_ask(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let caller = server.user("productready", "ann").await;
    let mut ann = Socket::connect(listen(server).await, caller.init()).await;
    ann.subscribe("1", "subscription { creditsChanged { balance } }").await;
    let balance = ann.data("1").await;
    shop.admin.mutate("eraseUser", json!({ "userId": "ann" }), "user { id }").await.ok();
    // A token cannot be taken back. What is left under the id is amounts without a person.
    let asked = caller.get("{ me { name email credits { balance } } }").await;
    assert_eq!(asked, json!({ "name": null, "email": null, "credits": balance }));
    ann.subscribe("2", "{ me { name email credits { balance } } }").await;
    assert_eq!(ann.data("2").await, asked);
}

async fn sockets_go_away_with_the_server(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let app = server.beside(Edge::default()).await;
    let router = app.router();
    let address = listen_with(router.clone()).await;
    let (mut fresh, _) = Socket::open(address, PROTOCOL).await;
    let mut idle = Socket::connect(address, shop.service.init()).await;
    let mut busy = Socket::connect(address, shop.service.init()).await;
    busy.subscribe("1", BALANCE).await;
    busy.data("1").await;
    let before = shop.balance("ann").await;
    let grant =
        "mutation { addCredits(input: { userId: \"ann\", amount: 5 }) { done: __typename } }";
    busy.subscribe("2", grant).await;
    // Begun, when the answer to what was sent after it is there.
    busy.send(json!({ "type": "ping" })).await;
    let mut said = vec![busy.message().await];
    while said.last().unwrap()["type"] != "pong" {
        said.push(busy.message().await);
    }
    app.end();
    let health = server.anonymous("productready").through(router).path("/health/ready").await;
    assert_eq!(health, (503, json!({ "status": "not ready", "reason": "the server is ending" })));
    let gone = (1001, "Going away".to_owned());
    assert_eq!(fresh.closed(2).await, gone);
    assert_eq!(idle.closed(2).await, gone);
    // What runs is finished; what is watched is not completed, so that the client goes on elsewhere.
    let of = |said: &[Value], id: &str, kind: &str| {
        said.iter().any(|said| said["id"] == id && said["type"] == kind)
    };
    while !of(&said, "2", "complete") {
        said.push(busy.message().await);
    }
    assert!(of(&said, "2", "next") && !of(&said, "1", "complete"), "{said:#?}");
    assert_eq!(busy.closed(2).await, gone);
    assert_eq!(shop.balance("ann").await, before + 5);
    let (_, head) = Socket::shake(address, PROTOCOL, "").await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 5"), "{head}");
    app.stop().await;
}
