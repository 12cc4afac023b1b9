//! The ledger: how amounts are granted, spent, settled and taken back. Every function here works on
//! a command's own layer, so what it does is kept whole or not at all.

mod book;
mod grant;
mod post;
mod settle;
mod spend;
mod undo;

pub use grant::{NewLot, fail_outside, grant};
pub use settle::{end_hold, settle, usable_lots};
pub use spend::{Draw, MAX_LOTS_OF_A_SPEND, spend};
pub use undo::{Demand, cancel, give_back, reverse_grant, reverse_spend, take_back};
