//! From a checked input to a command in its tenant's lane, and back with what it did.

use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::lane::Outcome;
use super::{Call, secrets, tenants};
use crate::domain::answer::Answer;
use crate::domain::command::{Body, Command, PersonalChange};
use crate::domain::records::{Decision, Referral, Transaction, User};
use crate::domain::refusal::Refusal;

/// A command to be made.
pub struct Draft {
    /// The idempotency key, or the business event's own id.
    pub key: Option<String>,
    /// What is asked.
    pub body: Body,
    /// What is personal about it.
    pub personal: Option<PersonalChange>,
    /// The input by which a repetition is told from another command with the same key; the body
    /// and what is personal when `None`.
    pub input: Option<Value>,
}

impl Draft {
    /// A command without anything personal.
    #[must_use]
    pub const fn new(key: Option<String>, body: Body) -> Self {
        Self { key, body, personal: None, input: None }
    }
}

/// What an accepted command did.
pub struct Done {
    outcome: Outcome,
    /// Does it repeat an earlier command?
    pub replayed: bool,
}

/// Sends a command through its tenant's lane.
pub async fn submit(call: &Call, draft: Draft) -> Result<Done, Refusal> {
    let tenant = call.tenant()?;
    let command = Command {
        id: Uuid::now_v7(),
        seed: secrets::random_uuid()?,
        actor: call.caller.actor(),
        input_hash: input_hash(call, &draft).await?,
        key: draft.key,
        body: draft.body,
        personal: draft.personal,
    };
    let outcome = call.operations.lanes.submit(tenant, command, call.class).await?;
    call.note_done();
    call.forget_in_force().await;
    Ok(Done { replayed: outcome.replayed, outcome })
}

/// SHA-256 of the input as canonical JSON. What is personal must not be guessable from it, so then
/// it is keyed.
pub(super) async fn input_hash(call: &Call, draft: &Draft) -> Result<String, Refusal> {
    let input = match &draft.input {
        Some(input) => input.clone(),
        None => serde_json::to_value((&draft.body, &draft.personal))
            .map_err(|error| Refusal::internal(format!("an input is no JSON: {error}")))?,
    };
    let text = canonical(input).to_string();
    if draft.personal.is_none() {
        return Ok(secrets::hex(&Sha256::digest(text.as_bytes())));
    }
    Ok(tenants::secret(call).await?.digest("input", &text))
}

/// The same value with the fields of every object in the order of their names.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.into_iter().collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(
                sorted.into_iter().map(|(name, value)| (name, canonical(value))).collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(canonical).collect()),
        other => other,
    }
}

impl Done {
    /// What it answers, by id.
    #[must_use]
    pub fn answer(&self) -> Answer {
        self.outcome.answer.clone()
    }

    /// What became of it in the lane.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The number of its event; of the earlier one when it repeats it.
    #[must_use]
    pub fn seq(&self) -> Option<i64> {
        self.outcome.event.as_ref().map(|event| event.seq)
    }

    /// The user whom it is about, as the user is now.
    pub async fn user(&self, call: &Call) -> Result<User, Refusal> {
        let about = self.outcome.event.as_ref().and_then(|event| event.user_id.clone());
        let Some(id) = self.outcome.answer.user_id.clone().or(about) else {
            return Err(Refusal::internal("a command that is about no user was asked for one"));
        };
        match self.outcome.record::<User>(&id) {
            Some(user) => Ok(user.clone()),
            None => {
                let found = call.operations.database.users_by_ids(call.tenant()?.id, &[id]).await?;
                found.into_iter().next().ok_or_else(|| Refusal::internal("a user is gone"))
            }
        }
    }

    /// The referral that it made or decided, else the user's own as referee.
    pub async fn referral(&self, call: &Call) -> Result<Option<Referral>, Refusal> {
        let id = match self.outcome.answer.referral_id {
            Some(id) => Some(id),
            None => self.user(call).await?.referral_id,
        };
        let Some(id) = id else { return Ok(None) };
        match self.outcome.record::<Referral>(&id) {
            Some(referral) => Ok(Some(referral.clone())),
            None => {
                let database = &call.operations.database;
                Ok(database.referrals_by_ids(call.tenant()?.id, &[id]).await?.pop())
            }
        }
    }

    /// The transactions that it booked, in order; to an end user only their own.
    pub async fn transactions(&self, call: &Call) -> Result<Vec<Transaction>, Refusal> {
        let mut booked = match self.seq().filter(|_| self.replayed) {
            Some(seq) => {
                let database = &call.operations.database;
                database.transactions_by_seqs(call.tenant()?.id, &[seq]).await?
            }
            None => self.outcome.transactions(),
        };
        booked.retain(|transaction| call.sees(&transaction.account.user_id));
        Ok(booked)
    }

    /// The decisions that it made, in order; none to an end user.
    pub async fn decisions(&self, call: &Call) -> Result<Vec<Decision>, Refusal> {
        if !call.caller.is_service() {
            return Ok(Vec::new());
        }
        match self.seq().filter(|_| self.replayed) {
            Some(seq) => {
                let database = &call.operations.database;
                Ok(database.decisions_by_seqs(call.tenant()?.id, &[seq]).await?)
            }
            None => Ok(self.outcome.decisions()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::canonical;

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let one = canonical(json!({"b": [{"d": 1, "c": 2}], "a": null}));
        assert_eq!(one.to_string(), r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
    }
}
