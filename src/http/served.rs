//! What every handler works with.

use std::sync::Arc;

use super::edge::Edge;
use super::graphql::Persisted;
use crate::graphql::ApiSchema;
use crate::operations::Operations;

/// How large a socket's message can be, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

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
}
