//! Deciding: the rules are asked about an event, and what they ask for is applied, all or none.

mod cause;
mod decide;
mod effects;
mod frozen;
mod grants;
mod limits;
mod release;
mod retry;

pub use decide::{decide, occur};
pub(crate) use effects::mark_step;
pub(crate) use grants::count_bonus;
pub use release::release_held;
pub use retry::retry;
