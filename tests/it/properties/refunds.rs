//! Refunds in parts: what is taken back of each grant is the proportion of all that was refunded so
//! far, rounded down, whatever the parts; so the parts always sum to the whole.

use guerdon::domain::command::Body;
use guerdon::domain::effect::{Effect, OnRefund, Options};
use guerdon::domain::program::OnShortfall;
use guerdon::domain::records::{Outcome, Referral, ReferralStatus};
use guerdon::domain::refusal::Code;
use proptest::prelude::*;

use super::config;
use super::histories::{Both, Mix};
use super::invariants::assert_sound;
use super::tenant::{Tenant, credit, money, program};

const MOST: i64 = (1 << 53) - 1;

/// A purchase of so much, and how much of it is refunded after each part.
#[derive(Debug, Clone)]
struct Parts {
    paid: i64,
    so_far: Vec<i64>,
}

fn some() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 1..60_i64, 2 => 1..2_000_000_i64, 1 => 1..=MOST, 1 => MOST - 60..=MOST]
}

/// Up to ten parts; the last leaves nothing of the purchase.
fn parts() -> impl Strategy<Value = Parts> {
    (some(), proptest::collection::vec(0..1_000_000_i128, 0..10)).prop_map(|(paid, shares)| {
        let mut so_far: Vec<i64> =
            shares.iter().map(|share| (i128::from(paid) * share / 1_000_000) as i64).collect();
        so_far.push(paid);
        so_far.retain(|sum| *sum > 0);
        so_far.sort_unstable();
        so_far.dedup();
        Parts { paid, so_far }
    })
}

impl Parts {
    /// The parts, each with what is refunded after it.
    fn each(&self) -> impl Iterator<Item = (i64, i64)> {
        let before = [0].into_iter().chain(self.so_far.iter().copied());
        self.so_far.iter().zip(before).map(|(after, before)| (after - before, *after))
    }

    /// What should be gone of a grant when so much is refunded.
    fn gone(&self, granted: i64, refunded: i64) -> i64 {
        (i128::from(granted) * i128::from(refunded) / i128::from(self.paid)) as i64
    }
}

fn given(user: &str, amount: i64, on_refund: OnRefund) -> Effect {
    credit(user, amount, Options { on_refund: Some(on_refund), ..Options::default() })
}

fn forgiving() -> Tenant {
    Tenant::new(program(OnShortfall::Clamp))
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn parts_sum_to_the_whole(parts in parts(), granted in some(), whole in 1..90_i64) {
        let mut tenant = forgiving();
        let (kept, granted) = (1, granted.min(MOST - 100));
        tenant.buy("pay", "ann", parts.paid, &[
            given("ann", granted, OnRefund::Proportion),
            given("ann", whole, OnRefund::Full),
            given("ann", kept, OnRefund::Keep),
        ]);
        for (part, refunded) in parts.each() {
            tenant.refund("pay", Some(part)).unwrap();
            let taken = parts.gone(granted, refunded);
            let whole = if refunded == parts.paid { 0 } else { whole };
            prop_assert_eq!(tenant.balance("ann"), granted - taken + whole + kept);
        }
        prop_assert_eq!(tenant.balance("ann"), kept);
        let more = tenant.refund("pay", Some(1)).unwrap_err();
        prop_assert_eq!(more.code, Code::BadUserInput);
        assert_sound(&tenant.world);
    }

    #[test]
    fn what_was_spent_between_the_parts_is_owed(
        parts in parts(), granted in some(), shares in proptest::collection::vec(0..100_i64, 11),
    ) {
        let mut tenant = Tenant::new(program(OnShortfall::Debt));
        tenant.buy("pay", "ann", parts.paid, &[given("ann", granted, OnRefund::Proportion)]);
        let mut spent = 0;
        for ((part, refunded), share) in parts.each().zip(shares) {
            let some = (i128::from(tenant.balance("ann")) * i128::from(share) / 100) as i64;
            if some > 0 {
                tenant.spend("ann", some).unwrap();
                spent += some;
            }
            tenant.refund("pay", Some(part)).unwrap();
            prop_assert_eq!(tenant.balance("ann"), granted - parts.gone(granted, refunded) - spent);
        }
        prop_assert_eq!(tenant.balance("ann"), -spent);
        assert_sound(&tenant.world);
    }

    #[test]
    fn a_referral_stands_until_the_whole_is_back(parts in parts(), granted in some()) {
        let mut tenant = forgiving();
        let bonus = given("ref", granted, OnRefund::Proportion);
        tenant.buy("pay", "ann", parts.paid, &[bonus, Effect::CreditReferral]);
        for (part, refunded) in parts.each() {
            tenant.refund("pay", Some(part)).unwrap();
            let left = granted - parts.gone(granted, refunded);
            let standing = refunded < parts.paid;
            let (referrer, referral) = (tenant.user("ref"), referral(&tenant));
            prop_assert_eq!(tenant.balance("ref"), left);
            prop_assert_eq!((referrer.referral_earned, referral.bonus_earned), (money(left), money(left)));
            prop_assert_eq!((referrer.credited, referrer.conversions), (i64::from(standing), 1));
            let status = if standing { ReferralStatus::Credited } else { ReferralStatus::Reversed };
            prop_assert_eq!(referral.status, status);
            prop_assert!(referral.converted_at.is_some());
        }
        assert_sound(&tenant.world);
    }

    #[test]
    fn what_is_decided_late_is_refunded_as_far(parts in parts(), granted in some()) {
        let mut tenant = forgiving();
        let mut late = given("ann", granted, OnRefund::Proportion);
        if let Effect::Credit { source, .. } = &mut late {
            *source = "unheard_of".to_owned();
        }
        tenant.buy("pay", "ann", parts.paid, &[late]);
        let failed = tenant.world.slice.tables.decisions.values().flatten().next().unwrap();
        prop_assert_eq!(failed.outcome, Outcome::Failed);
        let retry = Body::RetryDecision { decision_id: failed.id };
        tenant.program.sources.push("unheard_of".to_owned());
        let many = parts.so_far.len();
        for (n, (part, refunded)) in parts.each().enumerate() {
            tenant.refund("pay", Some(part)).unwrap();
            if n == many / 2 {
                tenant.send(retry.clone()).unwrap();
            }
            let decided = n >= many / 2 && many > 1;
            let left = if decided { granted - parts.gone(granted, refunded) } else { 0 };
            prop_assert_eq!(tenant.balance("ann"), left);
        }
        assert_sound(&tenant.world);
    }

    #[test]
    fn refunds_are_as_with_coins(
        history in Mix { holds: 2, longest: 12, purchases: 4, reviews: 1 }.history(24),
        owes in any::<bool>(),
    ) {
        let on_shortfall = if owes { OnShortfall::Debt } else { OnShortfall::Clamp };
        Both::new(on_shortfall, 1, usize::MAX).play(&history);
    }
}

/// The one referral there is.
fn referral(tenant: &Tenant) -> Referral {
    tenant.world.slice.tables.referrals.values().flatten().next().unwrap().clone()
}
