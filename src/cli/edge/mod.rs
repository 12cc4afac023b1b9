//! The options of the edge: who may call, how much and how often.

mod body;
mod documents;
mod metrics;
mod origins;
mod persisted;
mod proxies;
mod rates;
mod sockets;

use clap::Args;

use crate::http::Edge;

/// How the edge is set up.
#[derive(Debug, Args)]
pub struct EdgeOptions {
    #[command(flatten)]
    origins: origins::OriginOptions,
    #[command(flatten)]
    body: body::BodyOptions,
    #[command(flatten)]
    persisted: persisted::PersistedOptions,
    #[command(flatten)]
    documents: documents::DocumentOptions,
    #[command(flatten)]
    sockets: sockets::SocketOptions,
    #[command(flatten)]
    rates: rates::RateOptions,
    #[command(flatten)]
    proxies: proxies::ProxyOptions,
    #[command(flatten)]
    metrics: metrics::MetricsOptions,
}

impl From<EdgeOptions> for Edge {
    fn from(given: EdgeOptions) -> Self {
        Self {
            origins: given.origins.into(),
            body: given.body.into(),
            persisted: given.persisted.into(),
            documents: given.documents.into(),
            sockets: given.sockets.into(),
            rates: given.rates.into(),
            proxies: given.proxies.into(),
            metrics: given.metrics.into(),
        }
    }
}
