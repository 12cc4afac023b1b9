//! What sockets may take.

use std::time::Duration;

/// What sockets may take.
#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    /// How many operations, subscriptions among them, a socket may have open at once. Their messages
    /// together may have four times the bytes of one.
    pub operations: usize,
    /// How large a message of a client may be, in bytes.
    pub message_bytes: usize,
    /// How long a client may take to send its first message, and the server to look at it.
    pub longest_init: Duration,
    /// How often a client is pinged. One that is silent after two pings, or that reads nothing for so
    /// long, is closed: within three times this time.
    pub ping_every: Duration,
    /// How many sockets may be open at once, in all.
    pub sockets: usize,
    /// How many sockets may be open at once from one address (of IPv6, from one network of 64 bits).
    pub sockets_of_address: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            operations: 100,
            message_bytes: 1024 * 1024,
            longest_init: Duration::from_secs(10),
            ping_every: Duration::from_secs(10),
            sockets: 10_000,
            sockets_of_address: 500,
        }
    }
}
