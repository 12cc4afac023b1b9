//! A client's end of a socket, spoken by hand: the handshake, the frames and the protocol's messages.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use guerdon::http;
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
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

/// Serves the router where sockets can be opened.
pub async fn listen(server: &Server) -> SocketAddr {
    listen_with(server.app.router()).await
}

/// Serves a router where sockets can be opened.
pub async fn listen_with(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It goes on until the test ends.
    tokio::spawn(async move { http::serve(listener, router, &Default::default()).await });
    address
}

impl Socket {
    /// Shakes hands; gives the server's status line too.
    pub async fn open(address: SocketAddr, protocol: &str) -> (Self, String) {
        let (socket, head) = Self::shake(address, protocol, "").await;
        (socket, head.lines().next().unwrap().to_owned())
    }

    /// Shakes hands with more headers (each with its `\r\n`); gives the head of the answer.
    pub async fn shake(address: SocketAddr, protocol: &str, headers: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /graphql/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {protocol}\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        (Self(stream), String::from_utf8(head).unwrap())
    }

    /// Opens a socket and is let in with this payload of the first message.
    pub async fn connect(address: SocketAddr, payload: Value) -> Self {
        let (mut socket, _) = Self::open(address, PROTOCOL).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.receive().await, Frame::Text(json!({ "type": "connection_ack" })));
        socket
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: &str) {
        // A whole text message.
        self.send_frame(0x81, text.as_bytes()).await.unwrap();
    }

    /// Sends a frame whose first byte is this: FIN and the opcode.
    pub async fn send_frame(&mut self, first: u8, payload: &[u8]) -> std::io::Result<()> {
        let mut frame = vec![first];
        match u16::try_from(payload.len()) {
            Ok(length @ 0..126) => frame.push(0x80 | length as u8),
            Ok(length) => {
                frame.push(0x80 | 126);
                frame.extend(length.to_be_bytes());
            }
            Err(_) => {
                frame.push(0x80 | 127);
                frame.extend((payload.len() as u64).to_be_bytes());
            }
        }
        // A mask of zeros leaves the payload as it is.
        frame.extend([0; 4]);
        frame.extend(payload);
        self.0.write_all(&frame).await
    }

    /// Sends bytes as they are.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame, whatever it is.
    pub async fn frame(&mut self) -> Frame {
        self.try_frame().await.expect("the connection is there")
    }

    async fn try_frame(&mut self) -> std::io::Result<Frame> {
        let kind = self.0.read_u8().await? & 0x0f;
        let length = match self.0.read_u8().await? {
            126 => usize::from(self.0.read_u16().await?),
            127 => usize::try_from(self.0.read_u64().await?).unwrap(),
            short => usize::from(short),
        };
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await?;
        Ok(match kind {
            1 => Frame::Text(serde_json::from_slice(&bytes).unwrap()),
            8 => {
                let code = u16::from_be_bytes([bytes[0], bytes[1]]);
                Frame::Close(code, String::from_utf8(bytes[2..].to_vec()).unwrap())
            }
            9 => Frame::Ping(bytes),
            10 => Frame::Pong(bytes),
            other => panic!("a frame of kind {other}"),
        })
    }

    /// What comes next but for the server's pings, which are answered.
    pub async fn receive(&mut self) -> Frame {
        loop {
            match self.frame().await {
                Frame::Ping(payload) => self.send_frame(0x8a, &payload).await.unwrap(),
                Frame::Text(message) if message["type"] == "ping" => {
                    self.send(json!({ "type": "pong" })).await;
                }
                frame => return frame,
            }
        }
    }

    /// What the server closes the socket with, now, in at most so many seconds: the code and the
    /// reason. Nothing comes before it, and the end of the connection after it.
    pub async fn closed(&mut self, seconds: u64) -> (u16, String) {
        let frame = timeout(Duration::from_secs(seconds), self.receive()).await;
        let Frame::Close(code, reason) = frame.expect("a close in time") else {
            panic!("something comes before the close");
        };
        // A good client answers with the same code.
        drop(self.send_frame(0x88, &code.to_be_bytes()).await);
        let end = timeout(Duration::from_secs(3), self.try_frame()).await;
        assert!(end.expect("an end in time").is_err(), "something comes after the close");
        (code, reason)
    }

    /// Begins an operation under an id.
    pub async fn subscribe(&mut self, id: &str, document: &str) {
        let payload = json!({ "query": document });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// Ends an operation.
    pub async fn complete(&mut self, id: &str) {
        self.send(json!({ "type": "complete", "id": id })).await;
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

    /// The operation `id` is refused as a whole: the code of the error.
    pub async fn refused(&mut self, id: &str) -> String {
        let message = self.message().await;
        let (kind, of) = (&message["type"], &message["id"]);
        assert_eq!((kind, of), (&json!("error"), &json!(id)), "{message:#}");
        message["payload"][0]["extensions"]["code"].as_str().unwrap().to_owned()
    }

    /// The operation `id` is over.
    pub async fn completed(&mut self, id: &str) {
        assert_eq!(self.message().await, json!({ "type": "complete", "id": id }));
    }

    /// The next message, which must come within a second.
    pub async fn message(&mut self) -> Value {
        let frame = timeout(Duration::from_secs(1), self.receive()).await;
        match frame.expect("something comes within a second") {
            Frame::Text(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing comes for as long as a change may take to be seen.
    pub async fn is_quiet(&mut self) {
        let frame = timeout(Duration::from_millis(1_100), self.receive()).await;
        assert!(frame.is_err(), "{frame:?}");
    }
}
