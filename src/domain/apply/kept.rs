//! What becomes of a command that was carried out.

use crate::domain::refusal::Refusal;

/// Whether a command is kept as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is, with its answer.
    Event,
    /// It is not: it found nothing to change, or only counts.
    Noted,
    /// It is refused, and that it was attempted counts.
    Declined(Refusal),
}
