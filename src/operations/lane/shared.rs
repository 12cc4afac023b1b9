//! What the lanes of all tenants share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio_util::task::TaskTracker;

use super::queue::Queue;
use crate::domain::refusal::{Code, Refusal};
use crate::operations::clock::Clock;
use crate::operations::programs::Programs;
use crate::store::Database;

/// What every lane uses.
pub(super) struct Shared {
    pub database: Database,
    pub programs: Programs,
    pub clock: Clock,
    pub queues: Mutex<HashMap<i64, Arc<Queue>>>,
    pub tasks: TaskTracker,
}

/// Nothing happened, because there is too much to do.
pub(super) fn overloaded() -> Refusal {
    Refusal {
        retry_after_seconds: Some(1),
        ..Refusal::new(
            Code::Overloaded,
            "The server has too much to do, and nothing happened: try again in a moment.",
        )
    }
}

/// Nobody knows whether it happened.
pub(super) fn unknown() -> Refusal {
    Refusal::new(
        Code::OutcomeUnknown,
        "It is not known whether this happened: send it again with the same key or id.",
    )
}
