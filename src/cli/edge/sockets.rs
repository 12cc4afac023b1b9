//! What sockets may take.

use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::http::SocketLimits;

/// The limits of sockets.
#[derive(Debug, Args)]
pub struct SocketOptions {
    /// How many operations, subscriptions among them, a socket may have open at once.
    #[arg(long, env = "GUERDON_MAX_SOCKET_OPERATIONS", default_value_t = SocketLimits::default().operations)]
    max_socket_operations: usize,
    /// How large a message over a socket may be, in bytes.
    #[arg(long, env = "GUERDON_MAX_SOCKET_MESSAGE_BYTES", default_value_t = SocketLimits::default().message_bytes)]
    max_socket_message_bytes: usize,
    /// How long a client may take to send its first message over a socket, in seconds.
    #[arg(long, env = "GUERDON_SOCKET_INIT_SECONDS", value_parser = seconds(), default_value_t = SocketLimits::default().longest_init.as_secs())]
    socket_init_seconds: u64,
    /// How often a client at a socket is pinged, in seconds; a silent one is closed within three
    /// times this time.
    #[arg(long, env = "GUERDON_SOCKET_PING_SECONDS", value_parser = seconds(), default_value_t = SocketLimits::default().ping_every.as_secs())]
    socket_ping_seconds: u64,
    /// How many sockets may be open at once, in all.
    #[arg(long, env = "GUERDON_MAX_SOCKETS", default_value_t = SocketLimits::default().sockets)]
    max_sockets: usize,
    /// How many sockets may be open at once from one address.
    #[arg(long, env = "GUERDON_MAX_SOCKETS_PER_ADDRESS", default_value_t = SocketLimits::default().sockets_of_address)]
    max_sockets_per_address: usize,
}

/// A time that is no time at all would end every socket, and one of years cannot be counted.
fn seconds() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=86_400)
}

impl From<SocketOptions> for SocketLimits {
    fn from(given: SocketOptions) -> Self {
        Self {
            operations: given.max_socket_operations,
            message_bytes: given.max_socket_message_bytes,
            longest_init: Duration::from_secs(given.socket_init_seconds),
            ping_every: Duration::from_secs(given.socket_ping_seconds),
            sockets: given.max_sockets,
            sockets_of_address: given.max_sockets_per_address,
        }
    }
}
