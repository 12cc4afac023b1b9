//! What holds of `apply` for any commands: the ledger stays sound, the same commands give the same
//! state, a refused one leaves no trace, and it does not matter how they are cut into batches.

mod bounds;
mod calendar;
mod caps;
mod coins;
mod currencies;
mod expiry;
mod found;
mod histories;
mod holds;
mod invariants;
mod months;
mod refunds;
mod rounds;
mod shortfall;
mod steps;
mod stored;
mod tenant;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use chrono::TimeDelta;
use guerdon::domain::apply::{Applied, apply};
use guerdon::domain::command::Command;
use guerdon::domain::records::{AccountKey, Lane, UseKind};
use guerdon::domain::rules::{Rules, Verdict};
use guerdon::domain::state::{Change, Stop};
use guerdon::domain::time::Time;
use guerdon::domain::work::InForce;
use guerdon::domain::world::World;
use guerdon::rules::bound::Bound;
use guerdon::rules::compile::Compiled;
use guerdon::rules::files::ProgramFiles;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};
use uuid::Uuid;

use invariants::assert_sound;
pub use rounds::apply_lazily;
use steps::{Timed, beginning, command, life};

/// The invented program, once as it is (what is missing is owed) and once forgiving.
static PROGRAMS: LazyLock<[Timeless; 2]> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let files = ProgramFiles::read(&folder, "harbour").unwrap();
    let manifest = files.manifest().replace("\"debt\"", "\"clamp\"");
    let forgiving = files.with_drafts(&[("program.toml".to_owned(), manifest)]);
    [files, forgiving].map(|files| Timeless(Compiled::compile(&files).unwrap().bind(&Map::new())))
});

/// The rules without what is measured: how long they took.
struct Timeless(Bound);

impl Rules for Timeless {
    fn handles(&self, event: &str) -> bool {
        self.0.handles(event)
    }

    fn decide(&self, event: &str, facts: &Value) -> Vec<Verdict> {
        let verdicts = self.0.decide(event, facts).into_iter();
        verdicts.map(|verdict| Verdict { duration_micros: 0, ..verdict }).collect()
    }

    fn can_use_code(&self, facts: &Value) -> Result<(), String> {
        self.0.can_use_code(facts)
    }
}

impl Timeless {
    fn in_force(&self, now: Time) -> InForce<'_> {
        InForce { rules: self, program: &self.0.program, now }
    }
}

/// What became of random steps.
struct Played {
    world: World,
    /// The commands that they became, each with its time.
    commands: Vec<(Command, Time)>,
    /// The operations that changed something.
    done: BTreeSet<String>,
}

/// Plays the steps one by one.
fn play(rules: &Timeless, steps: &[Timed], after_each: impl Fn(&World)) -> Played {
    let mut played =
        Played { world: World::new("harbour"), commands: Vec::new(), done: BTreeSet::new() };
    let mut now = beginning();
    for (n, (hours, step)) in steps.iter().enumerate() {
        now += TimeDelta::hours(i64::from(*hours));
        let command = command(&played.world, n, step, now);
        let before = played.world.clone();
        match played.world.apply(&command, rules.in_force(now)) {
            Ok(Applied::Changed(changed)) => {
                played.done.insert(format!("{:?}", changed.event.operation));
                assert_eq!(changed.event.seq, before.slice.lane.seq + 1, "a gap");
                after_each(&played.world);
            }
            Ok(Applied::Noted(_) | Applied::Declined(_)) => after_each(&played.world),
            Ok(Applied::Repeated(_)) => {
                assert_eq!(played.world, before, "a repetition changed something");
            }
            Err(refusal) => {
                assert_eq!(played.world, before, "{refusal} changed something");
                assert_ne!(refusal.code.name(), "INTERNAL", "{refusal}: {command:#?}");
            }
        }
        played.commands.push((command, now));
    }
    played
}

/// Applies commands as one batch, then keeps the whole.
fn batch(world: &mut World, rules: &Timeless, commands: &[(Command, Time)], now: Time) {
    let mut earlier = Change::default();
    for (command, _) in commands {
        match apply(&world.slice, &earlier, command, rules.in_force(now)) {
            Ok(applied @ (Applied::Changed(_) | Applied::Noted(_) | Applied::Declined(_))) => {
                earlier.absorb(applied.change().unwrap().clone());
            }
            Ok(Applied::Repeated(_)) | Err(Stop::Refused(_)) => {}
            Err(Stop::Missing(keys)) => panic!("a world lacks nothing: {keys:?}"),
        }
    }
    world.keep(earlier);
}

/// A world without the order in which open lots happen to be listed.
fn normal(world: World) -> (World, BTreeMap<AccountKey, Vec<Uuid>>, Lane) {
    let mut world = world;
    let mut open: BTreeMap<AccountKey, Vec<Uuid>> = world.slice.open_lots.drain().collect();
    open.retain(|_, lots| !lots.is_empty());
    open.values_mut().for_each(|lots| lots.sort());
    let lane = world.slice.lane.clone();
    (world, open, lane)
}

