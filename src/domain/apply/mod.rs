//! Applying a command: the one function through which a tenant changes.
//!
//! `apply` is pure: no I/O, no clock, no randomness. It reads through the slice, writes aside, and
//! ends in a change, a repetition, a refusal, or the keys that the slice lacks. The lane, the rule
//! writers' worked examples, simulation and replay all call this same function.

mod codes;
mod credits;
mod happenings;
mod kept;
mod keys;
mod onboarding;
mod preview;
mod program;
mod promos;
mod purchases;
mod reviews;
mod rewards;
mod users;

pub use keys::keys;
pub use preview::{Foretold, Trial, preview};

use serde_json::Value;

use super::answer::Answer;
use super::command::{Body, Command};
use super::records::{Event, Operation};
use super::refusal::Refusal;
use super::state::{Change, Slice, State, Stop};
use super::work::{InForce, Work};

use self::kept::Kept;

/// How an accepted command ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// It changed something, and is an event.
    Changed(Box<Changed>),
    /// It repeats an earlier event, and changes nothing.
    Repeated(Box<Event>),
    /// It is no event: a visit, or a command that found nothing to change.
    Noted(Box<Noted>),
    /// It is refused, and that it was attempted counts: all that it changes.
    Declined(Box<Declined>),
}

/// A command that is an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// What it changed, the event included.
    pub change: Change,
    /// The event.
    pub event: Event,
}

/// A command that is no event.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    /// What it changed: of a visit, the counts.
    pub change: Change,
    /// What it answers.
    pub answer: Answer,
}

/// A command that is refused, where attempts are counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Declined {
    /// The count of the attempts.
    pub change: Change,
    /// Why it is refused.
    pub refusal: Refusal,
}

impl Applied {
    /// What it changed; nothing, when it repeats an event.
    #[must_use]
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Changed(changed) => Some(&changed.change),
            Self::Noted(noted) => Some(&noted.change),
            Self::Declined(declined) => Some(&declined.change),
            Self::Repeated(_) => None,
        }
    }
}

/// Applies one command to the tenant as loaded, with what earlier commands of its batch changed.
pub fn apply(
    slice: &Slice,
    earlier: &Change,
    command: &Command,
    in_force: InForce<'_>,
) -> Result<Applied, Stop> {
    let mut work = Work::new(State::new(slice, earlier), in_force, command);
    if let Some(event) = repeated(&work)? {
        return Ok(Applied::Repeated(Box::new(event)));
    }
    let ran = run(&mut work);
    let mut kept = work.ended(ran)?;
    if kept == Kept::Noted && !work.state.change.tables.transactions.is_empty() {
        // What was due was booked on the way: entries belong to an event.
        kept = Kept::Event;
    }
    match kept {
        Kept::Event => {}
        Kept::Noted => {
            let noted = Noted { change: work.state.change, answer: work.answer };
            return Ok(Applied::Noted(Box::new(noted)));
        }
        Kept::Declined(refusal) => {
            let declined = Declined { change: work.state.change, refusal };
            return Ok(Applied::Declined(Box::new(declined)));
        }
    }
    let event = event_of(&work);
    let lane = work.state.lane_mut();
    lane.seq = event.seq;
    lane.last_at = event.at;
    let mut change = work.state.change;
    if let Some(key) = event.event_key() {
        change.tables.events.insert(key, Some(event.clone()));
    }
    change.events.push(event.clone());
    Ok(Applied::Changed(Box::new(Changed { change, event })))
}

/// The earlier event that this command repeats. Users and partners are told by their key alone: the
/// same id or e-mail again changes nothing, whatever else it says.
fn repeated(work: &Work<'_>) -> Result<Option<Event>, Stop> {
    let Some(key) = work.command.event_key() else { return Ok(None) };
    let Some(event) = work.state.event(&key)? else { return Ok(None) };
    let by_key_alone = matches!(key.operation, Operation::RegisterUser | Operation::CreateReferrer);
    if by_key_alone || event.input_hash == work.command.input_hash {
        return Ok(Some(event.clone()));
    }
    Err(Refusal::key_used().into())
}

