//! Corners of what a program can ask for, each on a small program of its own, in memory.

use chrono::TimeDelta;
use guerdon::domain::amount::Amount;
use guerdon::domain::apply::{Applied, Trial, apply, preview};
use guerdon::domain::command::{Body, Command, Payment};
use guerdon::domain::records::{Decision, Referral, ReferralStatus, User};
use guerdon::domain::state::Change;
use guerdon::domain::time::Time;
use guerdon::domain::work::InForce;
use guerdon::domain::world::World;
use guerdon::rules::bound::Bound;
use guerdon::rules::compile::Compiled;
use guerdon::rules::files::ProgramFiles;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::harness::beginning;
use crate::properties::apply_lazily;

const MANIFEST: &str = r#"
name = "Corner"
currency = "USD"
link = "https://corner.example/?ref={code}"

[codes]
format = "C-{random:1:A-B}"
on_sign_up = true

[settings]
bonus = 5

[[steps]]
key = "buy"
title = "Buy something"

[caps.friends]
scope = "referrer"
window = "ever"
count = 100

[limits]
per_effect = 100000
per_user_day = 1000000
"#;

/// A tenant that runs one rule file.
struct Corner {
    rules: Bound,
    world: World,
    now: Time,
    sent: u128,
}

impl Corner {
    fn new(rules: &str) -> Self {
        let files = [("program.toml", MANIFEST), ("rules.rhai", rules)];
        let files = ProgramFiles {
            name: "corner".to_owned(),
            files: files.map(|(path, text)| (path.to_owned(), text.to_owned())).into(),
        };
        let rules = Compiled::compile(&files).unwrap().bind(&Map::new());
        Self { rules, world: World::new("corner"), now: beginning(), sent: 0 }
    }

    /// Other rules from now on.
    fn now_runs(&mut self, rules: &str) {
        self.rules = Self::new(rules).rules;
    }

    fn in_force(&self) -> InForce<'_> {
        InForce { rules: &self.rules, program: &self.rules.program, now: self.now }
    }

    fn command(&mut self, body: Body) -> Command {
        self.sent += 1;
        let id = Uuid::from_u128(self.sent);
        Command {
            id,
            seed: id,
            actor: "system".to_owned(),
            key: None,
            input_hash: String::new(),
            body,
            personal: None,
        }
    }

    /// Sends a command as a lane would, loading only what it asks for.
    fn send(&mut self, body: Body) {
        let command = self.command(body);
        let lazily = apply_lazily(&self.world, &command, self.in_force());
        lazily.unwrap_or_else(|stop| panic!("{:?}: {stop:?}", command.body));
        let in_force = InForce { rules: &self.rules, program: &self.rules.program, now: self.now };
        self.world.apply(&command, in_force).unwrap();
    }

    fn register(&mut self, id: &str, code: Option<String>) {
        self.send(Body::RegisterUser {
            user_id: id.to_owned(),
            email_verified: false,
            referral_code: code,
        });
    }

    fn code_of(&self, id: &str) -> Option<String> {
        self.world.slice.tables.users[id].as_ref().and_then(|user: &User| user.code.clone())
    }

    /// Ann, and Bob whom she referred.
    fn ann_and_bob(&mut self) {
        self.register("ann", None);
        self.register("bob", self.code_of("ann"));
    }

    fn referral(&self) -> &Referral {
        self.world.slice.tables.referrals.values().flatten().next().unwrap()
    }

    fn decision(&self, event: &str) -> &Decision {
        let mut decisions: Vec<_> = self.world.slice.tables.decisions.values().flatten().collect();
        decisions.sort_by_key(|decision| decision.position);
        decisions.into_iter().rfind(|decision| decision.event == event).unwrap()
    }
}

