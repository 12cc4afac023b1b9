//! Who may read the metrics.

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

use crate::http::MetricsAccess;

/// The metrics at `/metrics`, for Prometheus.
#[derive(Debug, Args)]
pub struct MetricsOptions {
    /// `off` collects no metrics, and serves none.
    #[arg(long, env = "GUERDON_METRICS", default_value = "on")]
    metrics: Switch,
    /// The key that /metrics asks for, in the header Authorization: Bearer. Without one whoever reaches
    /// the port may read them.
    #[arg(long, env = "GUERDON_METRICS_KEY", hide_env_values = true)]
    metrics_key: Option<SecretString>,
}

/// Whether there are metrics at all.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl From<MetricsOptions> for MetricsAccess {
    fn from(given: MetricsOptions) -> Self {
        // An empty key is none: everybody knows it.
        let key = given.metrics_key.filter(|key| !key.expose_secret().is_empty());
        match (given.metrics, key) {
            (Switch::Off, _) => Self::Off,
            (Switch::On, Some(key)) => Self::Keyed(key),
            (Switch::On, None) => Self::Open,
        }
    }
}
