//! How many sockets are open, in all and from each address (of IPv6, from each network of 64 bits).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use super::limits::SocketLimits;
use crate::operations::rates::network;

/// How many sockets are open. Copies are the same crowd.
#[derive(Debug, Clone, Default)]
pub struct Crowd(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_network: HashMap<IpNet, usize>,
}

/// Why one more socket cannot be opened.
#[derive(Debug, PartialEq, Eq)]
pub enum Full {
    /// The server has as many as it takes.
    Server,
    /// The address has.
    Address,
}

/// A socket's place in the crowd; given up when it is dropped.
#[derive(Debug)]
pub struct Place {
    crowd: Crowd,
    network: Option<IpNet>,
}

impl Crowd {
    /// Takes a place for a socket from this address; one from nowhere counts in all only.
    pub fn enter(&self, address: Option<IpAddr>, limits: &SocketLimits) -> Result<Place, Full> {
        let mut counts = self.counts();
        if counts.total >= limits.sockets {
            return Err(Full::Server);
        }
        let network = address.map(network);
        if let Some(network) = network {
            let open = counts.by_network.get(&network).copied().unwrap_or_default();
            if open >= limits.sockets_of_address {
                return Err(Full::Address);
            }
            counts.by_network.insert(network, open + 1);
        }
        counts.total += 1;
        Ok(Place { crowd: self.clone(), network })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        counts.total -= 1;
        let Some(network) = self.network else { return };
        if let Some(open) = counts.by_network.get_mut(&network) {
            *open -= 1;
            if *open == 0 {
                counts.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crowd_is_bounded_in_all_and_by_address() {
        let limits = SocketLimits { sockets: 3, sockets_of_address: 2, ..Default::default() };
        let crowd = Crowd::default();
        let enter = |address: Option<&str>| {
            crowd.enter(address.map(|address| address.parse().unwrap()), &limits)
        };
        let first = enter(Some("1.1.1.1")).unwrap();
        let second = enter(Some("1.1.1.1")).unwrap();
        assert_eq!(enter(Some("1.1.1.1")).unwrap_err(), Full::Address);
        let other = enter(Some("2001:db8::1")).unwrap();
        assert_eq!(enter(None).unwrap_err(), Full::Server);
        drop(first);
        let third = enter(Some("1.1.1.1")).unwrap();
        drop((second, other, third));
        assert_eq!(crowd.counts().total, 0);
        assert!(crowd.counts().by_network.is_empty());
    }
}
