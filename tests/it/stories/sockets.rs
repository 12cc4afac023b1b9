//! GraphQL over a socket, spoken by hand: the handshake, the frames and the protocol's messages.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{OPERATOR_KEY, Server};
use crate::stories;

stories!("rules/productready":
    a_socket_answers_like_a_request,
    a_socket_without_a_credential_is_closed,
    only_one_protocol_is_spoken,
);

/// Serves the router where sockets can be opened.
async fn listen(server: &Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, server.app.router()).into_future());
    address
}

/// A client's end of a socket.
struct Socket(TcpStream);

/// What the server sent.
#[derive(Debug, PartialEq)]
enum Frame {
    Text(Value),
    Close(u16, String),
}

impl Socket {
    /// Shakes hands; gives the server's status line too.
    async fn open(address: SocketAddr, protocol: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /graphql/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        (Self(stream), head.lines().next().unwrap().to_owned())
    }

    async fn send(&mut self, message: Value) {
        let text = message.to_string();
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        // A mask of zeros leaves the text as it is.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).await.unwrap();
    }

    async fn receive(&mut self) -> Frame {
        let kind = self.0.read_u8().await.unwrap() & 0x0f;
        let length = match self.0.read_u8().await.unwrap() {
            126 => usize::from(self.0.read_u16().await.unwrap()),
            short => usize::from(short),
        };
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await.unwrap();
        if kind == 8 {
            let code = u16::from_be_bytes([bytes[0], bytes[1]]);
            return Frame::Close(code, String::from_utf8(bytes[2..].to_vec()).unwrap());
        }
        Frame::Text(serde_json::from_slice(&bytes).unwrap())
    }
}

const PROTOCOL: &str = "graphql-transport-ws";

async fn a_socket_answers_like_a_request(server: &Server) {
    server.shop("productready").await.register("ann").await;
    let (mut socket, status) = Socket::open(listen(server).await, PROTOCOL).await;
    assert!(status.contains("101"), "{status}");
    let bearer = format!("Bearer {OPERATOR_KEY}");
    let payload = json!({ "authorization": bearer, "x-tenant": "productready" });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.receive().await, Frame::Text(json!({ "type": "connection_ack" })));
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await, Frame::Text(json!({ "type": "pong" })));
    let query = json!({ "query": "{ user(id: \"ann\") { id } }" });
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": query })).await;
    let data = json!({ "data": { "user": { "id": "ann" } } });
    assert_eq!(
        socket.receive().await,
        Frame::Text(json!({ "type": "next", "id": "1", "payload": data }))
    );
    assert_eq!(socket.receive().await, Frame::Text(json!({ "type": "complete", "id": "1" })));
    let hostile = json!({ "query": "[".repeat(3_000) });
    socket.send(json!({ "type": "subscribe", "id": "2", "payload": hostile })).await;
    let Frame::Text(refused) = socket.receive().await else { panic!("closed") };
    let code = &refused["payload"]["errors"][0]["extensions"]["code"];
    assert_eq!(code, "QUERY_TOO_COMPLEX");
}

async fn a_socket_without_a_credential_is_closed(server: &Server) {
    let address = listen(server).await;
    for payload in [
        json!({}),
        json!({ "authorization": "Bearer nothing" }),
        json!({ "authorization": "Basic x" }),
        json!({ "authorization": format!("Bearer {OPERATOR_KEY}"), "x-tenant": "nowhere" }),
        json!({ "x-tenant": "productready" }),
    ] {
        let (mut socket, _) = Socket::open(address, PROTOCOL).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        let frame = socket.receive().await;
        assert!(matches!(frame, Frame::Close(4403, _)), "{payload}: {frame:?}");
    }
}

async fn only_one_protocol_is_spoken(server: &Server) {
    let (_, status) = Socket::open(listen(server).await, "graphql-ws").await;
    assert!(status.contains("400"), "{status}");
}
