//! Live: what is pushed over sockets as it changes.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use sea_orm::{ConnectionTrait, Database, Statement};

use crate::harness::{Caller, Kind, Server, Shop, Socket, listen};
use crate::stories;

stories!("rules/gatewayz", "tests/programs/harbour", "rules/starter":
    twenty_sockets_are_one_poll,
    cut_connections_are_survived,
    an_account_is_shown_at_once_and_after_every_change,
    what_a_friend_does_is_seen_too,
    the_clock_alone_changes_an_account,
    an_account_in_another_unit,
    notices_come_once_in_order,
    nobody_watches_another,
    tenants_do_not_see_one_another,
    complete_ends_one_and_not_the_others,
    a_subscription_is_for_sockets,
    a_socket_has_room_for_so_many,
    an_erased_user_can_be_watched,
    an_account_that_cannot_be_read_holds_up_no_other,
);

const CREDITS: &str = "subscription { creditsChanged { balance pending totalEarned totalUsed } }";
const BALANCE: &str = "subscription { creditsChanged { balance } }";
const NOTICES: &str = "subscription { notificationAdded { kind message read } }";
const README: &str = include_str!("../../../README.md");

async fn socket(address: SocketAddr, caller: &Caller) -> Socket {
    Socket::connect(address, caller.init()).await
}

/// A shop with Ann, where sockets can be opened, and a socket that Ann opened.
async fn ann(server: &Server, slug: &str) -> (Shop, SocketAddr, Socket) {
    let shop = server.shop(slug).await;
    shop.register("ann").await;
    let address = listen(server).await;
    let ann = socket(address, &server.user(slug, "ann").await).await;
    (shop, address, ann)
}

async fn an_account_is_shown_at_once_and_after_every_change(server: &Server) {
    assert!(README.contains(BALANCE), "the README shows it");
    let (shop, _, mut ann) = ann(server, "gatewayz").await;
    ann.subscribe("1", CREDITS).await;
    let state = |balance: i64, pending: i64, earned: i64, used: i64| json!({ "balance": balance, "pending": pending, "totalEarned": earned, "totalUsed": used });
    assert_eq!(ann.data("1").await, state(0, 0, 0, 0));
    shop.add(json!({ "userId": "ann", "amount": 500 })).await.ok();
    assert_eq!(ann.data("1").await, state(500, 0, 500, 0));
    let spent = shop.spend(json!({ "userId": "ann", "amount": 120 })).await.ok();
    assert_eq!(ann.data("1").await, state(380, 0, 500, 120));
    shop.reverse(spent["transaction"]["id"].as_str().unwrap()).await.ok();
    assert_eq!(ann.data("1").await, state(500, 0, 500, 0));
    shop.purchase("pay-1", "ann", 700).await;
    assert_eq!(ann.data("1").await, state(1_200, 0, 1_200, 0));
    shop.refund("refund-1", "pay-1", Some(200)).await;
    assert_eq!(ann.data("1").await, state(1_000, 0, 1_000, 0));
    let later = json!({ "userId": "ann", "amount": 40, "availableFrom": "2026-12-01T00:00:00Z" });
    shop.add(later).await.ok();
    assert_eq!(ann.data("1").await, state(1_000, 40, 1_000, 0));
    // A change that does not concern the account is no news, and neither is a refused one.
    shop.verify_email("ann").await;
    shop.spend(json!({ "userId": "ann", "amount": 5_000 })).await.refused("INSUFFICIENT_CREDITS");
    ann.is_quiet().await;
    // A second subscription begins with the account as it is.
    ann.subscribe("2", BALANCE).await;
    assert_eq!(ann.data("2").await, json!({ "balance": 1_000 }));
}

async fn what_a_friend_does_is_seen_too(server: &Server) {
    let (shop, address, mut ann) = ann(server, "gatewayz").await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    let mut bob = socket(address, &server.user("gatewayz", "bob").await).await;
    for socket in [&mut ann, &mut bob] {
        socket.subscribe("1", BALANCE).await;
        assert_eq!(socket.data("1").await["balance"], 0);
    }
    shop.purchase("pay-1", "bob", 1_000).await;
    assert_eq!(ann.data("1").await["balance"], 1_000);
    assert_eq!(bob.data("1").await["balance"], 2_000);
    shop.add(json!({ "userId": "bob", "amount": 1 })).await.ok();
    assert_eq!(bob.data("1").await["balance"], 2_001);
    ann.is_quiet().await;
}

