//! What the product knows: the ledger, referrals, onboarding, events and their rules, as plain
//! values and pure functions. No I/O, no clock, no randomness, and nothing of the layers above.

pub mod amount;
pub mod answer;
pub mod apply;
pub mod attempts;
pub mod caller;
pub mod caps;
pub mod command;
pub mod deciding;
pub mod effect;
pub mod facts;
pub mod invites;
pub mod ledger;
pub mod link;
pub mod money;
pub mod program;
pub mod provider;
pub mod records;
pub mod referral;
pub mod refusal;
pub mod replay;
pub mod rules;
pub mod settings;
pub mod state;
pub mod time;
pub mod work;
pub mod world;
