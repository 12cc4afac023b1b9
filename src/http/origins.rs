//! From which sites' pages a browser may call.

/// The sites, besides the server's own, whose pages may call: `https://app.example.com`.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// Scheme, host and port of each, as browsers send it in the header Origin.
    pub allowed: Vec<String>,
}