async fn the_clock_alone_changes_an_account(server: &Server) {
    let (shop, address, _) = ann(server, "gatewayz").await;
    // Ann's own token would end meanwhile.
    let mut ann = socket(address, &shop.service).await;
    let held = json!({ "userId": "ann", "amount": 30, "availableFrom": "2026-11-20T08:30:00Z",
        "expiresAt": "2026-11-20T09:00:00Z" });
    shop.add(held).await.ok();
    shop.add(json!({ "userId": "ann", "amount": 5 })).await.ok();
    let query = "subscription { creditsChanged(userId: \"ann\") { balance pending lots { remaining expiresAt } } }";
    ann.subscribe("1", query).await;
    let own = json!({ "remaining": 5, "expiresAt": null });
    let held = json!({ "remaining": 30, "expiresAt": "2026-11-20T09:00:00Z" });
    let seen = ann.data("1").await;
    assert_eq!(seen, json!({ "balance": 5, "pending": 30, "lots": [own] }));
    server.advance_to("2026-11-20T08:30:00Z");
    let seen = ann.data("1").await;
    assert_eq!(seen, json!({ "balance": 35, "pending": 0, "lots": [held, own] }));
    server.advance_to("2026-11-20T08:59:59.999999Z");
    ann.is_quiet().await;
    server.advance(TimeDelta::microseconds(1));
    let seen = ann.data("1").await;
    assert_eq!(seen, json!({ "balance": 5, "pending": 0, "lots": [own] }));
    // To book what was seen already changes nothing for anybody.
    server.sweep().await;
    ann.is_quiet().await;
}

async fn an_account_in_another_unit(server: &Server) {
    let (shop, address, _) = ann(server, "harbour").await;
    // Ann's own token would end meanwhile.
    let mut ann = socket(address, &shop.service).await;
    let query =
        "subscription { creditsChanged(userId: \"ann\", unit: \"messages\") { unit balance } }";
    ann.subscribe("1", query).await;
    assert_eq!(ann.data("1").await, json!({ "unit": "messages", "balance": 0 }));
    ann.subscribe("2", &query.replace("messages", "stones")).await;
    assert_eq!(ann.refused("2").await, "BAD_USER_INPUT");
    shop.event("e-1", "ann", "voyage", json!({})).await;
    assert_eq!(ann.data("1").await, json!({ "unit": "messages", "balance": 5 }));
    shop.add(json!({ "userId": "ann", "amount": 50, "source": "treasure" })).await.ok();
    ann.is_quiet().await;
    // A quota ends by the clock as credit does.
    server.advance(TimeDelta::days(31));
    assert_eq!(ann.data("1").await["balance"], 0);
}

async fn notices_come_once_in_order(server: &Server) {
    let (shop, address, mut ann) = ann(server, "harbour").await;
    shop.register("bob").await;
    shop.event("e-0", "ann", "voyage", json!({})).await;
    let mut bob = socket(address, &server.user("harbour", "bob").await).await;
    let mut desk = socket(address, &shop.service).await;
    ann.subscribe("1", NOTICES).await;
    bob.subscribe("1", NOTICES).await;
    let of_ann = NOTICES.replace("Added", "Added(userId: \"ann\")");
    desk.subscribe("1", &of_ann).await;
    ann.is_quiet().await;
    let voyage = json!({ "kind": "voyage", "message": "You earned ¥40", "read": false });
    shop.event("e-1", "ann", "voyage", json!({})).await;
    assert_eq!(ann.data("1").await, voyage);
    assert_eq!(desk.data("1").await, voyage);
    shop.purchase("pay-1", "bob", 100).await;
    shop.refund("refund-1", "pay-1", None).await;
    shop.event("e-2", "bob", "voyage", json!({})).await;
    assert_eq!(bob.data("1").await["kind"], "refund");
    assert_eq!(bob.data("1").await["kind"], "voyage");
    // Who comes later sees later ones only, and reading adds none.
    ann.subscribe("2", NOTICES).await;
    let caller = server.user("harbour", "ann").await;
    caller.mutate("markNotificationsRead", json!({}), "unread").await.ok();
    ann.is_quiet().await;
    bob.is_quiet().await;
    shop.event("e-3", "ann", "voyage", json!({})).await;
    let mut ids = [ann.message().await["id"].clone(), ann.message().await["id"].clone()];
    ids.sort_by_key(Value::to_string);
    assert_eq!(ids, ["1", "2"]);
    desk.data("1").await;
}

async fn code_of(socket: &mut Socket, document: &str) -> Value {
    socket.subscribe("x", document).await;
    socket.refused("x").await.into()
}

