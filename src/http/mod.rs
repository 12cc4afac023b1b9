//! The HTTP layer: what is served where, who calls, and what every answer carries.

mod answer;
mod auth;
mod edge;
mod explorer;
mod graphql;
mod health;
mod origins;
mod passage;
mod proxies;
mod serve;
mod served;
mod socket;
mod visit;

use std::sync::Arc;

pub use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::{any, get};

use crate::graphql::schema;
use crate::operations::Operations;
pub use edge::{DocumentLimits, Edge, Origins, Proxies, RateLimits, SocketLimits};
pub use serve::serve;
use served::{MAX_BODY, Served};

/// Everything that is served, with the edge set up so. [`serve`] tells it
/// callers' addresses.
pub fn router(operations: Arc<Operations>, edge: Edge) -> Router {
    let schema = schema(edge.documents);
    let sockets = socket::Crowd::default();
    let served = Served { operations, schema, edge: Arc::new(edge), sockets };
    Router::new()
        .route("/", get(async || Redirect::temporary("/graphiql")))
        .route("/graphql", any(graphql::handle))
        .route("/graphql/ws", get(socket::handle))
        .route("/r/{tenant}/{code}", get(visit::handle))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .merge(explorer::routes())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn(passage::accompany))
        .with_state(served)
}
