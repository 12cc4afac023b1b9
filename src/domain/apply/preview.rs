//! What the rules would decide on an event that has not happened.

use serde_json::{Value, json};

use crate::domain::amount::Amount;
use crate::domain::command::{Command, Payment};
use crate::domain::deciding::{decide, occur};
use crate::domain::facts::Sheet;
use crate::domain::records::Decision;
use crate::domain::state::{Change, Slice, State, Stop};
use crate::domain::work::{InForce, Occurrence, Work};

use super::happenings::plain;
use super::{onboarding, purchases};

/// An event to be tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The event's type.
    pub event: String,
    /// The event's user.
    pub user_id: String,
    /// What is paid or refunded.
    pub amount: Option<Amount>,
    /// What else is said of it.
    pub data: Value,
    /// What the rules shall see; gathered when `None`.
    pub facts: Option<Value>,
}

/// What a trial would come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    /// What the rules saw.
    pub facts: Value,
    /// What they decided, in order.
    pub decisions: Vec<Decision>,
}

/// Lets the rules decide on the event, effects, caps and ceilings included; what it changes is
/// dropped. The command gives no more than the ids.
pub fn preview(
    slice: &Slice,
    command: &Command,
    in_force: InForce<'_>,
    trial: &Trial,
) -> Result<Foretold, Stop> {
    let nothing = Change::default();
    let mut work = Work::new(State::new(slice, &nothing), in_force, command);
    let happened = match &trial.facts {
        Some(facts) => {
            let sheet = sheet_of(&work, trial, facts);
            decide(&mut work, Some(sheet))
        }
        None => happen(&mut work, trial),
    };
    work.ended(happened)?;
    let change = work.state.change;
    let mut decisions: Vec<Decision> = (change.tables.decisions.into_values().flatten())
        .filter(|decision| decision.event == trial.event)
        .collect();
    decisions.sort_by_key(|decision| decision.position);
    let facts = (decisions.first())
        .and_then(|decision| change.tables.fact_sheets.get(&decision.sheet)?.as_ref())
        .map_or_else(|| json!({}), crate::domain::records::FactSheet::whole);
    Ok(Foretold { facts, decisions })
}

/// Lets the event happen as the command of its kind would.
fn happen(work: &mut Work<'_>, trial: &Trial) -> Result<(), Stop> {
    let id = work.command.id.to_string();
    let mut user = work.user(&trial.user_id)?;
    let text = |name: &str| trial.data.get(name).and_then(Value::as_str).map(str::to_owned);
    let step = text("step")
        .filter(|step| trial.event == "step_completed" && !user.steps.contains_key(step));
    if trial.event == "purchase" {
        let payment = Payment {
            purchase_id: id,
            user_id: user.id,
            amount: trial.amount.unwrap_or_default(),
            currency: None,
            plan: text("plan"),
            referral_code: None,
            occurred_at: None,
            data: trial.data.clone(),
        };
        purchases::purchase(work, &payment)?;
        return Ok(());
    }
    if let Some(step) = step {
        onboarding::complete(work, &user.id, &step)?;
        return Ok(());
    }
    if let Some(purchase_id) = text("purchaseId").filter(|_| trial.event == "refund") {
        purchases::refund(work, &id, &purchase_id, trial.amount)?;
        return Ok(());
    }
    if trial.event == "email_verified" {
        user.email_verified = true;
        work.state.put(user.clone());
    }
    let occurrence = Occurrence {
        amount: trial.amount,
        data: trial.data.clone(),
        ..plain(work, &trial.event, &id, &user)
    };
    let sheet = occur(work, occurrence)?;
    decide(work, sheet)
}

fn sheet_of(work: &Work<'_>, trial: &Trial, facts: &Value) -> Sheet {
    let text = |pointer: &str| facts.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let occurrence = Occurrence {
        event: trial.event.clone(),
        id: text("/event/id").unwrap_or_default(),
        user_id: trial.user_id.clone(),
        at: work.now(),
        amount: trial.amount,
        plan: text("/event/plan"),
        data: trial.data.clone(),
        purchase_id: text("/purchase/id"),
        referral_id: text("/referral/id").and_then(|id| id.parse().ok()),
    };
    Sheet { occurrence, referrer_id: text("/referrer/id"), facts: facts.clone() }
}
