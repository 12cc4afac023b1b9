//! Connections: how they are accepted, and how they end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use futures_util::future::join;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::operations::ending::Ending;

/// How long what runs may take when the server is told to end.
const LONGEST_END: Duration = Duration::from_secs(10);
/// How long the head of a request may take to come, from its connection's begin or the last answer:
/// longer than balancers keep a connection that is idle, so that they close it and not we.
const LONGEST_HEAD: Duration = Duration::from_secs(75);
/// How long nothing is accepted when nothing can be: there may be too many connections.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves the router until the server is told to end, and closes the listener at that moment, so that
/// another server can listen there. Then finishes what runs, for at most ten seconds: requests get
/// their answers, and sockets are closed.
pub async fn serve(listener: TcpListener, router: Router, ending: &Ending) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = ending.told() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection =
                    Connection { router: router.clone(), address, begun: Arc::default() };
                connections.spawn(connection.serve(stream, ending.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    let finished = join(connections.wait(), ending.finished());
    if timeout(LONGEST_END, finished).await.is_err() {
        tracing::warn!(connections = connections.len(), "what still ran is not waited for");
    }
}

/// A connection.
#[derive(Clone)]
struct Connection {
    router: Router,
    address: SocketAddr,
    /// Did a request come?
    begun: Arc<AtomicBool>,
}

impl Connection {
    /// Serves requests until the client closes the connection, or the server is told to end: then
    /// the one that runs is finished, and a connection without one is closed at once.
    async fn serve(self, stream: TcpStream, ending: Ending) {
        // Answers are small, and waiting to fill a packet delays them.
        drop(stream.set_nodelay(true));
        let connection = self.clone();
        let service = service_fn(move |request| self.clone().answer(request));
        let mut serving = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(LONGEST_HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
        );
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = ending.told() => {
                // Browsers open connections before they need them.
                if !connection.begun.load(Ordering::Acquire) {
                    return;
                }
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection broke");
        }
    }

    async fn answer(self, mut request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        self.begun.store(true, Ordering::Release);
        request.extensions_mut().insert(ConnectInfo(self.address));
        let request: Request = request.map(Body::new);
        self.router.oneshot(request).await
    }
}
