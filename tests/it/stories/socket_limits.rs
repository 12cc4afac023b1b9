//! What a socket may take: time, room and patience, each with the code and the reason of the close.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use guerdon::app::App;
use guerdon::http::{BodyLimits, Edge, SocketLimits};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::harness::{Frame, PROTOCOL, Server, Socket, listen_with};
use crate::stories;

stories!("rules/productready":
    the_first_message_has_to_come_in_time,
    a_message_has_a_largest_size,
    a_socket_has_room_for_so_many_operations_and_bytes,
    sockets_are_bounded_in_all_and_by_address,
    a_silent_peer_is_closed,
    a_peer_that_never_reads_is_given_up,
    a_database_that_is_away_forbids_nothing,
);

/// Another server beside, whose sockets may take so much.
async fn beside(server: &Server, limits: SocketLimits) -> (App, SocketAddr, Value) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let body = BodyLimits { values: 500, ..Default::default() };
    let app = server.beside(Edge { sockets: limits, body, ..Edge::default() }).await;
    let address = listen_with(app.router()).await;
    (app, address, shop.service.init())
}

async fn the_first_message_has_to_come_in_time(server: &Server) {
    let longest_init = Duration::from_millis(600);
    let limits = SocketLimits { longest_init, ..Default::default() };
    let (app, address, init) = beside(server, limits).await;
    let (mut silent, _) = Socket::open(address, PROTOCOL).await;
    let mut open = Socket::connect(address, init).await;
    let began = Instant::now();
    silent.send(json!({ "type": "ping" })).await;
    assert_eq!(silent.message().await, json!({ "type": "pong" }));
    let closed = (4408, "Connection initialisation timeout".to_owned());
    assert_eq!(silent.closed(3).await, closed);
    assert!(began.elapsed() > longest_init / 2, "{:?}", began.elapsed());
    open.is_quiet().await;
    open.subscribe("1", "{ user(id: \"ann\") { id } }").await;
    assert_eq!(open.data("1").await["id"], "ann");
    app.stop().await;
    assert_eq!(SocketLimits::default().longest_init, Duration::from_secs(10));
}

async fn a_message_has_a_largest_size(server: &Server) {
    let limits = SocketLimits { message_bytes: 2_000, ..Default::default() };
    let (app, address, init) = beside(server, limits).await;
    let ping = |bytes: usize| {
        let around = "{\"type\":\"ping\",\"payload\":{\"a\":\"\"}}".len();
        format!("{{\"type\":\"ping\",\"payload\":{{\"a\":\"{}\"}}}}", "x".repeat(bytes - around))
    };
    let closed = (1009, "A message is larger than 2000 bytes".to_owned());
    let mut fits = Socket::connect(address, init.clone()).await;
    fits.send_text(&ping(2_000)).await;
    assert_eq!(fits.message().await["type"], "pong");
    fits.send_text(&ping(2_001)).await;
    assert_eq!(fits.closed(2).await, closed);
    // In parts, each of which would fit.
    let mut parts = Socket::connect(address, init.clone()).await;
    parts.send_frame(0x01, &[b' '; 1_500]).await.unwrap();
    parts.send_frame(0x80, &[b' '; 1_500]).await.unwrap();
    assert_eq!(parts.closed(2).await, closed);
    // One that would grow too much when it is read.
    let mut many = Socket::connect(address, init.clone()).await;
    many.send_text(&format!("{{\"type\":\"ping\",\"payload\":{{\"a\":[{}0]}}}}", "0,".repeat(600)))
        .await;
    let reason = "A message holds more than 500 JSON values".to_owned();
    assert_eq!(many.closed(2).await, (1009, reason));
    // One that only says how large it is going to be.
    let mut promised = Socket::connect(address, init).await;
    promised.send_bytes(b"\x81\xff\0\0\0\xff\0\0\0\0\0\0\0\0").await;
    assert_eq!(promised.closed(2).await, closed);
    app.stop().await;
}

const BALANCE: &str = "subscription { creditsChanged(userId: \"ann\") { balance } }";

async fn a_socket_has_room_for_so_many_operations_and_bytes(server: &Server) {
    let limits = SocketLimits { operations: 3, message_bytes: 1_000, ..Default::default() };
    let (app, address, init) = beside(server, limits).await;
    let mut socket = Socket::connect(address, init.clone()).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, BALANCE).await;
        socket.data(id).await;
    }
    socket.subscribe("4", "{ user(id: \"ann\") { id } }").await;
    assert_eq!(socket.refused("4").await, "RATE_LIMITED");
    for _ in 0..20 {
        socket.complete("2").await;
        socket.subscribe("2", BALANCE).await;
        socket.data("2").await;
    }
    // Their messages together may be four times as large as one.
    let app_of_many = SocketLimits { operations: 100, ..limits };
    let (other, address, init) = beside(server, app_of_many).await;
    let mut socket = Socket::connect(address, init).await;
    let long = format!("{BALANCE} #{}", "x".repeat(800));
    for id in ["1", "2", "3", "4"] {
        socket.subscribe(id, &long).await;
        socket.data(id).await;
    }
    socket.subscribe("5", &long).await;
    assert_eq!(socket.refused("5").await, "RATE_LIMITED");
    socket.complete("1").await;
    socket.subscribe("5", &long).await;
    socket.data("5").await;
    app.stop().await;
    other.stop().await;
}

