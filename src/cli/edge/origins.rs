//! From which sites' pages browsers may call.

use clap::Args;

use crate::http::Origins;

/// Which other sites may call.
#[derive(Debug, Args)]
pub struct OriginOptions {
    /// The sites, besides the server's own, whose pages may call: `https://app.example.com`, with
    /// commas between them.
    #[arg(long, env = "GUERDON_ALLOWED_ORIGINS", default_value = "", hide_default_value = true)]
    allowed_origins: Origins,
}

impl From<OriginOptions> for Origins {
    fn from(given: OriginOptions) -> Self {
        given.allowed_origins
    }
}
