//! Facts: what a rule may see about an event, as plain JSON. Times and spans are microseconds.

mod event;
mod persons;
mod scene;
mod signals;
mod stand;
mod standing;

pub use event::{Sheet, build};
pub use persons::{person_facts, referrer_facts};
pub use signals::{fingerprint_keys, no_signals, remember, signals};
pub use stand::{cap_facts, cap_keys};
pub use standing::standing;
