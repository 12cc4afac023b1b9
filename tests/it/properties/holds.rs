//! What is on hold: nothing is booked before its instant, nothing at all when it is cancelled before,
//! and what is taken during the hold never comes.

use guerdon::domain::command::Body;
use guerdon::domain::effect::{OnRefund, Options};
use guerdon::domain::program::OnShortfall;
use guerdon::domain::records::LotState;
use guerdon::domain::time::Span;
use proptest::prelude::*;

use super::config;
use super::histories::{Both, Mix};
use super::invariants::assert_sound;
use super::tenant::{Tenant, credit, program};

/// Amounts with the microseconds that they are on hold.
fn holds() -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((1..1_000_i64, 0..6_i64), 1..6)
}

fn bought(holds: &[(i64, i64)], on_shortfall: OnShortfall, on_refund: OnRefund) -> Tenant {
    let mut tenant = Tenant::new(program(on_shortfall));
    let effects: Vec<_> = holds
        .iter()
        .map(|(amount, micros)| {
            let hold_for = Some(Span::Micros(*micros));
            let on_refund = Some(on_refund);
            credit("ann", *amount, Options { hold_for, on_refund, ..Options::default() })
        })
        .collect();
    tenant.buy("pay", "ann", 1_000, &effects);
    tenant
}

fn sum(holds: &[(i64, i64)], which: impl Fn(i64) -> bool) -> i64 {
    holds.iter().filter(|(_, from)| which(*from)).map(|(amount, _)| amount).sum()
}

fn owing(owes: bool) -> OnShortfall {
    if owes { OnShortfall::Debt } else { OnShortfall::Clamp }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn a_hold_ends_at_its_very_instant(holds in holds(), wait in 0..7_i64) {
        let mut tenant = bought(&holds, OnShortfall::Clamp, OnRefund::Keep);
        tenant.wait(wait);
        let (account, _) = tenant.seen("ann");
        prop_assert_eq!(account.pending.get(), sum(&holds, |from| from > wait));
        prop_assert_eq!(account.balance.get(), sum(&holds, |from| from <= wait));
        tenant.sweep();
        let booked = tenant.world.slice.tables.transactions.values().flatten().count();
        prop_assert_eq!(booked, holds.iter().filter(|(_, from)| *from <= wait).count());
        assert_sound(&tenant.world);
    }

    #[test]
    fn what_is_due_is_booked_in_the_order_of_its_instants(
        lots in proptest::collection::vec((1..100_i64, 1..6_i64, 1..4_i64), 1..6), wait in 1..9_i64,
    ) {
        let mut tenant = Tenant::new(program(OnShortfall::Clamp));
        let effect = |(amount, held, lasts): &(i64, i64, i64)| {
            let (hold_for, expires_in) = (Some(Span::Micros(*held)), Some(Span::Micros(*lasts)));
            credit("ann", *amount, Options { hold_for, expires_in, ..Options::default() })
        };
        tenant.gift("ann", &lots.iter().map(effect).collect::<Vec<_>>());
        let begin = tenant.now;
        tenant.wait(wait);
        tenant.sweep();
        // An end before a beginning at the same instant, then the older lot first.
        let mut expected: Vec<(i64, bool, usize, i64)> = (lots.iter().enumerate())
            .flat_map(|(n, (amount, held, lasts))| {
                [(*held, true, n, *amount), (held + lasts, false, n, -amount)]
            })
            .filter(|(at, ..)| *at <= wait)
            .collect();
        expected.sort_unstable();
        let mut booked: Vec<_> = tenant.world.slice.tables.transactions.values().flatten().collect();
        booked.sort_by_key(|entry| entry.position);
        prop_assert!(booked.iter().all(|entry| entry.created_at == tenant.now));
        let seen: Vec<_> = booked
            .iter()
            .map(|entry| ((entry.effective_at - begin).num_microseconds(), entry.amount.get()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(at, _, _, by)| (Some(*at), *by)).collect();
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_cancelled_on_hold_posts_nothing(holds in holds(), wait in 0..7_i64) {
        let mut tenant = bought(&holds, OnShortfall::Debt, OnRefund::Keep);
        tenant.wait(wait);
        for (lot, (_, from)) in tenant.lots_of("pay").into_iter().zip(&holds) {
            if *from > wait {
                tenant.send(Body::CancelReward { reward_id: lot, reason: None }).unwrap();
            }
        }
        tenant.wait(10);
        tenant.sweep();
        prop_assert_eq!(tenant.balance("ann"), sum(&holds, |from| from <= wait));
        prop_assert_eq!(tenant.seen("ann").0.pending.get(), 0);
        let booked = tenant.world.slice.tables.transactions.values().flatten().count();
        prop_assert_eq!(booked, holds.iter().filter(|(_, from)| *from <= wait).count());
        assert_sound(&tenant.world);
    }

    #[test]
    fn what_is_refunded_during_a_hold_never_comes(
        holds in holds(), refunded in 1..1_000_i64, wait in 0..7_i64, owes in any::<bool>(),
    ) {
        let mut tenant = bought(&holds, owing(owes), OnRefund::Proportion);
        tenant.wait(wait);
        tenant.refund("pay", Some(refunded)).unwrap();
        let kept = |amount: i64| amount - amount * refunded / 1_000;
        let of = |which: &dyn Fn(i64) -> bool| -> i64 {
            holds.iter().filter(|(_, from)| which(*from)).map(|(amount, _)| kept(*amount)).sum()
        };
        let (account, _) = tenant.seen("ann");
        prop_assert_eq!(account.pending.get(), of(&|from| from > wait));
        prop_assert_eq!(account.balance.get(), of(&|from| from <= wait));
        tenant.wait(10);
        prop_assert_eq!(tenant.balance("ann"), of(&|_| true));
        tenant.refund("pay", None).unwrap();
        prop_assert_eq!(tenant.balance("ann"), 0);
        let cancelled = |id| {
            tenant.world.slice.tables.lots[id].as_ref().unwrap().state == LotState::Cancelled
        };
        prop_assert!(tenant.lots_of("pay").iter().all(cancelled));
        assert_sound(&tenant.world);
    }

    #[test]
    fn holds_are_as_with_coins(
        history in Mix { holds: 5, longest: 9, purchases: 2, reviews: 3 }.history(24),
        owes in any::<bool>(),
    ) {
        Both::new(owing(owes), 1, usize::MAX).play(&history);
    }
}
