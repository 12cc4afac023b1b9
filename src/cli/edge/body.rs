//! What a request's body may be.

use std::time::Duration;

use clap::Args;

use crate::http::BodyLimits;

/// The limits of bodies.
#[derive(Debug, Args)]
pub struct BodyOptions {
    /// How large a request's body may be, in bytes.
    #[arg(long, env = "GUERDON_MAX_BODY_BYTES", default_value_t = BodyLimits::default().bytes)]
    max_body_bytes: usize,
    /// How many JSON values a request's body may hold.
    #[arg(long, env = "GUERDON_MAX_BODY_VALUES", default_value_t = BodyLimits::default().values)]
    max_body_values: usize,
    /// How long a request's body may take to come, in seconds.
    #[arg(long, env = "GUERDON_MAX_BODY_SECONDS", default_value_t = BodyLimits::default().time.as_secs())]
    max_body_seconds: u64,
}

impl From<BodyOptions> for BodyLimits {
    fn from(given: BodyOptions) -> Self {
        Self {
            bytes: given.max_body_bytes,
            values: given.max_body_values,
            time: Duration::from_secs(given.max_body_seconds),
        }
    }
}
