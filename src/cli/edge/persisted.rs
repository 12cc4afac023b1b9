//! How many documents are kept that clients name by their hash.

use clap::Args;

use crate::http::PersistedLimits;

/// The limits of persisted documents.
#[derive(Debug, Args)]
pub struct PersistedOptions {
    /// How many persisted documents each tenant has at most; with 0, none is kept.
    #[arg(long, env = "GUERDON_PERSISTED_DOCUMENTS", default_value_t = PersistedLimits::default().documents)]
    persisted_documents: u32,
    /// How many bytes each tenant's persisted documents have together.
    #[arg(long, env = "GUERDON_PERSISTED_BYTES", default_value_t = PersistedLimits::default().bytes)]
    persisted_bytes: u32,
    /// For how many tenants persisted documents are kept at once.
    #[arg(long, env = "GUERDON_PERSISTED_TENANTS", default_value_t = PersistedLimits::default().tenants)]
    persisted_tenants: u64,
}

impl From<PersistedOptions> for PersistedLimits {
    fn from(given: PersistedOptions) -> Self {
        Self {
            documents: given.persisted_documents,
            bytes: given.persisted_bytes,
            tenants: given.persisted_tenants,
        }
    }
}
