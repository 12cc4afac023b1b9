//! From which sites' pages browsers may call.

use clap::Args;

use crate::http::Origins;

/// Which other sites may call.
#[derive(Debug, Args)]
pub struct OriginOptions {
    /// The sites, besides the server's own, whose pages may call: `https://app.example.com`, with
    /// commas between them.
    #[arg(long, env = "GUERDON_ALLOWED_ORIGINS", value_delimiter = ',')]
    allowed_origins: Vec<String>,
}

impl From<OriginOptions> for Origins {
    fn from(given: OriginOptions) -> Self {
        Self { allowed: given.allowed_origins }
    }
}
