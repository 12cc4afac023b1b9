//! What steps name of a world: what a caller would know who looks at it.

use std::cmp::Reverse;

use guerdon::domain::records::{AccountKey, Outcome, User};
use guerdon::domain::world::World;
use uuid::Uuid;

use super::steps::name;

/// A user's code, or one that nobody has.
pub fn code(world: &World, user: u8) -> String {
    let user: Option<&User> = world.slice.tables.users.get(&name(user)).and_then(Option::as_ref);
    user.and_then(|user| user.code.clone()).unwrap_or_else(|| "NO-CODE".to_owned())
}

/// What a user has, so that spends empty it often.
pub fn balance(world: &World, user: u8) -> i64 {
    let key = AccountKey { user_id: name(user), unit: "JPY".to_owned() };
    world
        .slice
        .tables
        .accounts
        .get(&key)
        .and_then(Option::as_ref)
        .map_or(1, |account| account.balance.get())
}

/// One of the latest entries, or an id that is none.
pub fn entry(world: &World, nth: usize) -> Uuid {
    let mut entries: Vec<_> = world.slice.tables.transactions.values().flatten().collect();
    entries.sort_by_key(|entry| Reverse(entry.position));
    entries.get(nth).map_or(Uuid::nil(), |entry| entry.id)
}

/// One of the latest rewards, or an id that is none.
pub fn reward(world: &World, nth: usize) -> Uuid {
    let mut lots: Vec<_> = world.slice.tables.lots.values().flatten().collect();
    lots.sort_by_key(|lot| Reverse(lot.created));
    lots.get(nth).map_or(Uuid::nil(), |lot| lot.id)
}

/// One of the latest referrals, or an id that is none.
pub fn referral(world: &World, nth: usize) -> Uuid {
    let mut referrals: Vec<_> = world.slice.tables.referrals.values().flatten().collect();
    referrals.sort_by_key(|referral| Reverse(referral.created));
    referrals.get(nth).map_or(Uuid::nil(), |referral| referral.id)
}

/// One of the promotion codes, or one that there is not.
pub fn promo(world: &World, nth: u8) -> String {
    let mut promos: Vec<_> = world.slice.tables.promos.values().flatten().collect();
    promos.sort_by_key(|promo| Reverse(promo.created));
    promos.get(usize::from(nth)).map_or("NO-PROMO".to_owned(), |promo| promo.shown.clone())
}

/// One of the latest failed decisions, or an id that is none.
pub fn failed(world: &World, nth: usize) -> Uuid {
    let mut decisions: Vec<_> = world.slice.tables.decisions.values().flatten().collect();
    decisions.retain(|decision| decision.outcome == Outcome::Failed);
    decisions.sort_by_key(|decision| Reverse(decision.position));
    decisions.get(nth).map_or(Uuid::nil(), |decision| decision.id)
}
