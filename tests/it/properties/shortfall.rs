//! What is taken back after it was spent: in every order of grants, spends and their reversals, no
//! credit of a grant that was taken back is left to spend.

use guerdon::domain::command::{Body, Grant};
use guerdon::domain::program::OnShortfall;
use guerdon::domain::refusal::Code;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::config;
use super::histories::{Both, Mix};
use super::invariants::assert_sound;
use super::tenant::{Tenant, money, program};

/// One of two grants, one of two spends, or the reversal of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Grant(usize),
    Spend(usize),
    TakeBack(usize),
    GiveBack(usize),
}

const ACTS: [Act; 8] = [
    Act::Grant(0),
    Act::Grant(1),
    Act::Spend(0),
    Act::Spend(1),
    Act::TakeBack(0),
    Act::TakeBack(1),
    Act::GiveBack(0),
    Act::GiveBack(1),
];

/// Every order in which these can happen: 2,520.
fn orders() -> Vec<Vec<Act>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..ACTS.len() {
        orders = orders.iter().flat_map(|begun| continued(begun)).collect();
    }
    orders
}

fn continued(begun: &[Act]) -> Vec<Vec<Act>> {
    let possible = |act: &&Act| {
        let needed = match act {
            Act::TakeBack(n) => Some(Act::Grant(*n)),
            Act::GiveBack(n) => Some(Act::Spend(*n)),
            Act::Grant(_) | Act::Spend(_) => None,
        };
        !begun.contains(act) && needed.is_none_or(|needed| begun.contains(&needed))
    };
    ACTS.iter().filter(possible).map(|act| [begun, &[*act]].concat()).collect()
}

/// What stands of the grants and the spends: made, and not undone.
struct Story {
    tenant: Tenant,
    amounts: [i64; 4],
    grants: [Option<Uuid>; 2],
    spends: [Option<Uuid>; 2],
    standing: [bool; 4],
}

impl Story {
    fn new(on_shortfall: OnShortfall, amounts: [i64; 4]) -> Self {
        let tenant = Tenant::new(program(on_shortfall));
        Self { tenant, amounts, grants: [None; 2], spends: [None; 2], standing: [false; 4] }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Grant(n) => {
                let made = self.tenant.send(by_hand(self.amounts[n])).unwrap();
                self.grants[n] = made.transaction_id;
                self.standing[n] = true;
            }
            Act::Spend(n) => {
                self.spends[n] = self.tenant.spend("ann", self.amounts[2 + n]).ok();
                self.standing[2 + n] = self.spends[n].is_some();
            }
            Act::TakeBack(n) => {
                self.undo(self.grants[n].unwrap());
                self.standing[n] = false;
            }
            Act::GiveBack(n) => {
                // What was refused cannot be given back.
                let Some(spend) = self.spends[n] else { return };
                self.undo(spend);
                self.standing[2 + n] = false;
            }
        }
    }

    /// Undoes something, which works once.
    fn undo(&mut self, transaction: Uuid) {
        self.tenant.reverse(transaction).unwrap();
        let again = self.tenant.reverse(transaction).unwrap_err();
        assert_eq!(again.code, Code::AlreadyReversed);
    }

    fn sum(&self, which: std::ops::Range<usize>) -> i64 {
        which.filter(|n| self.standing[*n]).map(|n| self.amounts[n]).sum()
    }

    /// What is left in the lot of a grant.
    fn left(&self, n: usize) -> i64 {
        let lots = self.tenant.world.slice.tables.lots.values().flatten();
        let mut own = lots.filter(|lot| lot.transaction_id == self.grants[n]);
        own.next().map_or(0, |lot| lot.remaining.get())
    }
}

fn by_hand(amount: i64) -> Body {
    Body::AddCredits(Grant {
        user_id: "ann".to_owned(),
        unit: None,
        amount: money(amount),
        source: "manual".to_owned(),
        description: None,
        reference_id: None,
        space_id: None,
        priority: 50,
        available_from: None,
        expires_at: None,
        granted_by: None,
    })
}

/// Plays every order once with amounts of its own.
fn in_every_order(on_shortfall: OnShortfall, check: impl Fn(&Story)) {
    let mut runner = TestRunner::new(config(1));
    for order in orders() {
        let amounts = [1..40_i64, 1..40, 1..50, 1..50].new_tree(&mut runner).unwrap().current();
        println!("{order:?} of {amounts:?}");
        let mut story = Story::new(on_shortfall, amounts);
        for act in order {
            story.act(act);
            check(&story);
        }
        assert_sound(&story.tenant.world);
    }
}

#[test]
fn what_is_owed_makes_every_order_the_same() {
    in_every_order(OnShortfall::Debt, |story| {
        let stands = story.sum(0..2) - story.sum(2..4);
        assert_eq!(story.tenant.balance("ann"), stands, "{:?}", story.standing);
    });
}

#[test]
fn what_is_forgiven_is_never_left_to_spend() {
    in_every_order(OnShortfall::Clamp, |story| {
        let (granted, spent) = (story.sum(0..2), story.sum(2..4));
        let balance = story.tenant.balance("ann");
        assert!((granted - spent..=granted).contains(&balance) && balance >= 0, "{balance}");
        if spent == 0 {
            assert_eq!(balance, granted, "all was given back: {:?}", story.standing);
        }
        for n in 0..2 {
            let left = if story.standing[n] { balance } else { 0 };
            assert!(story.left(n) <= left, "of grant {n} {} is left", story.left(n));
        }
    });
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn what_was_let_off_is_taken_before_a_debt_is_paid(
        spent in 1..40_i64, rest in 1..40_i64, owed in 1..60_i64, first in any::<bool>(),
    ) {
        let mut tenant = Tenant::new(program(OnShortfall::Debt));
        let cancelled = tenant.send(by_hand(spent + rest)).unwrap().lot_id.unwrap();
        let of_cancelled = tenant.spend("ann", spent).unwrap();
        tenant.send(Body::CancelReward { reward_id: cancelled, reason: None }).unwrap();
        prop_assert_eq!(tenant.balance("ann"), 0);
        let reversed = tenant.send(by_hand(owed)).unwrap().transaction_id.unwrap();
        let of_reversed = tenant.spend("ann", owed).unwrap();
        tenant.reverse(reversed).unwrap();
        prop_assert_eq!(tenant.balance("ann"), -owed);
        if first {
            tenant.reverse(of_reversed).unwrap();
            prop_assert_eq!(tenant.balance("ann"), 0);
        }
        // It comes back to a reward that was cancelled, and is gone: nobody's debt is paid with it.
        let before = tenant.balance("ann");
        tenant.reverse(of_cancelled).unwrap();
        prop_assert_eq!(tenant.balance("ann"), before);
        prop_assert_eq!(tenant.seen("ann").0.debt.get(), -before);
        assert_sound(&tenant.world);
    }

    #[test]
    fn shortfalls_are_as_with_coins(
        history in Mix { holds: 0, longest: 1_000, purchases: 1, reviews: 2 }.history(20),
        owes in any::<bool>(),
    ) {
        let on_shortfall = if owes { OnShortfall::Debt } else { OnShortfall::Clamp };
        Both::new(on_shortfall, 1, usize::MAX).play(&history);
    }
}
