//! A tenant in memory whose rules give what each event asks for, so that a test names every effect.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::TimeDelta;
use guerdon::domain::amount::Amount;
use guerdon::domain::answer::Answer;
use guerdon::domain::apply::Applied;
use guerdon::domain::command::{Body, Command, Payment, SettledAccount, Spend};
use guerdon::domain::effect::{Effect, Options};
use guerdon::domain::ledger::settle;
use guerdon::domain::program::{CodePart, Codes, Limits, OnShortfall, Program, ReferralsPer};
use guerdon::domain::records::{Account, AccountKey, Decision, Lot, User};
use guerdon::domain::refusal::Refusal;
use guerdon::domain::rules::{Answer as Decided, Rules, Verdict};
use guerdon::domain::state::Change;
use guerdon::domain::time::Time;
use guerdon::domain::work::{InForce, Work};
use guerdon::domain::world::World;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::steps::beginning;

/// Rules that give the effects in the event's own data.
struct Obliging;

impl Rules for Obliging {
    fn handles(&self, event: &str) -> bool {
        matches!(event, "purchase" | "gift")
    }

    fn decide(&self, _event: &str, facts: &Value) -> Vec<Verdict> {
        let asked = facts["event"]["data"]["effects"].clone();
        let effects: Vec<Effect> = serde_json::from_value(asked).unwrap();
        vec![Verdict {
            rule: "obliging".to_owned(),
            answer: Decided::Effects(effects),
            printed: Vec::new(),
            operations: 0,
            duration_micros: 0,
        }]
    }

    fn can_use_code(&self, _facts: &Value) -> Result<(), String> {
        Ok(())
    }
}

/// A program without caps or limits that does this with a shortfall.
pub fn program(on_shortfall: OnShortfall) -> Program {
    Program {
        name: "plain".to_owned(),
        hash: String::new(),
        unit: "USD".to_owned(),
        units: Vec::new(),
        sources: Vec::new(),
        time_zone: chrono_tz::UTC,
        link: "https://plain.example/{code}".to_owned(),
        on_shortfall,
        referrals: ReferralsPer::User,
        codes: Codes {
            format: vec![CodePart::Random { alphabet: ('A'..='Z').collect(), length: 8 }],
            on_sign_up: true,
            by_users: true,
            regenerate: true,
            generations_per_day: None,
            max_uses: None,
            invites: true,
        },
        steps: Vec::new(),
        caps: BTreeMap::new(),
        limits: Limits::default(),
        settings: Map::new(),
        default_settings: Map::new(),
        auth: None,
    }
}

/// Ann, whom Ref referred, and Bob, whom nobody did: signed up at the beginning.
static PEOPLE: LazyLock<World> = LazyLock::new(|| {
    let mut tenant = Tenant::empty(program(OnShortfall::Clamp));
    tenant.register("ref", None);
    let code = tenant.user("ref").code.unwrap();
    tenant.register("ann", Some(code));
    tenant.register("bob", None);
    tenant.world
});

/// A tenant in memory, with its program and its time.
pub struct Tenant {
    pub world: World,
    pub program: Program,
    pub now: Time,
    sent: u128,
}

impl Tenant {
    /// One where Ann, Bob and Ref are users.
    pub fn new(program: Program) -> Self {
        Self { world: PEOPLE.clone(), sent: 100, ..Self::empty(program) }
    }

    fn empty(program: Program) -> Self {
        Self { world: World::new("plain"), program, now: beginning(), sent: 0 }
    }

    fn register(&mut self, user_id: &str, referral_code: Option<String>) {
        let user_id = user_id.to_owned();
        self.send(Body::RegisterUser { user_id, email_verified: false, referral_code }).unwrap();
    }

    /// Lets time pass.
    pub fn wait(&mut self, micros: i64) {
        self.now += TimeDelta::microseconds(micros);
    }

    /// Sends a command under an id that nothing else has.
    pub fn send(&mut self, body: Body) -> Result<Answer, Refusal> {
        self.sent += 1;
        let id = Uuid::from_u128(self.sent);
        let command = Command {
            id,
            seed: Uuid::from_u128(
                self.sent.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
            ),
            actor: "system".to_owned(),
            key: None,
            input_hash: String::new(),
            body,
            personal: None,
        };
        let in_force = InForce { rules: &Obliging, program: &self.program, now: self.now };
        match self.world.apply(&command, in_force)? {
            Applied::Changed(changed) => Ok(changed.event.answer),
            Applied::Noted(noted) => Ok(noted.answer),
            other => panic!("neither a repetition nor declined: {other:?}"),
        }
    }

