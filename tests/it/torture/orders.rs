//! What the clients send: mixed commands, chosen by a seed. Each has a key of its own, but for some
//! grants: nothing would keep the server from doing such a grant twice but what it knows itself.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// The promotion codes: how often in all, and how often by one user, each may be redeemed.
pub const CODES: [(&str, Option<u64>, u64); 2] = [("OAR", None, 1_000_000), ("CUP", Some(25), 2)];
/// What each redemption gives.
pub const REDEEMED: i64 = 11;
/// What each step gives.
pub const STEPPED: i64 = 3;
/// What each purchase gives while there are prizes, and all that they come to.
pub const PRIZE: i64 = 7;
pub const PRIZES: i64 = 350;

const ROWERS: u64 = 36;
const STEPS: [&str; 3] = ["hull", "mast", "crew"];

/// The users, few enough that clients meet at each of them.
pub fn rowers() -> impl Iterator<Item = String> {
    (0..ROWERS).map(|n| format!("rower-{n}"))
}

/// A command as a client sends it.
#[derive(Debug, Clone)]
pub struct Order {
    pub mutation: &'static str,
    /// What is asked for of the answer.
    pub selection: &'static str,
    /// Its idempotency key, or the business event's own id; of a grant without a key, its reference.
    pub key: String,
    pub input: Value,
}

/// What a command booked: the transaction's id and its amount.
pub type Booked = (String, i64);

/// One client's choices.
pub struct Plan {
    /// Begins the keys of this client's commands, and of nobody else's.
    name: String,
    sent: u64,
    random: StdRng,
    /// Own grants and spends that were done: what can be reversed.
    transactions: Vec<String>,
    /// Own purchases that were done, with what was paid.
    purchases: Vec<(String, i64)>,
}

const CREDIT: &str = "replayed transaction { id amount }";
const EVENT: &str = "replayed transactions { id amount } user { credits { balance } }";
const STEP: &str = "onboarding { completedCount }";

impl Plan {
    pub const fn new(name: String, random: StdRng) -> Self {
        Self { name, sent: 0, random, transactions: Vec::new(), purchases: Vec::new() }
    }

    /// What the client sends next.
    pub fn next(&mut self) -> Order {
        self.sent += 1;
        let key = format!("{}-{}", self.name, self.sent);
        let user = format!("rower-{}", self.random.random_range(0..ROWERS));
        let amount = self.random.random_range(1..=1_000_i64);
        let any = self.random.random_range(0..usize::MAX);
        match self.random.random_range(0..100) {
            0..=14 => grant(key, &user, amount),
            15..=24 => grant_without_key(key, &user, amount),
            25..=49 => spend(key, &user, amount),
            50..=64 => purchase(key, &user, amount),
            65..=74 => match pick(&self.purchases, any) {
                Some((purchase, paid)) => refund(key, purchase, 1 + amount % paid),
                None => purchase(key, &user, amount),
            },
            75..=84 => redeem(key, &user, CODES[any % CODES.len()].0),
            85..=89 => step(&user, STEPS[any % STEPS.len()]),
            _ => match pick(&self.transactions, any) {
                Some(transaction) => reverse(key, transaction),
                None => grant(key, &user, amount),
            },
        }
    }

    /// Remembers what was done, so that it can be undone.
    pub fn learn(&mut self, order: &Order, booked: &[Booked]) {
        match order.mutation {
            "addCredits" | "spendCredits" => {
                self.transactions.extend(booked.iter().map(|(id, _)| id.clone()));
            }
            "recordPurchase" => {
                let paid = order.input["amount"].as_i64().unwrap();
                self.purchases.push((order.key.clone(), paid));
            }
            _ => {}
        }
    }
}

/// One of the latest few, so that clients undo the same thing more than once.
fn pick<T>(from: &[T], any: usize) -> Option<&T> {
    from.len().checked_sub(1).map(|last| &from[last - any % from.len().min(5)])
}

fn order(mutation: &'static str, selection: &'static str, key: String, input: Value) -> Order {
    Order { mutation, selection, key, input }
}

fn grant(key: String, user: &str, amount: i64) -> Order {
    let input = json!({ "userId": user, "amount": amount, "idempotencyKey": key });
    order("addCredits", CREDIT, key, input)
}

fn grant_without_key(key: String, user: &str, amount: i64) -> Order {
    let input = json!({ "userId": user, "amount": amount, "referenceId": key });
    order("addCredits", CREDIT, key, input)
}

fn spend(key: String, user: &str, amount: i64) -> Order {
    let input = json!({ "userId": user, "amount": amount, "idempotencyKey": key });
    order("spendCredits", CREDIT, key, input)
}

fn purchase(key: String, user: &str, amount: i64) -> Order {
    let input = json!({ "id": key, "userId": user, "amount": amount });
    order("recordPurchase", EVENT, key, input)
}

fn refund(key: String, purchase: &str, amount: i64) -> Order {
    let input = json!({ "id": key, "purchaseId": purchase, "amount": amount });
    order("recordRefund", EVENT, key, input)
}

fn redeem(key: String, user: &str, code: &str) -> Order {
    let input = json!({ "userId": user, "code": code, "idempotencyKey": key });
    order("redeemPromoCode", EVENT, key, input)
}

fn step(user: &str, step: &str) -> Order {
    let input = json!({ "userId": user, "step": step });
    order("completeOnboardingStep", STEP, format!("{user}:{step}"), input)
}

fn reverse(key: String, transaction: &str) -> Order {
    let input = json!({ "transactionId": transaction, "idempotencyKey": key });
    order("reverseTransaction", CREDIT, key, input)
}

impl Order {
    /// Is it one that anybody may have sent as well: a step, whose key is the step's own?
    pub fn is_shared(&self) -> bool {
        self.mutation == "completeOnboardingStep"
    }

    /// Is it one that would be done again if it were sent again?
    pub fn is_keyless(&self) -> bool {
        !self.input["referenceId"].is_null()
    }

    /// May it be refused for good with this code?
    pub fn may_be_refused(&self, code: &str) -> bool {
        match self.mutation {
            "spendCredits" => code == "INSUFFICIENT_CREDITS",
            "recordRefund" => code == "BAD_USER_INPUT",
            "redeemPromoCode" => ["BAD_USER_INPUT", "RATE_LIMITED"].contains(&code),
            "reverseTransaction" => code == "ALREADY_REVERSED",
            _ => false,
        }
    }
}
