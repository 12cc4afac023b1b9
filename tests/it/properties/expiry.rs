//! What ends: at the very instant it is gone, whoever looks, and what comes back later ends again.

use guerdon::domain::amount::Amount;
use guerdon::domain::effect::Options;
use guerdon::domain::program::OnShortfall;
use guerdon::domain::records::{Lot, Transaction, UseKind};
use guerdon::domain::refusal::Code;
use guerdon::domain::time::Span;
use proptest::prelude::*;

use super::config;
use super::histories::{Both, Mix};
use super::invariants::assert_sound;
use super::tenant::{Tenant, credit, program};

/// Lots by amount and length in microseconds.
fn lots() -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((1..1_000_i64, 1..6_i64), 1..6)
}

fn tenant_with(lots: &[(i64, i64)]) -> Tenant {
    let mut tenant = Tenant::new(program(OnShortfall::Clamp));
    let lasting = |(amount, micros): &(i64, i64)| {
        let expires_in = Some(Span::Micros(*micros));
        credit("ann", *amount, Options { expires_in, ..Options::default() })
    };
    tenant.gift("ann", &lots.iter().map(lasting).collect::<Vec<_>>());
    tenant
}

/// What is left at an instant when nothing was spent.
fn left(lots: &[(i64, i64)], at: i64) -> i64 {
    lots.iter().filter(|(_, end)| at < *end).map(|(amount, _)| amount).sum()
}

fn entries(tenant: &Tenant) -> Vec<Transaction> {
    let mut entries: Vec<_> =
        tenant.world.slice.tables.transactions.values().flatten().cloned().collect();
    entries.sort_by_key(|entry| entry.position);
    entries
}

fn stored(tenant: &Tenant) -> impl Iterator<Item = &Lot> {
    tenant.world.slice.tables.lots.values().flatten()
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn at_its_very_instant_a_lot_is_gone(lots in lots(), wait in 0..7_i64) {
        let mut tenant = tenant_with(&lots);
        tenant.wait(wait);
        let left = left(&lots, wait);
        prop_assert_eq!(tenant.balance("ann"), left);
        let refused = tenant.spend("ann", left + 1).unwrap_err();
        prop_assert_eq!(refused.code, Code::InsufficientCredits);
        if left > 0 {
            tenant.spend("ann", left).unwrap();
        }
        prop_assert_eq!(tenant.balance("ann"), 0);
        assert_sound(&tenant.world);
    }

    #[test]
    fn what_comes_back_to_an_ended_lot_ends_at_once(
        lots in lots(), share in 1..100_i64, wait in 0..7_i64,
    ) {
        let mut tenant = tenant_with(&lots);
        let all = left(&lots, 0);
        let spent = (all * share / 100).max(1);
        let spend = tenant.spend("ann", spent).unwrap();
        tenant.wait(wait);
        let before = tenant.balance("ann");
        let returning: i64 = stored(&tenant)
            .filter(|lot| lot.expires_at.is_some_and(|end| end > tenant.now))
            .map(|lot| lot.spent.get())
            .sum();
        tenant.reverse(spend).unwrap();
        prop_assert_eq!(tenant.balance("ann"), before + returning);
        prop_assert_eq!(tenant.balance("ann"), left(&lots, wait));
        // The return is one entry of the whole, what ends again is an entry for each lot.
        let entries = entries(&tenant);
        let back = entries.iter().position(|entry| entry.reverses == Some(spend)).unwrap();
        prop_assert_eq!(entries[back].amount.get(), spent);
        let again = entries[back + 1..].iter().inspect(|entry| {
            assert!(entry.source == "expiry" && entry.uses[0].kind == UseKind::Expiry);
            assert_eq!(entry.effective_at, tenant.now);
        });
        let ended: i64 = again.map(|entry| -entry.amount.get()).sum();
        prop_assert_eq!(ended, spent - returning);
        prop_assert!(stored(&tenant).all(|lot| lot.spent == Amount::ZERO));
        assert_sound(&tenant.world);
    }

    #[test]
    fn ends_are_as_with_coins(
        history in Mix { holds: 0, longest: 8, purchases: 1, reviews: 1 }.history(24),
        owes in any::<bool>(),
    ) {
        let on_shortfall = if owes { OnShortfall::Debt } else { OnShortfall::Clamp };
        Both::new(on_shortfall, 1, usize::MAX).play(&history);
    }
}
