//! A client's end of a socket, spoken by hand: the handshake, the frames and the protocol's messages.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::Server;

/// The protocol that the server speaks.
pub const PROTOCOL: &str = "graphql-transport-ws";

/// A client's end of a socket.
pub struct Socket(TcpStream);

/// What the server sent.
#[derive(Debug, PartialEq)]
pub enum Frame {
    Text(Value),
    Close(u16, String),
}

/// Serves the router where sockets can be opened.
pub async fn listen(server: &Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, server.app.router()).into_future());
    address
}

impl Socket {
    /// Shakes hands; gives the server's status line too.
    pub async fn open(address: SocketAddr, protocol: &str) -> (Self, String) {
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

    /// Opens a socket and is let in with this payload of the first message.
    pub async fn connect(address: SocketAddr, payload: Value) -> Self {
        let (mut socket, _) = Self::open(address, PROTOCOL).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.receive().await, Frame::Text(json!({ "type": "connection_ack" })));
        socket
    }

    pub async fn send(&mut self, message: Value) {
        let text = message.to_string();
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        // A mask of zeros leaves the text as it is.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).await.unwrap();
    }

    pub async fn receive(&mut self) -> Frame {
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

    /// Begins an operation under an id.
    pub async fn subscribe(&mut self, id: &str, document: &str) {
        let payload = json!({ "query": document });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// What comes next for the operation `id`, which must come within a second: the payload.
    pub async fn next(&mut self, id: &str) -> Value {
        let message = self.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message:#}");
        message["payload"].clone()
    }

    /// The same, of the one field that was asked for.
    pub async fn data(&mut self, id: &str) -> Value {
        let payload = self.next(id).await;
        assert!(payload["errors"].is_null(), "refused: {payload:#}");
        payload["data"].as_object().unwrap().values().next().unwrap().clone()
    }

    /// The next message, which must come within a second.
    pub async fn message(&mut self) -> Value {
        let frame = timeout(Duration::from_secs(1), self.receive()).await;
        match frame.expect("something comes within a second") {
            Frame::Text(message) => message,
            Frame::Close(code, reason) => panic!("closed: {code} {reason}"),
        }
    }

    /// Nothing comes for as long as a change may take to be seen.
    pub async fn is_quiet(&mut self) {
        let frame = timeout(Duration::from_millis(1_100), self.receive()).await;
        assert!(frame.is_err(), "{frame:?}");
    }
}