fn purchase(user: &str, amount: i64) -> Body {
    Body::RecordPurchase(Payment {
        purchase_id: "pay-1".to_owned(),
        user_id: user.to_owned(),
        amount: Amount::new(amount).unwrap(),
        currency: None,
        plan: None,
        referral_code: None,
        occurred_at: None,
        data: json!({}),
    })
}

const ON_PURCHASE: &str = "fn on_purchase(ctx) { [
    credit(ctx.user, WORTH, \"referral\", #{ once: \"a\" }),
    credit(ctx.referrer, ctx.settings.bonus, \"referral\", #{ cap: \"friends\" }),
    credit_referral(),
] }";

#[test]
fn a_purchase_by_a_referred_user_is_decided_again_within_the_rounds() {
    let mut corner = Corner::new(&ON_PURCHASE.replace("WORTH", "ctx.settings.gone"));
    corner.ann_and_bob();
    corner.send(purchase("bob", 100));
    let decision_id = corner.decision("purchase").id;
    corner.now_runs(&ON_PURCHASE.replace("WORTH", "7"));
    corner.now += TimeDelta::days(1);
    corner.send(Body::RetryDecision { decision_id });
    assert_eq!(corner.referral().status, ReferralStatus::Credited);
    assert_eq!(corner.referral().bonus_earned.get(), 5);
}

#[test]
fn a_sign_up_with_a_code_gets_a_longer_one_when_all_are_taken() {
    let mut corner = Corner::new(
        "fn on_referred(ctx) { [credit(ctx.referrer, 5, \"referral\", #{ cap: \"friends\" })] }",
    );
    for id in ["ann", "bea", "cat", "dan"] {
        corner.register(id, None);
    }
    corner.register("bob", corner.code_of("ann"));
    assert!(corner.code_of("bob").unwrap().len() > "C-A".len());
    assert_eq!(corner.referral().bonus_earned.get(), 5);
}

#[test]
fn a_payment_that_cannot_be_made_leaves_a_credited_referral_credited() {
    let mut corner = Corner::new(
        "fn on_referred(ctx) { [credit_referral()] }
         fn on_purchase(ctx) { [stripe_balance(ctx.referrer, 300)] }",
    );
    corner.ann_and_bob();
    corner.send(purchase("bob", 100));
    assert_eq!(corner.referral().status, ReferralStatus::Credited);
    assert_eq!(corner.world.slice.lane.credited_referrals, 1);
}

#[test]
fn a_decision_names_the_settings_that_it_was_made_under() {
    let mut corner =
        Corner::new("fn on_purchase(ctx) { [credit(ctx.user, ctx.settings.bonus, \"referral\")] }");
    corner.register("ann", None);
    let settings = Map::from_iter([("bonus".to_owned(), json!(9))]);
    let commands =
        [Body::UpdateSettings { settings }, purchase("ann", 100)].map(|body| corner.command(body));
    let mut batch = Change::default();
    for command in &commands {
        let applied = apply(&corner.world.slice, &batch, command, corner.in_force()).unwrap();
        let Applied::Changed(changed) = applied else { panic!("nothing changed") };
        batch.absorb(changed.change);
    }
    assert_eq!(batch.events.iter().map(|event| event.settings_version).max(), Some(0));
    corner.world.keep(batch);
    assert_eq!(corner.decision("purchase").settings_version, 0);
    assert_eq!(corner.world.slice.lane.settings_version, 1);
}

#[test]
fn a_refund_and_a_verified_address_are_simulated_with_the_facts_of_the_real_ones() {
    let mut corner = Corner::new(
        "fn on_refund(ctx) { skip(`${ctx.purchase.refunded} ${ctx.purchase.fully_refunded}`) }
         fn on_email_verified(ctx) { skip(`${ctx.user.email_verified}`) }",
    );
    corner.register("ann", None);
    corner.send(purchase("ann", 100));
    let real = [
        (
            "refund",
            json!({ "purchaseId": "pay-1" }),
            Body::RecordRefund {
                refund_id: "re-1".to_owned(),
                purchase_id: "pay-1".to_owned(),
                amount: None,
                reason: None,
            },
        ),
        (
            "email_verified",
            json!({}),
            Body::UpdateUser { user_id: "ann".to_owned(), email_verified: Some(true) },
        ),
    ];
    for (event, data, body) in real {
        let simulated = corner.simulate(event, data);
        corner.send(body);
        assert_eq!(simulated, corner.decision(event).reason, "{event}");
    }
}

