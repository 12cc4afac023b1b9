//! How the edge is set up: what an operator chooses of who may call, how much and how often.

pub use super::graphql::{BodyLimits, PersistedLimits};
pub use super::metrics::MetricsAccess;
pub use super::origins::Origins;
pub use super::proxies::Proxies;
pub use super::socket::SocketLimits;
pub use crate::graphql::{Introspection, Limits as DocumentLimits};
pub use crate::operations::rates::RateLimits;

/// What an operator chooses; without a word, what suits most.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// From which other sites' pages browsers may call.
    pub origins: Origins,
    /// What a request's body may be.
    pub body: BodyLimits,
    /// How many documents are kept that clients name by their hash.
    pub persisted: PersistedLimits,
    /// What a document may ask for.
    pub documents: DocumentLimits,
    /// What a socket may take.
    pub sockets: SocketLimits,
    /// How often may be called.
    pub rates: RateLimits,
    /// The proxies in front of the server.
    pub proxies: Proxies,
    /// Who may read the metrics.
    pub metrics: MetricsAccess,
}