async fn nobody_watches_another(server: &Server) {
    let (shop, address, mut ann) = ann(server, "gatewayz").await;
    shop.register("bob").await;
    let mut desk = socket(address, &shop.service).await;
    let mut ghost = socket(address, &server.user("gatewayz", "bob").await).await;
    for field in ["creditsChanged", "notificationAdded"] {
        let of = |argument: &str| format!("subscription {{ {field}{argument} {{ __typename }} }}");
        assert_eq!(code_of(&mut ann, &of("(userId: \"bob\")")).await, "FORBIDDEN");
        assert_eq!(code_of(&mut ann, &of("(userId: \"nobody\")")).await, "FORBIDDEN");
        assert_eq!(code_of(&mut desk, &of("")).await, "BAD_USER_INPUT");
        assert_eq!(code_of(&mut desk, &of("(userId: \"\")")).await, "BAD_USER_INPUT");
        assert_eq!(code_of(&mut desk, &of("(userId: \"nobody\")")).await, "NOT_FOUND");
    }
    ann.subscribe("1", "subscription { creditsChanged(userId: \"ann\") { userId } }").await;
    assert_eq!(ann.data("1").await["userId"], "ann");
    desk.subscribe("1", "subscription { creditsChanged(userId: \"bob\") { userId balance } }")
        .await;
    assert_eq!(desk.data("1").await, json!({ "userId": "bob", "balance": 0 }));
    ghost.subscribe("1", BALANCE).await;
    ghost.data("1").await;
    shop.add(json!({ "userId": "bob", "amount": 3 })).await.ok();
    assert_eq!(desk.data("1").await["balance"], 3);
    assert_eq!(ghost.data("1").await["balance"], 3);
    ann.is_quiet().await;
}

async fn tenants_do_not_see_one_another(server: &Server) {
    let (shop, address, mut ann) = ann(server, "gatewayz").await;
    let other = server.shop("starter").await;
    let mut stranger = socket(address, &other.admin).await;
    let query = BALANCE.replace("Changed", "Changed(userId: \"ann\")");
    assert_eq!(code_of(&mut stranger, &query).await, "NOT_FOUND");
    let notices = NOTICES.replace("Added", "Added(userId: \"ann\")");
    assert_eq!(code_of(&mut stranger, &notices).await, "NOT_FOUND");
    other.register("ann").await;
    ann.subscribe("1", BALANCE).await;
    assert_eq!(ann.data("1").await["balance"], 0);
    stranger.subscribe("1", &query).await;
    let balance = stranger.data("1").await["balance"].as_i64().unwrap();
    shop.add(json!({ "userId": "ann", "amount": 77 })).await.ok();
    assert_eq!(ann.data("1").await["balance"], 77);
    stranger.is_quiet().await;
    other.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
    assert_eq!(stranger.data("1").await["balance"], balance + 1);
    ann.is_quiet().await;
}

async fn complete_ends_one_and_not_the_others(server: &Server) {
    let (shop, _, mut ann) = ann(server, "gatewayz").await;
    for id in ["1", "2"] {
        ann.subscribe(id, BALANCE).await;
        ann.data(id).await;
    }
    ann.complete("1").await;
    shop.add(json!({ "userId": "ann", "amount": 8 })).await.ok();
    assert_eq!(ann.data("2").await["balance"], 8);
    ann.is_quiet().await;
    // Other operations go on beside a subscription.
    ann.subscribe("3", "{ me { id credits { balance } } }").await;
    assert_eq!(ann.data("3").await, json!({ "id": "ann", "credits": { "balance": 8 } }));
    assert_eq!(ann.message().await["type"], "complete");
    ann.subscribe("4", "mutation { generateReferralCode(input: {}) { code } }").await;
    assert!(ann.data("4").await["code"].is_string());
    assert_eq!(ann.message().await["type"], "complete");
}

