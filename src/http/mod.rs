//! The HTTP layer: what is served where, who calls, and what every answer carries.

mod answer;
mod auth;
mod edge;
mod explorer;
mod graphql;
mod health;
mod metrics;
mod noted;
mod origins;
mod passage;
mod proxies;
mod served;
mod socket;
mod traces;
mod visit;

use std::net::SocketAddr;
use std::sync::Arc;

pub use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::{any, get};

use crate::graphql::schema;
use crate::operations::Operations;
pub use edge::{DocumentLimits, Edge, MetricsAccess, Origins, Proxies, RateLimits, SocketLimits};
pub use metrics::collect;
use served::{MAX_BODY, Served};
pub use traces::take_part_in_traces;

/// Everything that is served, with the edge set up so. To know callers' addresses, serve it with connection info
/// (`into_make_service_with_connect_info::<SocketAddr>()`).
pub fn router(operations: Arc<Operations>, edge: Edge) -> Router {
    let schema = schema(edge.documents);
    let served = Served { operations, schema, edge: Arc::new(edge) };
    Router::new()
        .route("/", get(async || Redirect::temporary("/graphiql")))
        .route("/graphql", any(graphql::handle))
        .route("/graphql/ws", get(socket::handle))
        .route("/r/{tenant}/{code}", get(visit::handle))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::handle))
        .merge(explorer::routes())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn(passage::accompany))
        .with_state(served)
}

/// Serves the router until `ended`, then finishes what runs.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    ended: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(ended).await
}