impl Corner {
    /// The reason of what would be decided.
    fn simulate(&mut self, event: &str, data: Value) -> Option<String> {
        let command = self.command(Body::Settle { accounts: Vec::new(), rewards: Vec::new() });
        let trial = Trial {
            event: event.to_owned(),
            user_id: "ann".to_owned(),
            amount: None,
            data,
            facts: None,
        };
        let foretold = preview(&self.world.slice, &command, self.in_force(), &trial).unwrap();
        foretold.decisions.into_iter().next().and_then(|decision| decision.reason)
    }
}

/// What a rule gives because of a refund belongs to no purchase: the next refund leaves it alone.
#[test]
fn a_refund_does_not_take_back_what_an_earlier_refund_gave() {
    let mut corner = Corner::new(
        "fn on_refund(ctx) { [credit(ctx.user, 7, \"promotion\", #{ once: \"sorry\" })] }",
    );
    corner.register("ann", None);
    corner.send(purchase("ann", 100));
    let purchase_id = corner.world.slice.tables.purchases.keys().next().unwrap().clone();
    for (refund, amount) in [("first", 40), ("rest", 60)] {
        corner.send(Body::RecordRefund {
            refund_id: refund.to_owned(),
            purchase_id: purchase_id.clone(),
            amount: Some(Amount::new(amount).unwrap()),
            reason: None,
        });
    }
    let balances = corner.world.slice.tables.accounts.values().flatten();
    assert_eq!(balances.map(|account| account.balance.get()).sum::<i64>(), 7);
}

/// The counts that rules see are those of before the event, also of a step that another rule did.
#[test]
fn a_step_that_an_effect_completes_is_not_counted_among_those_before_it() {
    let mut corner = Corner::new(
        "fn on_purchase(ctx) { [complete_step(ctx.user, \"buy\")] }
        fn on_step_completed(ctx) { skip(\"before: \" + ctx.user.steps_done) }
        fn on_onboarding_completed(ctx) { skip(\"before: \" + ctx.user.steps_done) }",
    );
    corner.register("ann", None);
    corner.send(purchase("ann", 100));
    assert_eq!(corner.decision("step_completed").reason.as_deref(), Some("before: 0"));
    assert_eq!(corner.decision("onboarding_completed").reason.as_deref(), Some("before: 1"));
}

/// A batch whose commit got lost is applied again: with the same commands, whether or not it was
/// committed.
#[test]
fn a_visit_that_is_applied_again_counts_once() {
    let mut corner = Corner::new("fn on_signup(ctx) { skip(\"nothing\") }");
    corner.register("ann", None);
    let code = corner.code_of("ann").unwrap();
    let visits = [None, Some("device".to_owned())].map(|device_hash| {
        corner.command(Body::Click {
            code: code.clone(),
            user_agent: None,
            device_hash,
            ip_hash: None,
        })
    });
    for _ in 0..2 {
        for visit in &visits {
            let in_force =
                InForce { rules: &corner.rules, program: &corner.rules.program, now: corner.now };
            let Applied::Noted(noted) = corner.world.apply(visit, in_force).unwrap() else {
                panic!("a visit is no event");
            };
            assert!(noted.answer.counted);
        }
        corner.now += TimeDelta::seconds(1);
    }
    let clicks = corner.world.slice.tables.users["ann"].as_ref().map(|user| user.clicks);
    assert_eq!(clicks, Some(2));
}
