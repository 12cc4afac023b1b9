//! What every handler works with.

use std::sync::Arc;

use super::edge::Edge;
use super::graphql::Persisted;
use super::socket::Crowd;
use crate::graphql::ApiSchema;
use crate::operations::Operations;

/// What every handler works with.
#[derive(Clone)]
pub struct Served {
    /// What the product can do.
    pub operations: Arc<Operations>,
    /// The schema that documents are executed by.
    pub schema: ApiSchema,
    /// How the edge is set up.
    pub edge: Arc<Edge>,
    /// The documents that clients name by their hash.
    pub persisted: Arc<Persisted>,
    /// How many sockets are open.
    pub sockets: Crowd,
}
