//! The state that a batch of commands works on: a slice that was loaded, and what changes it.

mod change;
mod key;
mod overlay;
mod table;

pub use change::Change;
pub use key::Key;
pub use overlay::{Beyond, Slice, State, Stop};
pub use table::{Record, Table, Tables};
