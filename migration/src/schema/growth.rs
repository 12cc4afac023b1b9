//! Lists and totals whose cost does not grow with the ledger.

pub const ADDED: &[&str] = &[];
