//! GraphQL over a socket: who is let in, and single answers.

use serde_json::json;

use crate::harness::{Frame, OPERATOR_KEY, PROTOCOL, Server, Socket, listen};
use crate::stories;

stories!("rules/productready":
    a_socket_answers_like_a_request,
    a_socket_without_a_credential_is_closed,
    only_one_protocol_is_spoken,
);

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