    /// Spends of the main unit.
    pub fn spend(&mut self, user: &str, amount: i64) -> Result<Uuid, Refusal> {
        let spend = Spend {
            user_id: user.to_owned(),
            unit: None,
            amount: money(amount),
            description: None,
            reference_id: None,
            space_id: None,
        };
        Ok(self.send(Body::SpendCredits(spend))?.transaction_id.unwrap())
    }

    /// Undoes a grant or a spend.
    pub fn reverse(&mut self, transaction_id: Uuid) -> Result<Answer, Refusal> {
        self.send(Body::ReverseTransaction { transaction_id, reason: None })
    }

    /// A purchase whose rules give these effects.
    pub fn buy(&mut self, id: &str, user: &str, paid: i64, effects: &[Effect]) {
        let payment = Payment {
            purchase_id: id.to_owned(),
            user_id: user.to_owned(),
            amount: money(paid),
            currency: None,
            plan: None,
            referral_code: None,
            occurred_at: None,
            data: json!({ "effects": effects }),
        };
        self.send(Body::RecordPurchase(payment)).unwrap();
    }

    /// A refund, of all that is left when no amount is given.
    pub fn refund(&mut self, purchase: &str, amount: Option<i64>) -> Result<Answer, Refusal> {
        self.send(Body::RecordRefund {
            refund_id: format!("refund-{}", self.sent),
            purchase_id: purchase.to_owned(),
            amount: amount.map(money),
            reason: None,
        })
    }

    /// An event that gives these effects; what was decided about it.
    pub fn gift(&mut self, user: &str, effects: &[Effect]) -> Decision {
        let known: Vec<Uuid> = self.world.slice.tables.decisions.keys().copied().collect();
        let body = Body::RecordEvent {
            event_id: format!("gift-{}", self.sent),
            user_id: user.to_owned(),
            event: "gift".to_owned(),
            occurred_at: None,
            data: json!({ "effects": effects }),
        };
        self.send(body).unwrap();
        let decisions = self.world.slice.tables.decisions.values().flatten();
        decisions.filter(|decision| !known.contains(&decision.id)).last().unwrap().clone()
    }

    /// Books what is due in Ann's account, as the sweep does.
    pub fn sweep(&mut self) {
        let account = SettledAccount { user_id: "ann".to_owned(), unit: "USD".to_owned() };
        self.send(Body::Settle { accounts: vec![account], rewards: Vec::new() }).unwrap();
    }

    /// The user's account as it stands now, and the lots as stored but for what is due: booked in
    /// thought, as a read at this instant sees it.
    pub fn seen(&self, user: &str) -> (Account, BTreeMap<Uuid, Lot>) {
        let nothing = Change::default();
        let command = Command {
            id: Uuid::nil(),
            seed: Uuid::nil(),
            actor: "system".to_owned(),
            key: None,
            input_hash: String::new(),
            body: Body::Settle { accounts: Vec::new(), rewards: Vec::new() },
            personal: None,
        };
        let in_force = InForce { rules: &Obliging, program: &self.program, now: self.now };
        let mut work = Work::new(self.world.state(&nothing), in_force, &command);
        let key = AccountKey { user_id: user.to_owned(), unit: "USD".to_owned() };
        let account = settle(&mut work, &key).unwrap();
        let stored = self.world.slice.tables.lots.values().flatten();
        let settled = work.state.change.tables.lots.values().flatten();
        let lots = stored.chain(settled).map(|lot| (lot.id, lot.clone())).collect();
        (account, lots)
    }

    /// The balance as a read at this instant sees it.
    pub fn balance(&self, user: &str) -> i64 {
        self.seen(user).0.balance.get()
    }

    /// A user as stored.
    pub fn user(&self, id: &str) -> User {
        self.world.slice.tables.users[id].clone().unwrap()
    }

    /// The lots that a purchase made, in order.
    pub fn lots_of(&self, purchase: &str) -> Vec<Uuid> {
        self.world.slice.tables.purchases[purchase].clone().unwrap().lots
    }
}

/// A credit for a user.
pub fn credit(user: &str, amount: i64, options: Options) -> Effect {
    let (user, source) = (user.to_owned(), "promotion".to_owned());
    Effect::Credit { user, amount: money(amount), source, options }
}

/// An amount that is one.
pub fn money(amount: i64) -> Amount {
    Amount::new(amount).unwrap()
}
