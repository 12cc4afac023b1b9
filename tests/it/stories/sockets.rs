//! GraphQL over a socket, by the protocol graphql-transport-ws: who is let in, what is said, and with
//! which code and reason a socket is closed.

use std::net::SocketAddr;
use std::time::Duration;

use guerdon::http::Edge;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::harness::{Frame, OPERATOR_KEY, PROTOCOL, Server, Socket, listen, listen_with};
use crate::stories;

stories!("rules/productready":
    a_socket_answers_like_a_request,
    a_socket_without_a_credential_is_closed,
    only_one_protocol_is_spoken,
    what_is_no_message_closes_the_socket,
    what_is_no_websocket_closes_the_socket,
    nothing_is_done_before_the_acknowledgement,
    there_is_one_initialisation,
    an_id_is_taken_while_its_operation_is_open,
    a_ping_is_answered_with_its_payload,
    an_operation_refused_before_it_began_ends_with_its_error,
    a_mutation_is_done_though_nobody_waits_for_it,
    answers_come_in_order,
    a_page_of_another_site_opens_no_socket,
);

async fn desk(server: &Server) -> (SocketAddr, Socket) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let address = listen(server).await;
    (address, Socket::connect(address, shop.service.init()).await)
}

async fn new(address: SocketAddr) -> Socket {
    let (socket, status) = Socket::open(address, PROTOCOL).await;
    assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
    socket
}

async fn a_socket_answers_like_a_request(server: &Server) {
    server.shop("productready").await.register("ann").await;
    let mut socket = new(listen(server).await).await;
    let bearer = format!("Bearer {OPERATOR_KEY}");
    // Names are written as headers are, in any case.
    let payload = json!({ "Authorization": bearer, "X-Tenant": "productready" });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.receive().await, Frame::Text(json!({ "type": "connection_ack" })));
    let query = json!({ "query": "query One { none: tenant { slug } } query Two($id: ID!) { user(id: $id) { id } }",
        "operationName": "Two", "variables": { "id": "ann" }, "extensions": { "any": 1 } });
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": query })).await;
    assert_eq!(socket.next("1").await, json!({ "data": { "user": { "id": "ann" } } }));
    socket.completed("1").await;
    // An error at a place of the result is part of the result.
    socket.subscribe("2", "{ user(id: \"\") { id } }").await;
    let result = socket.next("2").await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(result["errors"][0]["path"], json!(["user"]));
    socket.completed("2").await;
    socket.is_quiet().await;
}

async fn a_socket_without_a_credential_is_closed(server: &Server) {
    let address = listen(server).await;
    let operator = format!("Bearer {OPERATOR_KEY}");
    let none =
        "Forbidden: send {\"authorization\": \"Bearer ...\"} in the payload of connection_init";
    let wrong = "Forbidden: This credential does not hold: send a key or an unexpired user token in the header Authorization: Bearer.";
    let scheme = "Forbidden: Only Authorization: Bearer is known: send a key or a user token so.";
    let nowhere = "Forbidden: X-Tenant names no tenant of this server: check its spelling.";
    for (payload, reason) in [
        (json!(null), none),
        (json!({}), none),
        (json!({ "authorization": null }), none),
        (json!({ "authorization": ["Bearer x"] }), none),
        (json!({ "x-tenant": "productready" }), none),
        (json!({ "authorization": "Basic x" }), scheme),
        (json!({ "authorization": "Bearer nothing" }), wrong),
        (json!({ "authorization": operator, "x-tenant": "nowhere" }), nowhere),
    ] {
        let mut socket = new(address).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.closed(2).await, (4403, reason.to_owned()), "{payload}");
    }
    // A key of one tenant does not open another.
    let payload = json!({ "authorization": server.service("productready").await.init()["authorization"],
        "x-tenant": "another" });
    let mut socket = new(address).await;
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.closed(2).await.0, 4403);
}

async fn only_one_protocol_is_spoken(server: &Server) {
    let address = listen(server).await;
    for protocol in ["graphql-ws", "GRAPHQL-TRANSPORT-WS", ""] {
        let (mut socket, head) = Socket::shake(address, protocol, "").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(!head.to_lowercase().contains("sec-websocket-protocol"), "{head}");
        let reason = "Subprotocol not acceptable".to_owned();
        assert_eq!(socket.closed(2).await, (4406, reason), "{protocol}");
    }
    let (_, head) = Socket::shake(address, "graphql-ws, graphql-transport-ws", "").await;
    let chosen = "sec-websocket-protocol: graphql-transport-ws\r\n";
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains(chosen), "{head}");
}