/// So many cases, or as many as `PROPTEST_CASES` asks for. A failure prints its smallest history; no
/// file is kept of it.
fn config(cases: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(cases), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn random_commands_keep_the_ledger_sound(steps in life(60), which in 0..2_usize) {
        play(&PROGRAMS[which], &steps, assert_sound);
    }

    #[test]
    fn what_is_loaded_step_by_step_gives_the_same(steps in life(40), which in 0..2_usize) {
        let rules = &PROGRAMS[which];
        let Played { commands, .. } = play(rules, &steps, |_| ());
        let mut world = World::new("harbour");
        for (command, now) in &commands {
            let in_force = rules.in_force(*now);
            let lazily = apply_lazily(&world, command, in_force);
            let whole = world.apply(command, in_force).map_err(Stop::Refused);
            prop_assert_eq!(lazily, whole, "{:#?}", command);
        }
    }

    #[test]
    fn the_same_commands_give_the_same_state(steps in life(40), which in 0..2_usize) {
        let rules = &PROGRAMS[which];
        let Played { world: first, commands, .. } = play(rules, &steps, |_| ());
        let mut second = World::new("harbour");
        for (command, now) in &commands {
            drop(second.apply(command, rules.in_force(*now)));
        }
        prop_assert_eq!(normal(first), normal(second));
    }

    #[test]
    fn a_batch_cut_anywhere_ends_the_same(steps in life(40), cut in 0..40_usize, which in 0..2_usize) {
        let rules = &PROGRAMS[which];
        let Played { commands, .. } = play(rules, &steps, |_| ());
        let now = commands.last().map_or_else(beginning, |(_, now)| *now);
        let (mut whole, mut cut_in_two, mut single) =
            (World::new("harbour"), World::new("harbour"), World::new("harbour"));
        batch(&mut whole, rules, &commands, now);
        let (left, right) = commands.split_at(cut.min(commands.len()));
        batch(&mut cut_in_two, rules, left, now);
        batch(&mut cut_in_two, rules, right, now);
        for command in &commands {
            batch(&mut single, rules, std::slice::from_ref(command), now);
        }
        assert_sound(&whole);
        prop_assert_eq!(normal(whole.clone()), normal(cut_in_two));
        prop_assert_eq!(normal(whole), normal(single));
    }
}

#[test]
fn the_steps_reach_every_part() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for n in 0..200 {
        let steps = life(60).new_tree(&mut runner).unwrap().current();
        let played = play(&PROGRAMS[n % 2], &steps, |_| ());
        seen.extend(signs_of_life(&played.world));
        seen.extend(played.done);
    }
    let unseen: Vec<_> =
        SIGNS.split_whitespace().filter(|sign| !seen.contains(&sign.replace('_', " "))).collect();
    assert!(unseen.is_empty(), "never seen: {unseen:?} among {seen:?}");
}

/// What must be seen at least once, so that the properties are about something.
const SIGNS: &str =
    "RegisterUser UpdateUser AddCredits SpendCredits ConsumeQuota ReverseTransaction
    RegenerateCode ApplyCode RecordPurchase RecordRefund RecordEvent CompleteStep CreatePromo
    CreatePromos RedeemPromo Dismiss EraseUser RetryDecision Settle ApproveReward CancelReward ApproveReferral
    RejectReferral owed forgiven expired returned paid_debt
    lot_Held lot_Booked lot_Cancelled lot_Failed decision_Rewarded decision_Skipped decision_Failed
    referral_Pending referral_Held referral_Rejected referral_Failed";

/// What can be seen in a world of what happened to it.
fn signs_of_life(world: &World) -> BTreeSet<String> {
    let tables = &world.slice.tables;
    let mut seen = BTreeSet::new();
    seen.extend(
        tables
            .decisions
            .values()
            .flatten()
            .map(|decision| format!("decision {:?}", decision.outcome)),
    );
    seen.extend(
        tables
            .referrals
            .values()
            .flatten()
            .map(|referral| format!("referral {:?}", referral.status)),
    );
    for lot in tables.lots.values().flatten() {
        seen.insert(format!("lot {:?}", lot.state));
        for (sign, amount) in
            [("owed", lot.owed), ("forgiven", lot.forgiven), ("expired", lot.expired)]
        {
            if amount.is_positive() {
                seen.insert(sign.to_owned());
            }
        }
    }
    for touch in tables.transactions.values().flatten().flat_map(|entry| &entry.uses) {
        match touch.kind {
            UseKind::Return => drop(seen.insert("returned".to_owned())),
            UseKind::Debt => drop(seen.insert("paid debt".to_owned())),
            UseKind::Spend | UseKind::Expiry | UseKind::Reversal => {}
        }
    }
    seen
}