fn run(work: &mut Work<'_>) -> Result<Kept, Stop> {
    let command = work.command;
    match &command.body {
        Body::RegisterUser { user_id, email_verified, referral_code } => {
            users::register(work, user_id, *email_verified, referral_code.as_deref())
        }
        Body::UpdateUser { user_id, email_verified } => {
            users::update(work, user_id, *email_verified)
        }
        Body::CreateReferrer { user_id } => users::create_referrer(work, user_id),
        Body::EraseUser { user_id } => users::erase(work, user_id),
        Body::AddCredits(grant) => credits::add(work, grant),
        Body::SpendCredits(spend) | Body::ConsumeQuota(spend) => credits::spend(work, spend),
        Body::ReverseTransaction { transaction_id, reason } => {
            credits::reverse(work, *transaction_id, reason.clone())
        }
        Body::Settle { accounts, rewards } => credits::settle(work, accounts, rewards),
        Body::GenerateCode { user_id } => codes::generate(work, user_id),
        Body::RegenerateCode { user_id } => codes::regenerate(work, user_id),
        Body::ApplyCode { user_id, code } => codes::apply(work, user_id, code),
        Body::MissCode { subject } => codes::miss(work, subject),
        Body::Click { code, user_agent, device_hash, ip_hash } => {
            codes::click(work, code, codes::Visitor { user_agent, device_hash, ip_hash })
        }
        Body::RecordPurchase(payment) => purchases::purchase(work, payment),
        Body::RecordRefund { refund_id, purchase_id, amount, .. } => {
            purchases::refund(work, refund_id, purchase_id, *amount)
        }
        Body::RecordEvent { event_id, user_id, event, occurred_at, data } => happenings::record(
            work,
            happenings::Custom { event_id, user_id, event, occurred_at: *occurred_at, data },
        ),
        Body::CompleteStep { user_id, step } => onboarding::complete(work, user_id, step),
        Body::Dismiss { user_id, card } => onboarding::dismiss(work, user_id, *card),
        Body::CreatePromo(new) => promos::create(work, new),
        Body::CreatePromos { count, prefix, terms } => {
            promos::create_many(work, *count, prefix, terms)
        }
        Body::UpdatePromo { code, active } => promos::update(work, code, *active),
        Body::RedeemPromo { user_id, code } => promos::redeem(work, user_id, code),
        Body::MarkRead { user_id, ids } => happenings::mark_read(work, user_id, ids.as_deref()),
        Body::UpdateSettings { settings } => program::update_settings(work, settings),
        Body::RetryDecision { decision_id } => program::retry_decision(work, *decision_id),
        Body::RetryReward { reward_id, .. } => rewards::retry(work, *reward_id),
        Body::ApproveReward { reward_id, reason } => {
            rewards::approve(work, *reward_id, reason.as_deref())
        }
        Body::CancelReward { reward_id, reason } => {
            rewards::cancel(work, *reward_id, reason.as_deref())
        }
        Body::ApproveReferral { referral_id, .. } => reviews::approve(work, *referral_id),
        Body::RejectReferral { referral_id, reason } => {
            reviews::reject(work, *referral_id, reason.as_deref())
        }
        Body::ActivateProgram { program, hash } => program::activate(work, program, hash),
    }
}

fn event_of(work: &Work<'_>) -> Event {
    let command = work.command;
    let personal =
        command.personal.as_ref().and_then(|personal| serde_json::to_value(personal).ok());
    Event {
        seq: work.seq,
        id: command.id,
        operation: command.body.operation(),
        key: command.key.clone(),
        input_hash: command.input_hash.clone(),
        user_id: work.answer.user_id.clone(),
        actor: command.actor.clone(),
        body: serde_json::to_value(&command.body).unwrap_or(Value::Null),
        personal,
        seed: command.seed,
        at: work.now(),
        program_hash: work.program().hash.clone(),
        settings_version: work.state.settings_version(),
        answer: work.answer.clone(),
    }
}
