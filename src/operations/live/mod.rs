//! Live: what a user sees change, on whichever server it changed.
//!
//! | part | job |
//! |---|---|
//! | [`Hub`] | who watches what on this server, tenant by tenant |
//! | `audience` | one tenant's watchers, and what they were shown |
//! | `poller` | one task for a tenant that is watched: asks the database what changed |
//! | `accounts`, `notices` | what one watcher gets, as a stream |
//!
//! The database alone knows what other servers did, so each server asks it, once for a tenant and not
//! once for a watcher: has the lane moved on? Only then what changed, and only what somebody watches is
//! read.

mod accounts;
mod audience;
mod hub;
mod notices;
mod poller;

#[cfg(test)]
mod tests;

pub use accounts::accounts;
pub use hub::Hub;
pub use notices::notices;