async fn what_is_no_message_closes_the_socket(server: &Server) {
    let (address, _) = desk(server).await;
    let init = server.service("productready").await.init();
    for (text, reason) in [
        ("hello", "it is no JSON object"),
        ("[]", "it is no JSON object"),
        ("{\"type\":\"ping\"", "it is no JSON object"),
        ("{\"id\":\"1\"}", "type is missing"),
        ("{\"type\":\"start\",\"id\":\"1\"}", "its type is none that a client sends"),
        ("{\"type\":\"next\",\"id\":\"1\"}", "its type is none that a client sends"),
        ("{\"type\":\"subscribe\",\"id\":7}", "id is no string"),
        ("{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{}}", "query is missing"),
        ("{\"type\":\"ping\",\"payload\":3}", "payload is no object"),
    ] {
        for mut socket in [new(address).await, Socket::connect(address, init.clone()).await] {
            socket.send_text(text).await;
            // What is sent after it is not looked at.
            socket.send(json!({ "type": "ping" })).await;
            let reason = format!("Invalid message: {reason}");
            assert_eq!(socket.closed(2).await, (4400, reason), "{text}");
        }
    }
    let mut socket = new(address).await;
    socket.send_frame(0x82, b"{\"type\":\"ping\"}").await.unwrap();
    let reason = "Invalid message: it is binary, and not a text".to_owned();
    assert_eq!(socket.closed(2).await, (4400, reason));
}

async fn what_is_no_websocket_closes_the_socket(server: &Server) {
    let (address, _) = desk(server).await;
    // A text without a mask; a reserved opcode; a ping in parts.
    for bytes in [&b"\x81\x02{}"[..], b"\x83\x80\0\0\0\0", b"\x09\x80\0\0\0\0"] {
        let mut socket = new(address).await;
        socket.send_bytes(bytes).await;
        assert_eq!(socket.closed(2).await, (1002, "Protocol error".to_owned()), "{bytes:?}");
    }
    let mut socket = new(address).await;
    socket.send_frame(0x81, b"\"\xff\"").await.unwrap();
    assert_eq!(socket.closed(2).await, (1007, "A message is no UTF-8".to_owned()));
    // A client that just goes gets an answer to its close.
    let mut socket = new(address).await;
    socket.send_frame(0x88, &1000_u16.to_be_bytes()).await.unwrap();
    assert_eq!(socket.closed(2).await, (1000, String::new()));
}

async fn nothing_is_done_before_the_acknowledgement(server: &Server) {
    let (address, _) = desk(server).await;
    let mut socket = new(address).await;
    socket.complete("1").await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
    socket.subscribe("1", "{ user(id: \"ann\") { id } }").await;
    assert_eq!(socket.closed(2).await, (4401, "Unauthorized".to_owned()));
}

async fn there_is_one_initialisation(server: &Server) {
    let (address, mut open) = desk(server).await;
    let mut twice = new(address).await;
    for payload in [server.service("productready").await.init(), json!({})] {
        twice.send(json!({ "type": "connection_init", "payload": payload })).await;
    }
    open.send(json!({ "type": "connection_init" })).await;
    let closed = (4429, "Too many initialisation requests".to_owned());
    assert_eq!(open.closed(2).await, closed);
    match twice.receive().await {
        Frame::Text(message) => {
            assert_eq!(message["type"], "connection_ack");
            assert_eq!(twice.closed(2).await, closed);
        }
        frame => assert_eq!(frame, Frame::Close(closed.0, closed.1)),
    }
}

const BALANCE: &str = "subscription { creditsChanged(userId: \"ann\") { balance } }";

async fn an_id_is_taken_while_its_operation_is_open(server: &Server) {
    let (_, mut desk) = desk(server).await;
    desk.subscribe("a", BALANCE).await;
    let balance = desk.data("a").await;
    for _ in 0..3 {
        // The client ends it: nothing more is said of it, and its id is free.
        desk.complete("a").await;
        desk.complete("a").await;
        desk.subscribe("a", BALANCE).await;
        assert_eq!(desk.data("a").await, balance);
    }
    desk.complete("a").await;
    for _ in 0..3 {
        // The server ends it.
        desk.subscribe("a", "{ user(id: \"ann\") { id } }").await;
        assert_eq!(desk.data("a").await["id"], "ann");
        desk.completed("a").await;
        desk.subscribe("a", "{ nothing }").await;
        assert_eq!(desk.refused("a").await, "GRAPHQL_VALIDATION_FAILED");
    }
    desk.subscribe("a", BALANCE).await;
    desk.data("a").await;
    // Whatever kind of operation the second is.
    desk.subscribe("a", "{ user(id: \"ann\") { id } }").await;
    assert_eq!(desk.closed(2).await, (4409, "Subscriber for a already exists".to_owned()));
}