async fn sockets_are_bounded_in_all_and_by_address(server: &Server) {
    for (sockets, sockets_of_address, status) in
        [(2, 500, "503 Service Unavailable"), (10, 2, "429 Too Many Requests")]
    {
        let limits = SocketLimits { sockets, sockets_of_address, ..Default::default() };
        let (app, address, init) = beside(server, limits).await;
        let one = Socket::connect(address, init.clone()).await;
        let two = Socket::connect(address, init.clone()).await;
        let (_, head) = Socket::shake(address, PROTOCOL, "").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
        assert!(head.contains("retry-after: 5\r\n"), "{head}");
        drop(one);
        sleep(Duration::from_millis(300)).await;
        let three = Socket::connect(address, init).await;
        drop((two, three));
        app.stop().await;
    }
}

async fn a_silent_peer_is_closed(server: &Server) {
    let ping_every = Duration::from_millis(400);
    let limits = SocketLimits { ping_every, ..Default::default() };
    let (app, address, init) = beside(server, limits).await;
    let open = async || Socket::connect(address, init.clone()).await;
    let (mut silent, mut by_frame, mut by_message) = (open().await, open().await, open().await);
    let began = Instant::now();
    let answer_frames = async {
        while began.elapsed() < ping_every * 6 {
            if let Frame::Ping(payload) = by_frame.frame().await {
                by_frame.send_frame(0x8a, &payload).await.unwrap();
            }
        }
    };
    let answer_messages = async {
        while began.elapsed() < ping_every * 6 {
            if by_message.frame().await == Frame::Text(json!({ "type": "ping" })) {
                by_message.send(json!({ "type": "pong" })).await;
            }
        }
    };
    let be_silent = async {
        // Two pings, each as a frame and as a message; then the close.
        for _ in 0..2 {
            assert_eq!(silent.frame().await, Frame::Ping(Vec::new()));
            assert_eq!(silent.frame().await, Frame::Text(json!({ "type": "ping" })));
        }
        let closed = silent.frame().await;
        let reason = "Request timeout: no ping was answered".to_owned();
        assert_eq!(closed, Frame::Close(4408, reason));
        let after = began.elapsed();
        assert!((ping_every * 2..ping_every * 5).contains(&after), "{after:?}");
    };
    tokio::join!(be_silent, answer_frames, answer_messages);
    // One answer or the other is enough.
    for socket in [&mut by_frame, &mut by_message] {
        socket.subscribe("1", "{ user(id: \"ann\") { id } }").await;
        assert_eq!(socket.data("1").await["id"], "ann");
    }
    app.stop().await;
}

async fn a_peer_that_never_reads_is_given_up(server: &Server) {
    let ping_every = Duration::from_millis(400);
    let limits = SocketLimits { ping_every, sockets: 1, ..Default::default() };
    let (app, address, init) = beside(server, limits).await;
    let mut deaf = Socket::connect(address, init.clone()).await;
    let began = Instant::now();
    // Each asks for as much back. When the lines are full the server reads no more either, so that a
    // writer has to wait; at last it is cut off.
    let payload = json!({ "a": "x".repeat(500_000) });
    let ping = json!({ "type": "ping", "payload": payload }).to_string();
    let mut sent = 0;
    let flood = async {
        while deaf.send_frame(0x81, ping.as_bytes()).await.is_ok() {
            sent += ping.len();
        }
    };
    timeout(Duration::from_secs(15), flood).await.expect("it is cut off");
    assert!(sent < 40_000_000, "{sent} bytes were taken");
    assert!(began.elapsed() < ping_every * 3 + Duration::from_secs(5), "{:?}", began.elapsed());
    // Its place is free again.
    sleep(Duration::from_millis(1_500)).await;
    drop(Socket::connect(address, init).await);
    app.stop().await;
}

async fn a_database_that_is_away_forbids_nothing(server: &Server) {
    let (app, address, init) = beside(server, SocketLimits::default()).await;
    let mut open = Socket::connect(address, init.clone()).await;
    app.operations.database.clone().close().await.unwrap();
    let (mut late, _) = Socket::open(address, PROTOCOL).await;
    let unseen = format!("Bearer gdn_service_nowhere.{}", "0".repeat(64));
    let payload = json!({ "authorization": unseen });
    late.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(late.closed(5).await, (1013, "Try again later".to_owned()));
    // Longer than what was looked up is remembered.
    sleep(Duration::from_secs(6)).await;
    open.send(json!({ "type": "ping" })).await;
    assert_eq!(open.message().await, json!({ "type": "pong" }));
    open.subscribe("1", "{ user(id: \"ann\") { name } }").await;
    assert_eq!(open.next("1").await["errors"][0]["extensions"]["code"], "OVERLOADED");
    app.stop().await;
}
