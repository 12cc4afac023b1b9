//! Amounts near 2^53: what would pass the bounds is refused, and never wraps around.

use chrono::TimeDelta;
use guerdon::domain::amount::{Amount, OutOfBounds};
use guerdon::domain::command::{Body, Grant, Payment};
use guerdon::domain::program::OnShortfall;
use guerdon::domain::records::Outcome;
use guerdon::domain::refusal::{Code, Refusal};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::config;
use super::histories::{Both, Gift, Mix, Move};
use super::invariants::assert_sound;
use super::tenant::{Tenant, credit, money, program};

/// The greatest amount, and the first that is none.
const MOST: i64 = 9_007_199_254_740_991;

/// An amount at an edge, or next to one.
pub fn edge() -> impl Strategy<Value = i64> {
    let edges = vec![0, MOST / 3, MOST / 2, MOST / 2 + 1, MOST];
    (proptest::sample::select(edges), -3..4_i64).prop_map(|(edge, by)| (edge + by).clamp(1, MOST))
}

fn within(exact: i128) -> Result<Amount, OutOfBounds> {
    let least = -i128::from(MOST);
    if (least..=-least).contains(&exact) { Ok(money(exact as i64)) } else { Err(OutOfBounds) }
}

#[derive(Debug, Clone)]
enum Step {
    Grant(i64, bool),
    Rule(i64),
    Spend(i64),
    Reverse(usize),
    Wait,
    Buy(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (edge(), any::<bool>()).prop_map(|(amount, held)| Step::Grant(amount, held)),
        2 => edge().prop_map(Step::Rule),
        4 => edge().prop_map(Step::Spend),
        3 => (0..4_usize).prop_map(Step::Reverse),
        1 => Just(Step::Wait),
        2 => edge().prop_map(Step::Buy),
    ]
}

/// The sums as they should be, too wide to wrap. What is reversed is owed.
#[derive(Default)]
struct Sums {
    earned: i128,
    pending: i128,
    used: i128,
    bought: i128,
    /// Booked grants and spends (negative), in order, until they are undone.
    entries: Vec<(Uuid, i128)>,
}

impl Sums {
    fn has_room(&self, amount: i64) -> bool {
        self.earned + self.pending + i128::from(amount) <= i128::from(MOST)
    }
}

fn by_hand(amount: i64, tenant: &Tenant, held: bool) -> Body {
    Body::AddCredits(Grant {
        user_id: "ann".to_owned(),
        unit: None,
        amount: money(amount),
        source: "manual".to_owned(),
        description: None,
        reference_id: None,
        space_id: None,
        priority: 50,
        available_from: held.then(|| tenant.now + TimeDelta::microseconds(1)),
        expires_at: None,
        granted_by: None,
    })
}

fn payment(id: usize, amount: i64) -> Body {
    Body::RecordPurchase(Payment {
        purchase_id: format!("pay-{id}"),
        user_id: "ann".to_owned(),
        amount: money(amount),
        currency: None,
        plan: None,
        referral_code: None,
        occurred_at: None,
        data: serde_json::json!({ "effects": [] }),
    })
}

fn refused<T>(done: Result<T, Refusal>, code: Code) {
    assert_eq!(done.err().map(|refusal| refusal.code), Some(code));
}

