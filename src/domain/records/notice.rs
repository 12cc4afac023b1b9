//! Notices to users, and messages to whoever listens outside.

use serde_json::Value;
use uuid::Uuid;

use super::Position;
use crate::domain::time::Time;

/// A notice in the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: Uuid,
    /// Its place in the tenant's order.
    pub position: Position,
    /// Who reads it.
    pub user_id: String,
    /// Whose event made it: the message may speak of that user.
    pub about_id: Option<String>,
    /// What kind, for the interface.
    pub kind: String,
    /// The text.
    pub message: String,
    /// Was it read?
    pub read: bool,
    /// When it was made.
    pub created_at: Time,
}

/// A message that a rule emitted, waiting in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Emission {
    /// Its id.
    pub id: Uuid,
    /// Its place in the tenant's order.
    pub position: Position,
    /// The event's user.
    pub user_id: String,
    /// What happened.
    pub kind: String,
    /// More about it.
    pub data: Value,
    /// When it was made.
    pub created_at: Time,
}
