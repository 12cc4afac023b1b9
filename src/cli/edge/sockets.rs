//! What a socket may take.

use clap::Args;

use crate::http::SocketLimits;

/// The limits of sockets.
#[derive(Debug, Args)]
pub struct SocketOptions {
    /// How many operations, subscriptions among them, a socket may have open at once.
    #[arg(long, env = "GUERDON_MAX_SOCKET_OPERATIONS", default_value_t = SocketLimits::default().operations)]
    max_socket_operations: usize,
}

impl From<SocketOptions> for SocketLimits {
    fn from(given: SocketOptions) -> Self {
        Self { operations: given.max_socket_operations }
    }
}