fn make(tenant: &mut Tenant, sums: &mut Sums, n: usize, step: &Step) {
    match step {
        Step::Grant(amount, held) => {
            let done = tenant.send(by_hand(*amount, tenant, *held));
            if !sums.has_room(*amount) {
                return refused(done, Code::BadUserInput);
            }
            match done.unwrap().transaction_id {
                Some(id) => {
                    sums.earned += i128::from(*amount);
                    sums.entries.push((id, i128::from(*amount)));
                }
                None => sums.pending += i128::from(*amount),
            }
        }
        Step::Rule(amount) => {
            let decision = tenant.gift("ann", &[credit("ann", *amount, Default::default())]);
            let fits = sums.has_room(*amount);
            let expected = if fits { Outcome::Rewarded } else { Outcome::Failed };
            assert_eq!(decision.outcome, expected, "{:?}", decision.reason);
            sums.earned += if fits { i128::from(*amount) } else { 0 };
        }
        Step::Spend(amount) => {
            let done = tenant.spend("ann", *amount);
            if i128::from(*amount) > sums.earned - sums.used {
                return refused(done, Code::InsufficientCredits);
            }
            sums.used += i128::from(*amount);
            sums.entries.push((done.unwrap(), -i128::from(*amount)));
        }
        Step::Reverse(nth) if *nth < sums.entries.len() => {
            let (id, amount) = sums.entries.remove(*nth);
            tenant.reverse(id).unwrap();
            let sum = if amount > 0 { &mut sums.earned } else { &mut sums.used };
            *sum -= amount.abs();
        }
        Step::Reverse(_) => {}
        Step::Wait => {
            tenant.wait(1);
            sums.earned += std::mem::take(&mut sums.pending);
        }
        Step::Buy(amount) => {
            let done = tenant.send(payment(n, *amount));
            if sums.bought + i128::from(*amount) > i128::from(MOST) {
                return refused(done, Code::BadUserInput);
            }
            done.unwrap();
            sums.bought += i128::from(*amount);
        }
    }
}

/// The same move with coins so great that there are at most so many. Of a great coin there are no
/// parts: everything is refunded at once.
fn great(step: Move, most: usize) -> Move {
    let fewer = |gift: Gift| Gift { coins: gift.coins.min(most), ..gift };
    match step {
        Move::Grant(gift) => Move::Grant(fewer(gift)),
        Move::Buy(paid, gifts) => Move::Buy(paid, gifts.into_iter().map(fewer).collect()),
        Move::Spend(coins) => Move::Spend(coins.min(most)),
        Move::Refund(nth, _) => Move::Refund(nth, None),
        other => other,
    }
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn sums_beyond_the_bounds_are_refused(steps in proptest::collection::vec(step(), 1..20)) {
        let mut tenant = Tenant::new(program(OnShortfall::Debt));
        let mut sums = Sums::default();
        for (n, step) in steps.iter().enumerate() {
            let before = (tenant.world.clone(), sums.entries.len());
            make(&mut tenant, &mut sums, n, step);
            let (account, _) = tenant.seen("ann");
            let seen = [account.earned, account.pending, account.used, account.balance]
                .map(|amount| i128::from(amount.get()));
            prop_assert_eq!(seen, [sums.earned, sums.pending, sums.used, sums.earned - sums.used]);
            prop_assert_eq!(i128::from(tenant.user("ann").purchase_total.get()), sums.bought);
            if tenant.world.slice.lane.seq == before.0.slice.lane.seq {
                prop_assert_eq!(&tenant.world, &before.0, "refused, and left a trace");
            }
        }
        assert_sound(&tenant.world);
    }

    #[test]
    fn arithmetic_is_exact_or_refused(
        a in -MOST..=MOST, b in prop_oneof![-MOST..=MOST, edge()], whole in prop_oneof![1..=MOST, edge()],
    ) {
        let (left, right) = (i128::from(a), i128::from(b));
        prop_assert_eq!(money(a).plus(money(b)), within(left + right));
        prop_assert_eq!(money(a).minus(money(b)), within(left - right));
        let (granted, part) = (a.abs(), b.abs().min(whole));
        let exact = i128::from(granted) * i128::from(part) / i128::from(whole);
        prop_assert_eq!(money(granted).proportion(money(part), money(whole)), within(exact).unwrap());
        for beyond in [MOST + 1 + a.abs(), -MOST - 1 - a.abs()] {
            prop_assert_eq!(Amount::new(beyond), Err(OutOfBounds));
            prop_assert!(serde_json::from_value::<Amount>(Value::from(beyond)).is_err());
        }
    }

    #[test]
    fn great_coins_are_as_small_ones(
        history in Mix { holds: 3, longest: 9, purchases: 1, reviews: 1 }.history(24),
        owes in any::<bool>(), most in 1..60_usize,
    ) {
        let history: Vec<Move> = history.into_iter().map(|step| great(step, most)).collect();
        let on_shortfall = if owes { OnShortfall::Debt } else { OnShortfall::Clamp };
        Both::new(on_shortfall, MOST / most as i64, most).play(&history);
    }
}
