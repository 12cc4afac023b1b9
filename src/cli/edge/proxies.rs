//! Which proxies stand in front of the server.

use clap::Args;
use ipnet::IpNet;

use crate::http::Proxies;

/// The proxies that are believed.
#[derive(Debug, Args)]
pub struct ProxyOptions {
    /// The networks of the proxies in front of this server, with commas between them: `10.0.0.0/8`.
    /// What they say in X-Forwarded-For is where a caller comes from. Without this, all callers
    /// behind a proxy share one address, and its limits.
    #[arg(long, env = "GUERDON_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    trusted_proxies: Vec<IpNet>,
}

/// A network, or the address of one machine.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let address = || text.parse().map(|address: std::net::IpAddr| IpNet::from(address));
    text.parse().or_else(|_| address()).map_err(|_| {
        "give a network or an address: 10.0.0.0/8, 192.0.2.1, 2001:db8::/32".to_owned()
    })
}

impl From<ProxyOptions> for Proxies {
    fn from(given: ProxyOptions) -> Self {
        Self { trusted: given.trusted_proxies }
    }
}