async fn a_ping_is_answered_with_its_payload(server: &Server) {
    let (address, mut open) = desk(server).await;
    let mut fresh = new(address).await;
    for socket in [&mut open, &mut fresh] {
        for payload in [json!({}), json!({ "sent": 12, "deep": { "a": [null] } })] {
            socket.send(json!({ "type": "ping", "payload": payload })).await;
            let pong = json!({ "type": "pong", "payload": payload });
            assert_eq!(socket.message().await, pong);
        }
        socket.send(json!({ "type": "ping" })).await;
        assert_eq!(socket.message().await, json!({ "type": "pong" }));
        // Nobody answers a pong.
        socket.send(json!({ "type": "pong", "payload": { "a": 1 } })).await;
        socket.send_frame(0x89, b"frame").await.unwrap();
        assert_eq!(socket.receive().await, Frame::Pong(b"frame".to_vec()));
        socket.is_quiet().await;
    }
}

async fn an_operation_refused_before_it_began_ends_with_its_error(server: &Server) {
    let (_, mut desk) = desk(server).await;
    let hostile = "[".repeat(3_000);
    let of_nobody = BALANCE.replace("ann", "nobody");
    for (document, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (&hostile, "QUERY_TOO_COMPLEX"),
        // Of a subscription whose stream never began there is no result either.
        (&of_nobody, "NOT_FOUND"),
    ] {
        desk.subscribe("x", document).await;
        assert_eq!(desk.refused("x").await, code, "{document:.40}");
    }
    // No `complete` follows.
    desk.is_quiet().await;
}

async fn a_mutation_is_done_though_nobody_waits_for_it(server: &Server) {
    let (address, mut desk) = desk(server).await;
    let shop = server.shop("productready").await;
    let before = shop.balance("ann").await;
    let grant =
        "mutation { addCredits(input: { userId: \"ann\", amount: 5 }) { amount: __typename } }";
    for n in 0..10 {
        desk.subscribe(&n.to_string(), grant).await;
        desk.complete(&n.to_string()).await;
    }
    // Nothing is said of what was completed; what was answered before is in order.
    desk.subscribe("end", "{ user(id: \"ann\") { id } }").await;
    let mut last = desk.message().await;
    while last["id"] != "end" {
        assert!(matches!(last["type"].as_str(), Some("next" | "complete")), "{last:#}");
        last = desk.message().await;
    }
    // Nor does it matter that the socket goes.
    let mut other = Socket::connect(address, shop.service.init()).await;
    other.subscribe("1", grant).await;
    other.send(json!({ "type": "ping" })).await;
    while other.message().await["type"] != "pong" {}
    drop(other);
    let all = async {
        while shop.balance("ann").await < before + 55 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), all).await.expect("all are done");
    assert_eq!(shop.balance("ann").await, before + 55);
}

async fn answers_come_in_order(server: &Server) {
    let (_, mut desk) = desk(server).await;
    let shop = server.shop("productready").await;
    for n in 0..50 {
        desk.subscribe(&n.to_string(), "{ user(id: \"ann\") { id } }").await;
    }
    // Of each its result and then its end, between those of others.
    let mut seen: Vec<Vec<Value>> = vec![Vec::new(); 50];
    for _ in 0..100 {
        let message = desk.message().await;
        let id: usize = message["id"].as_str().unwrap().parse().unwrap();
        seen[id].push(message["type"].clone());
    }
    assert!(seen.iter().all(|kinds| *kinds == [json!("next"), json!("complete")]), "{seen:?}");
    desk.subscribe("live", BALANCE).await;
    let mut balance = desk.data("live").await["balance"].as_i64().unwrap();
    for _ in 0..5 {
        shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
    }
    let end = balance + 5;
    while balance < end {
        let next = desk.data("live").await["balance"].as_i64().unwrap();
        assert!(next > balance, "{next} after {balance}");
        balance = next;
    }
}

async fn a_page_of_another_site_opens_no_socket(server: &Server) {
    let edge = Edge { origins: "https://app.example.com".parse().unwrap(), ..Edge::default() };
    let other = server.beside(edge).await;
    let address = listen_with(other.router()).await;
    let status = async |headers: &str| {
        let (_, head) = Socket::shake(address, PROTOCOL, headers).await;
        head.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(status("Origin: https://evil.example\r\n").await, "403");
    assert_eq!(status("Origin: null\r\n").await, "403");
    assert_eq!(status("Origin: https://app.example.com.evil.example\r\n").await, "403");
    assert_eq!(status("Sec-Fetch-Site: cross-site\r\n").await, "403");
    assert_eq!(status("Origin: https://app.example.com\r\n").await, "101");
    assert_eq!(status(&format!("Origin: http://{address}\r\n")).await, "101");
    assert_eq!(status("").await, "101");
    other.stop().await;
}
