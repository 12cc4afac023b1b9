//! What a caller is told when the store fails: nothing of what broke; the log knows.

use crate::domain::refusal::{Code, Refusal};
use crate::store::StoreError;

/// What a caller is told when a change fails that goes through no lane: it may have been kept all
/// the same.
pub(super) fn of_change(error: StoreError) -> Refusal {
    if !error.is_connection_lost() {
        return error.into();
    }
    tracing::error!(%error, cause = error.cause(), "what became of a change is not known");
    let message =
        "It is not known whether this happened: look whether it did before you send it again.";
    Refusal::new(Code::OutcomeUnknown, message)
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, cause = error.cause(), "the store failed");
        if error.is_conflict() || error.is_connection_lost() {
            let message =
                "The database cannot be reached, and nothing happened: try again in a moment.";
            return Self { retry_after_seconds: Some(1), ..Self::new(Code::Overloaded, message) };
        }
        Self::internal("Something broke on the server; it is in the log.")
    }
}
