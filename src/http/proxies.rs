//! From which address a request comes: the connection's, or what a trusted proxy says of it.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The header in which each proxy adds the address that it was called from at the end.
const FORWARDED: &str = "x-forwarded-for";

/// The proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// The networks in which they are.
    pub trusted: Vec<IpNet>,
}

impl Proxies {
    /// The client's address. Of the addresses that were forwarded the last one counts that is not
    /// a trusted proxy's: what stands before it, anybody can have written.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        let values = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok());
        let forwarded: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
        for text in forwarded.into_iter().rev() {
            if !self.trusts(nearest) {
                break;
            }
            match text.trim().parse::<IpAddr>() {
                Ok(address) => nearest = address.to_canonical(),
                Err(_) => break,
            }
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        Proxies { trusted }.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let inside = ["10.0.0.0/8"];
        assert_eq!(client(&[], "10.0.0.1", &["192.0.2.7"]), "10.0.0.1");
        assert_eq!(client(&inside, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(&inside, "10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(client(&inside, "198.51.100.1", &["192.0.2.7"]), "198.51.100.1");
        assert_eq!(client(&inside, "::ffff:10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
    }

    #[test]
    fn what_a_client_wrote_itself_is_not_believed() {
        let inside = ["10.0.0.0/8"];
        let told = ["203.0.113.9, 192.0.2.7, 10.0.0.2"];
        assert_eq!(client(&inside, "10.0.0.1", &told), "192.0.2.7");
        assert_eq!(client(&inside, "10.0.0.1", &["203.0.113.9", "192.0.2.7"]), "192.0.2.7");
        assert_eq!(client(&inside, "10.0.0.1", &["192.0.2.7, unknown"]), "10.0.0.1");
    }
}
