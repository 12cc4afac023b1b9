//! Caps at their edges: what they let through, drop or refuse, how a decision counts all or nothing,
//! and that what a refund takes back is given back to the window in which it was counted.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use guerdon::domain::effect::{Effect, Options};
use guerdon::domain::program::{Cap, Measure, OnExceeded, OnShortfall, Program, Scope};
use guerdon::domain::records::Outcome;
use guerdon::domain::time::Window;
use proptest::prelude::*;

use super::calendar::{CLOCKS, Clock};
use super::config;
use super::invariants::assert_sound;
use super::tenant::{Tenant, credit, program};

const NAMES: [&str; 2] = ["one", "two"];

/// An amount, and the cap that counts it.
type Part = (i64, Option<usize>);

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    /// An event of Ann's or Bob's that pays its user.
    Gift(&'static str, Vec<Part>),
    /// A purchase of Ann's that pays who referred her.
    Buy(Vec<Part>),
    Refund(usize, bool),
    /// Another limit, as when a setting changes.
    Limit(usize, i64),
}

fn cap() -> impl Strategy<Value = Cap> {
    let scopes = vec![Scope::User, Scope::Referrer, Scope::Program];
    let windows = vec![Window::Day, Window::Week, Window::Month, Window::Ever];
    let limit = 0..30_i64;
    let measure = prop_oneof![(0..4_i64).prop_map(Measure::Count), limit.prop_map(Measure::Amount)];
    let (scope, window) = (proptest::sample::select(scopes), proptest::sample::select(windows));
    (scope, window, measure, any::<bool>()).prop_map(|(scope, window, measure, clips)| {
        let on_exceeded = if clips { OnExceeded::Clip } else { OnExceeded::Refuse };
        Cap { scope, window, measure, on_exceeded }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let part = || (1..14_i64, proptest::option::weighted(0.8, 0..2_usize));
    let parts = || proptest::collection::vec(part(), 1..4);
    let step = prop_oneof![
        2 => (0..60_i64).prop_map(Step::Wait),
        5 => (proptest::sample::select(vec!["ann", "bob"]), parts())
            .prop_map(|(user, parts)| Step::Gift(user, parts)),
        3 => parts().prop_map(Step::Buy),
        2 => (0..4_usize, any::<bool>()).prop_map(|(nth, whole)| Step::Refund(nth, whole)),
        1 => (0..2_usize, 0..20_i64).prop_map(|(cap, limit)| Step::Limit(cap, limit)),
    ];
    proptest::collection::vec(step, 1..24)
}

/// Whose cap, in which window: name, subject, window.
type Counted = (String, String, String);

/// What the caps should count: a line for each use that stands.
struct Book {
    clock: &'static Clock,
    uses: Vec<(Counted, i64)>,
    /// Of each purchase: the uses of its grants, and what they paid.
    bought: Vec<(Vec<(Counted, i64)>, i64)>,
}

impl Book {
    fn used(&self, at: &Counted) -> i64 {
        self.uses.iter().filter(|(counted, _)| counted == at).map(|(_, by)| by).sum()
    }

    /// What should be decided, and what the grants pay, each with its use.
    fn decide(&mut self, tenant: &Tenant, user: &str, parts: &[Part]) -> Result<i64, String> {
        let before = self.uses.clone();
        let paid = self.pay(tenant, user, parts);
        if !matches!(paid, Ok(1..)) {
            self.uses = before;
        }
        match paid {
            Ok(0) => Err("nothing_to_give".to_owned()),
            other => other,
        }
    }

    fn pay(&mut self, tenant: &Tenant, user: &str, parts: &[Part]) -> Result<i64, String> {
        let mut paid = 0;
        for (amount, cap) in parts {
            let Some(n) = cap else {
                paid += amount;
                continue;
            };
            let cap = &tenant.program.caps[NAMES[*n]];
            let subject = match cap.scope {
                Scope::User => user,
                Scope::Referrer if user == "ann" => "ref",
                Scope::Referrer => return Err("FAILED".to_owned()),
                Scope::Program => "",
            };
            let window = self.clock.name(cap.window, tenant.now.timestamp_micros());
            let at = (NAMES[*n].to_owned(), subject.to_owned(), window);
            let left = (cap.measure.limit() - self.used(&at)).max(0);
            let (lets, counts) = match (cap.measure, cap.on_exceeded) {
                (Measure::Count(_), _) => (if left > 0 { *amount } else { 0 }, 1),
                (Measure::Amount(_), OnExceeded::Clip) => (left.min(*amount), left.min(*amount)),
                (Measure::Amount(_), OnExceeded::Refuse) if *amount > left => (0, 0),
                (Measure::Amount(_), OnExceeded::Refuse) => (*amount, *amount),
            };
            match (lets, cap.on_exceeded) {
                (0, OnExceeded::Refuse) => return Err(format!("cap:{}", NAMES[*n])),
                (0, OnExceeded::Clip) => {}
                (lets, _) => {
                    self.uses.push((at, counts));
                    paid += lets;
                }
            }
        }
        Ok(paid)
    }

    /// What the caps count, without those that count nothing.
    fn totals(&self) -> BTreeMap<Counted, i64> {
        let mut totals = BTreeMap::new();
        for (counted, by) in &self.uses {
            *totals.entry(counted.clone()).or_default() += by;
        }
        totals.retain(|_, used| *used != 0);
        totals
    }
}

fn totals_of(tenant: &Tenant) -> BTreeMap<Counted, i64> {
    let uses = tenant.world.slice.tables.cap_uses.values().flatten();
    uses.filter(|cap_use| cap_use.used != 0)
        .map(|cap_use| {
            let key = cap_use.key.clone();
            ((key.cap, key.subject, key.window), cap_use.used)
        })
        .collect()
}

fn effects(user: &str, parts: &[Part]) -> Vec<Effect> {
    let of = |(amount, cap): &Part| {
        let cap = cap.map(|n| NAMES[n].to_owned());
        credit(user, *amount, Options { cap, ..Options::default() })
    };
    parts.iter().map(of).collect()
}

fn gift(tenant: &mut Tenant, book: &mut Book, user: &str, parts: &[Part]) {
    let before = tenant.balance(user);
    let decision = tenant.gift(user, &effects(user, parts));
    match book.decide(tenant, user, parts) {
        Ok(paid) => {
            assert_eq!((decision.outcome, decision.reason), (Outcome::Rewarded, None));
            assert_eq!(tenant.balance(user), before + paid);
        }
        Err(reason) => {
            assert_eq!(tenant.balance(user), before);
            if reason == "FAILED" {
                assert_eq!(decision.outcome, Outcome::Failed);
            } else {
                assert_eq!((decision.outcome, decision.reason), (Outcome::Skipped, Some(reason)));
            }
        }
    }
}

fn buy(tenant: &mut Tenant, book: &mut Book, parts: &[Part]) {
    let (before, id) = (tenant.balance("ref"), format!("pay-{}", book.bought.len()));
    tenant.buy(&id, "ann", 10, &effects("ref", parts));
    let known = book.uses.len();
    let paid = book.decide(tenant, "ann", parts).unwrap_or(0);
    assert_eq!(tenant.balance("ref"), before + paid);
    book.bought.push((book.uses[known..].to_vec(), paid));
}

fn refund(tenant: &mut Tenant, book: &mut Book, nth: usize, whole: bool) {
    if nth >= book.bought.len() {
        return;
    }
    let before = tenant.balance("ref");
    if tenant.refund(&format!("pay-{nth}"), (!whole).then_some(4)).is_err() {
        return;
    }
    let purchase = tenant.world.slice.tables.purchases[&format!("pay-{nth}")].clone().unwrap();
    // Until all of it is refunded, its grants stand and count.
    let (uses, paid) = match purchase.is_fully_refunded() {
        true => std::mem::take(&mut book.bought[nth]),
        false => (Vec::new(), 0),
    };
    for taken in uses {
        let place = book.uses.iter().position(|kept| *kept == taken).unwrap();
        book.uses.remove(place);
    }
    assert_eq!(tenant.balance("ref"), before - paid);
}

fn with_caps(clock: &Clock, caps: [Cap; 2]) -> Program {
    let mut program = program(OnShortfall::Clamp);
    program.time_zone = clock.zone;
    program.caps = NAMES.iter().map(|name| (*name).to_owned()).zip(caps).collect();
    program
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn caps_count_what_stands(caps in [cap(), cap()], steps in steps(), zone in 0..4_usize) {
        let clock = &CLOCKS[zone];
        let mut tenant = Tenant::new(with_caps(clock, caps));
        let mut book = Book { clock, uses: Vec::new(), bought: Vec::new() };
        for step in &steps {
            match step {
                Step::Wait(hours) => tenant.now += TimeDelta::hours(*hours),
                Step::Gift(user, parts) => gift(&mut tenant, &mut book, user, parts),
                Step::Buy(parts) => buy(&mut tenant, &mut book, parts),
                Step::Refund(nth, whole) => refund(&mut tenant, &mut book, *nth, *whole),
                Step::Limit(n, limit) => {
                    let cap = tenant.program.caps.get_mut(NAMES[*n]).unwrap();
                    cap.measure = match cap.measure {
                        Measure::Count(_) => Measure::Count(limit % 4),
                        Measure::Amount(_) => Measure::Amount(*limit),
                    };
                }
            }
            prop_assert_eq!(totals_of(&tenant), book.totals(), "after {:?}", step);
        }
        assert_sound(&tenant.world);
    }
}
