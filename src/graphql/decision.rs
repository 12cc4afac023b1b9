//! Decisions: what the rules answered, and why.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use uuid::Uuid;

use super::cost;
use super::error::Result;
use super::loaders::{DecisionId, UserId, call, reader};
use super::page::{self, Connection, PageArgs};
use super::scalars::{DateTime, Json, int};
use super::user::User;
use crate::domain::records;
use crate::operations::{Call, Done, decisions};

/// How a decision ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::Outcome")]
pub enum DecisionOutcome {
    /// Effects were applied.
    Rewarded,
    /// Nothing was to be done; `reason` says why.
    Skipped,
    /// The script failed, or asked for what may not be; `reason` is the error.
    Failed,
}

/// One rule file's answer to one event. For service and admin keys only.
#[derive(Clone)]
pub struct Decision(pub records::Decision);

/// One rule file's answer to one event. For service and admin keys only.
#[Object]
impl Decision {
    /// The decision's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The event's type: signup, purchase, ...
    async fn event(&self) -> &str {
        &self.0.event
    }

    /// The event's user; null when the event has none.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(reader(ctx)?.load_one(UserId(self.0.user_id.clone())).await?.map(User))
    }

    /// How it ended.
    async fn outcome(&self) -> DecisionOutcome {
        self.0.outcome.into()
    }

    /// The rule file that decided, without its ending: `referral` for referral.rhai.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// What the script gave as its reason, or the error's text with its line; null when it gave none.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The effects that were applied.
    async fn effects(&self) -> Result<Vec<Json>> {
        let effects = self.0.effects.iter().map(|effect| serde_json::to_value(effect).map(Json));
        Ok(effects.collect::<std::result::Result<_, _>>().map_err(decisions::unreadable)?)
    }

    /// Everything that the script could see.
    #[graphql(complexity = "cost::LONG_TEXT")]
    async fn facts(&self, ctx: &Context<'_>) -> Result<Json> {
        let sheet = reader(ctx)?.load_one(self.0.sheet).await?;
        Ok(Json(sheet.map_or_else(|| serde_json::json!({}), |sheet| sheet.whole())))
    }

    /// SHA-256 of the program that decided, in hex.
    async fn program_hash(&self) -> &str {
        &self.0.program_hash
    }

    /// How long the script took, in microseconds.
    async fn duration_micros(&self) -> i32 {
        int(self.0.duration_micros)
    }

    /// When it was decided.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Which decisions.
#[derive(InputObject, Default)]
pub struct DecisionFilter {
    /// Those on this user's events.
    user_id: Option<ID>,
    /// Those on events of this type.
    event: Option<String>,
    /// Those that ended so.
    outcome: Option<DecisionOutcome>,
}

impl From<DecisionFilter> for decisions::DecisionFilter {
    fn from(filter: DecisionFilter) -> Self {
        Self {
            user_id: filter.user_id.map(|id| id.0),
            event: filter.event,
            outcome: filter.outcome.map(Into::into),
        }
    }
}

/// The decisions that a change made; none to an end user.
pub async fn of_done(call: &Call, done: &Done) -> Result<Vec<Decision>> {
    Ok(done.decisions(call).await?.into_iter().map(Decision).collect())
}

/// Reads a decision, together with the others that the request asks for; `None` to an end user.
pub async fn load(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Decision>> {
    match id.filter(|_| call(ctx).is_ok_and(|call| call.caller.is_service())) {
        Some(id) => Ok(reader(ctx)?.load_one(DecisionId(id)).await?.map(Decision)),
        None => Ok(None),
    }
}

/// Queries about decisions.
#[derive(Default)]
pub struct DecisionQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl DecisionQuery {
    /// What the rules decided, and why, newest first. Needs an admin key.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the beginning of the list, 1 to 100; 20 when neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Begin after the entry of this cursor; at the beginning when null.")]
        after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 1 to 100; not together with first.")]
        last: Option<i32>,
        #[graphql(desc = "End before the entry of this cursor; at the end when null.")]
        before: Option<String>,
        #[graphql(desc = "Only those that match.")] filter: Option<DecisionFilter>,
    ) -> Result<Connection<Decision>> {
        let call = call(ctx)?;
        call.caller.require_admin()?;
        let page = page::request(call, "decisions", PageArgs { first, after, last, before })?;
        let found = decisions::list(call, filter.unwrap_or_default().into(), page).await?;
        page::connection(call, "decisions", found, Decision)
    }

    /// One decision; null when there is no such decision. Needs an admin key.
    async fn decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision's id.")] id: ID,
    ) -> Result<Option<Decision>> {
        Ok(decisions::one(call(ctx)?, &id).await?.map(Decision))
    }
}

/// Which decisions to make again.
#[derive(InputObject)]
pub struct RetryDecisionsInput {
    /// Their ids, 1 to 100.
    ids: Vec<ID>,
}

/// What became of the retries.
#[derive(SimpleObject)]
pub struct RetryDecisionsPayload {
    /// One for each id, in the order asked.
    results: Vec<RetriedDecision>,
}

/// What became of one retry.
#[derive(SimpleObject)]
pub struct RetriedDecision {
    /// The id of the FAILED decision.
    id: ID,
    /// The new decision; null when it was not decided again.
    decision: Option<Decision>,
    /// Why it was not decided again; null when it was.
    reason: Option<String>,
}

/// Changes of decisions.
#[derive(Default)]
pub struct DecisionMutation;

#[Object]
impl DecisionMutation {
    /// Decides again events whose decision FAILED, up to 100. Needs an admin key.
    #[graphql(complexity = "cost::list(input.ids.len().min(100), child_complexity)")]
    async fn retry_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones.")] input: RetryDecisionsInput,
    ) -> Result<RetryDecisionsPayload> {
        let ids = input.ids.into_iter().map(|id| id.0).collect();
        let retried = decisions::retry(call(ctx)?, ids).await?;
        let results = retried.into_iter().map(|retried| RetriedDecision {
            id: ID(retried.id),
            decision: retried.decision.map(Decision),
            reason: retried.reason,
        });
        Ok(RetryDecisionsPayload { results: results.collect() })
    }
}
