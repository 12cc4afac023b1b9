//! What is measured, where it happens: counters and times for whoever watches the server. Without
//! anybody who collects them, all of this does nothing.
//!
//! Labels are few and known (what is asked, codes, outcomes, tenants, rule files): never a user, a
//! code, an address or anything else that a stranger could choose.

mod labels;
pub mod names;

use std::time::{Duration, Instant};

use crate::domain::caller::Role;
use crate::domain::records::{Decision, Kind as LotKind, LotState, Operation, Outcome as Decided};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::Change;
use crate::domain::time::Time;
use labels::NAMES;
use names::Kind;

/// The target of spans that traces show and the log does not.
pub const STEP: &str = "guerdon_step";

/// Says what each metric means, and begins with zero where nothing may happen for long: a rate is
/// known only from the second value on.
pub fn begin() {
    for metric in names::ALL {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram(_) => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    for reason in Again::ALL {
        metrics::counter!(names::RETRIES.name, "reason" => reason.name()).absolute(0);
    }
    for role in ["public", "user", "service", "admin", "operator"] {
        metrics::counter!(names::RATE_LIMITED.name, "role" => role).absolute(0);
    }
    metrics::counter!(names::STRIPE.name, "outcome" => FAILED).absolute(0);
    metrics::gauge!(names::SOCKETS.name).increment(0.0);
    metrics::gauge!(names::SUBSCRIPTIONS.name).increment(0.0);
}

/// Notes what runs, and since when.
pub fn started(database: &'static str, now: Time) {
    let version = env!("CARGO_PKG_VERSION");
    metrics::gauge!(names::BUILD.name, "version" => version, "database" => database).set(1.0);
    #[expect(clippy::cast_precision_loss, reason = "seconds are exact for ages")]
    metrics::gauge!(names::STARTED.name).set(now.timestamp() as f64);
}

/// A request over HTTP was answered; `route` is the pattern of its path.
pub fn http_answered(route: &str, status: u16, duration: Duration) {
    let route = route.to_owned();
    let labels = [("route", route.clone()), ("status", status.to_string())];
    metrics::counter!(names::HTTP_REQUESTS.name, &labels).increment(1);
    metrics::histogram!(names::HTTP_DURATION.name, "route" => route).record(duration);
}

/// A document as it was answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The name of the operation.
    pub name: Option<&'a str>,
    /// The code of the first error; `OK` when there is none.
    pub code: &'a str,
    /// Was the document executed, so that its names mean something?
    pub executed: bool,
    /// Who called, when that is known.
    pub role: Option<&'a Role>,
}

/// A document was answered. Gives the name under which its operation goes.
pub fn operation_answered(answered: Answered<'_>, duration: Duration) -> String {
    let known = answered.role.filter(|_| answered.executed);
    let operation = NAMES.label(answered.name, known);
    let labels = [("operation", operation.clone()), ("code", answered.code.to_owned())];
    metrics::counter!(names::OPERATIONS.name, &labels).increment(1);
    let labels = [("operation", operation.clone())];
    metrics::histogram!(names::OPERATION_DURATION.name, &labels).record(duration);
    if answered.code == Code::RateLimited.name() {
        rate_limited(answered.role);
    }
    operation
}

/// Somebody came too often.
pub fn rate_limited(role: Option<&Role>) {
    let role = role.map_or("public", Role::name);
    metrics::counter!(names::RATE_LIMITED.name, "role" => role).increment(1);
}

/// Something that is open for as long as this is kept.
#[derive(Debug)]
pub struct Open(&'static str);

impl Open {
    /// A socket is open.
    #[must_use]
    pub fn socket() -> Self {
        Self::new(names::SOCKETS.name)
    }

    /// A subscription is open.
    #[must_use]
    pub fn subscription() -> Self {
        Self::new(names::SUBSCRIPTIONS.name)
    }

    fn new(name: &'static str) -> Self {
        metrics::gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!(self.0).decrement(1.0);
    }
}

/// The code of a document without an error.
pub const OK: &str = "OK";
/// What became of a command, for its label: `done`, `repeated`, or the code of the refusal.
pub const DONE: &str = "done";
/// It was done before.
pub const REPEATED: &str = "repeated";
const FAILED: &str = "failed";

/// A command was answered.
pub fn command_answered(operation: Operation, outcome: &'static str, duration: Duration) {
    let command = operation.name();
    metrics::counter!(names::COMMANDS.name, "command" => command, "outcome" => outcome)
        .increment(1);
    metrics::histogram!(names::COMMAND_DURATION.name).record(duration);
}

/// A batch of so many commands was done.
pub fn batch_done(commands: usize, duration: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a batch has 500 commands at most")]
    metrics::histogram!(names::BATCH_SIZE.name).record(commands as f64);
    metrics::histogram!(names::BATCH_DURATION.name).record(duration);
}

/// Why a batch is done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Another transaction was in the way.
    Conflict,
    /// The connection was lost, or none could be had.
    ConnectionLost,
    /// The database could not lock the row for another reason.
    Other,
    /// A command in it cannot be done: the others are tried without it.
    Halved,
}

impl Again {
    const ALL: [Self; 4] = [Self::Conflict, Self::ConnectionLost, Self::Other, Self::Halved];

    const fn name(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::ConnectionLost => "connection_lost",
            Self::Other => "other",
            Self::Halved => "halved",
        }
    }
}

/// A batch is done again.
pub fn batch_again(reason: Again) {
    metrics::counter!(names::RETRIES.name, "reason" => reason.name()).increment(1);
}

/// A command's event, kept under this number, changed this for a tenant: what the rules decided, and
/// what they asked of Stripe.
pub fn decided(tenant: &str, seq: i64, change: &Change) {
    let decisions = change.tables.decisions.values().flatten();
    for decision in decisions.filter(|decision| decision.position.seq == seq) {
        count_decision(tenant, decision);
    }
    let lots = change.tables.lots.values().flatten();
    let is_new = |lot: &&_| is_new_payment(lot, seq);
    let failed = lots.filter(is_new).filter(|lot| lot.state == LotState::Failed).count();
    if failed > 0 {
        metrics::counter!(names::STRIPE.name, "outcome" => FAILED).increment(failed as u64);
    }
}

fn is_new_payment(lot: &crate::domain::records::Lot, seq: i64) -> bool {
    lot.kind == LotKind::StripeBalance && lot.created.seq == seq
}

fn count_decision(tenant: &str, decision: &Decision) {
    let outcome = match decision.outcome {
        Decided::Rewarded => "rewarded",
        Decided::Skipped => "skipped",
        Decided::Failed => FAILED,
    };
    let tenant = tenant.to_owned();
    let rule = decision.rule.clone();
    let labels = [("tenant", tenant.clone()), ("rule", rule), ("outcome", outcome.to_owned())];
    metrics::counter!(names::DECISIONS.name, &labels).increment(1);
    let micros = u64::try_from(decision.duration_micros).unwrap_or_default();
    metrics::histogram!(names::RULE_DURATION.name, "tenant" => tenant)
        .record(Duration::from_micros(micros));
}

/// Runs a job, and notes how long it took and how it ended.
pub async fn job<T>(
    name: &'static str,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let began = Instant::now();
    let ended = work.await;
    let outcome = if ended.is_ok() { DONE } else { FAILED };
    metrics::histogram!(names::JOB_DURATION.name, "job" => name, "outcome" => outcome)
        .record(began.elapsed());
    ended
}
