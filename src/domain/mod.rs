//! What the product knows: the ledger, referrals, onboarding, events and their rules, as plain
//! values and pure functions. No I/O, no clock, no randomness, and nothing of the layers above.

pub mod amount;
pub mod answer;
pub mod caller;
pub mod command;
pub mod effect;
pub mod program;
pub mod records;
pub mod refusal;
pub mod rules;
pub mod state;
pub mod time;
