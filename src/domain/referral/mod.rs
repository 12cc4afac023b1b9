//! Referrals: codes, whether one can be used, and what happens to a referral.

mod check;
mod codes;
mod course;

pub use check::{Attempt, validate, working};
pub use codes::{give_code, replace_code};
pub use course::{convert, credit, fail, hold, make, refuse, reject, release, reverse};
