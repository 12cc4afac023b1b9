//! What becomes of a command that was carried out.

/// Whether a command is kept as an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is, with its answer.
    Event,
    /// It is not: it found nothing to change, or only counts.
    Noted,
}
