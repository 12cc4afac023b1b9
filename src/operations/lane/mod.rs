//! The lane: the one line in which a tenant's changes happen.

mod outcome;

pub use outcome::Outcome;
