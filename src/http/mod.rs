//! The HTTP layer: what is served where, who calls, and what every answer carries.

mod accept;
mod answer;
mod auth;
mod cors;
mod edge;
mod explorer;
mod graphql;
mod health;
mod metrics;
mod noted;
mod origins;
mod passage;
mod proxies;
mod serve;
mod served;
mod socket;
mod traces;
mod visit;

use std::sync::Arc;

pub use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::get;

use crate::graphql::schema;
use crate::operations::Operations;
pub use edge::{
    BodyLimits, DocumentLimits, Edge, Introspection, MetricsAccess, Origins, PersistedLimits,
    Proxies, RateLimits, SocketLimits,
};
use graphql::Persisted;
pub use graphql::is_request;
pub use metrics::collect;
pub use serve::serve;
use served::Served;
use socket::Crowd;
pub use traces::take_part_in_traces;

/// What whoever is lost is told.
const NOTHING_HERE: &str =
    "Nothing is here. The API is at /graphql, and a page to try it at /graphiql.\n";

/// Everything that is served, with the edge set up so. [`serve`] tells it
/// callers' addresses.
pub fn router(operations: Arc<Operations>, edge: Edge) -> Router {
    let edge = Arc::new(edge);
    let served = Served {
        operations,
        schema: schema(edge.documents),
        persisted: Arc::new(Persisted::new(edge.persisted)),
        edge: Arc::clone(&edge),
        sockets: Crowd::default(),
    };
    let api = get(graphql::handle)
        .post(graphql::handle)
        .options(graphql::options)
        .fallback(graphql::not_allowed)
        .layer(DefaultBodyLimit::max(edge.body.bytes))
        .layer(from_fn_with_state(edge, cors::check));
    Router::new()
        .route("/", get(async || Redirect::temporary("/graphiql")))
        .route("/graphql", api)
        .route("/graphql/ws", get(socket::handle))
        .route("/r/{tenant}/{code}", get(visit::handle))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::handle))
        .merge(explorer::routes())
        .fallback(async || (StatusCode::NOT_FOUND, NOTHING_HERE))
        .layer(from_fn(passage::accompany))
        .with_state(served)
}
