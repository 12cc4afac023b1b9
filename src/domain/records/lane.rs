//! The tenant's row in `lanes`: what every batch reads first and writes last.

use serde_json::{Map, Value};

use crate::domain::time::Time;

/// The row that orders a tenant's changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// The number of the last event.
    pub seq: i64,
    /// The lane's time of the last batch.
    pub last_at: Time,
    /// The name of the program that the tenant runs.
    pub program: String,
    /// SHA-256 of the program version in force.
    pub program_hash: String,
    /// The version of the settings, from 0.
    pub settings_version: i64,
    /// The tenant's own settings, over the program's defaults.
    pub settings: Map<String, Value>,
    /// Users signed up, partners not counted.
    pub users: i64,
    /// Referrals that are credited now.
    pub credited_referrals: i64,
}