async fn a_subscription_is_for_sockets(server: &Server) {
    let (_, address, mut ann) = ann(server, "gatewayz").await;
    let caller = server.user("gatewayz", "ann").await;
    let error = caller.gql(BALANCE, json!({})).await.refused("BAD_USER_INPUT");
    assert!(error["message"].as_str().unwrap().contains("/graphql/ws"), "{error:#}");
    let address = format!("http://{address}/graphql?query={}", BALANCE.replace(' ', "+"));
    let init = caller.init();
    let get = reqwest::Client::new().get(address);
    let answer = get.header("authorization", init["authorization"].as_str().unwrap()).send();
    let answer: Value = answer.await.unwrap().json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    for (document, code) in [
        (
            "subscription { a: creditsChanged { balance } b: creditsChanged { balance } }"
                .to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("subscription { creditsChanged { none } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {".to_owned(), "GRAPHQL_PARSE_FAILED"),
        (format!("subscription {{ creditsChanged {} }}", "[".repeat(3_000)), "QUERY_TOO_COMPLEX"),
    ] {
        assert_eq!(code_of(&mut ann, &document).await, code, "{document}");
    }
}

async fn a_socket_has_room_for_so_many(server: &Server) {
    let (_, _, mut ann) = ann(server, "gatewayz").await;
    for n in 0..100 {
        ann.subscribe(&n.to_string(), BALANCE).await;
        assert_eq!(ann.data(&n.to_string()).await["balance"], 0);
    }
    assert_eq!(code_of(&mut ann, BALANCE).await, "RATE_LIMITED");
    ann.complete("7").await;
    ann.subscribe("again", BALANCE).await;
    assert_eq!(ann.data("again").await["balance"], 0);
}

async fn an_erased_user_can_be_watched(server: &Server) {
    let (shop, _, mut ann) = ann(server, "harbour").await;
    ann.subscribe("1", BALANCE).await;
    ann.data("1").await;
    ann.subscribe("2", NOTICES).await;
    shop.event("e-1", "ann", "voyage", json!({})).await;
    let mut seen = [ann.message().await["id"].clone(), ann.message().await["id"].clone()];
    seen.sort_by_key(Value::to_string);
    assert_eq!(seen, ["1", "2"]);
    shop.admin.mutate("eraseUser", json!({ "userId": "ann" }), "user { id }").await.ok();
    ann.is_quiet().await;
    ann.subscribe("3", BALANCE).await;
    // The ledger stays as it was.
    assert_eq!(ann.data("3").await["balance"], 44);
}

async fn an_account_that_cannot_be_read_holds_up_no_other(server: &Server) {
    let (shop, address, mut ann) = ann(server, "gatewayz").await;
    shop.register("bea").await;
    shop.add(json!({ "userId": "bea", "amount": 30 })).await.ok();
    let connection = Database::connect(&server.database.url).await.unwrap();
    let due = async |at: &str| {
        let update = format!("UPDATE accounts SET next_due_at = {at} WHERE user_id = 'bea'");
        connection.execute_unprepared(&update).await.unwrap();
    };
    // There is no such time.
    due("9223372036854775807").await;
    let mut bea = socket(address, &server.user("gatewayz", "bea").await).await;
    bea.subscribe("1", BALANCE).await;
    ann.subscribe("1", BALANCE).await;
    assert_eq!(ann.data("1").await["balance"], 0);
    for balance in 1..=5 {
        shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
        assert_eq!(ann.data("1").await["balance"], balance);
    }
    bea.is_quiet().await;
    // It is asked for again and again.
    due("NULL").await;
    assert_eq!(bea.data("1").await["balance"], 30);
    connection.close().await.unwrap();
}

/// A number from the server's PostgreSQL; `None` on SQLite, which counts nothing.
async fn number(server: &Server, question: &str) -> Option<i64> {
    if server.database.kind == Kind::Sqlite {
        return None;
    }
    let connection = Database::connect(&server.database.url).await.unwrap();
    let statement = Statement::from_string(connection.get_database_backend(), question);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    connection.close().await.unwrap();
    Some(row.try_get_by_index(0).unwrap())
}

const STATEMENTS: &str =
    "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";

async fn twenty_sockets_are_one_poll(server: &Server) {
    let shop = server.shop("gatewayz").await;
    let address = listen(server).await;
    let mut sockets = Vec::new();
    for n in 0..20 {
        shop.register(&format!("user-{n}")).await;
        let caller = server.user("gatewayz", &format!("user-{n}")).await;
        let mut socket = socket(address, &caller).await;
        socket.subscribe("1", BALANCE).await;
        assert_eq!(socket.data("1").await["balance"], 0);
        socket.subscribe("2", NOTICES).await;
        sockets.push(socket);
    }
    // Backends report what they did about once a second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = number(server, STATEMENTS).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    if let (Some(before), Some(after)) = (before, number(server, STATEMENTS).await) {
        // Four rounds a second are 12; each socket for itself would be 240.
        assert!((4..60).contains(&(after - before)), "{} statements", after - before);
    }
    for n in 0..20 {
        let user = format!("user-{n}");
        shop.add(json!({ "userId": user, "amount": n + 1 })).await.ok();
    }
    for (n, socket) in sockets.iter_mut().enumerate() {
        assert_eq!(socket.data("1").await["balance"], n + 1);
    }
}

async fn cut_connections_are_survived(server: &Server) {
    let (shop, _, mut ann) = ann(server, "gatewayz").await;
    ann.subscribe("1", BALANCE).await;
    assert_eq!(ann.data("1").await["balance"], 0);
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for n in 1..=5 {
        number(server, cut).await;
        // Each connection that was cut fails once.
        tokio::time::sleep(Duration::from_millis(600)).await;
        shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
        assert_eq!(ann.data("1").await["balance"], n);
    }
}
