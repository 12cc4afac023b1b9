//! Every metric: its name, what kind it is, and what it says. Nothing is measured under another name.
//!
//! Names follow Prometheus' rules: the program first, the unit last, `_total` where it only grows.

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often a value was within each of these bounds.
    Histogram(&'static [f64]),
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it says, for people.
    pub help: &'static str,
}

impl Metric {
    const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, kind, help }
    }
}

/// From a lookup in memory to the longest that anybody waits: a call takes milliseconds when idle, and
/// a command that was not begun after ten seconds is given up.
const CALL: Kind = Kind::Histogram(&[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
]);

/// A script takes some 5 µs when it is compiled, and is cut off after a second.
const SCRIPT: Kind =
    Kind::Histogram(&[0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 1.0]);

/// One when idle; a batch takes 500 at most.
const BATCH: Kind = Kind::Histogram(&[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);

/// A job finds nothing to do in milliseconds, and may work for minutes.
const JOB: Kind = Kind::Histogram(&[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 600.0]);

/// Answers over HTTP.
pub const HTTP_REQUESTS: Metric = Metric::new(
    "guerdon_http_requests_total",
    Kind::Counter,
    "Requests over HTTP that were answered, by the pattern of their path and the status.",
);
/// How long they took.
pub const HTTP_DURATION: Metric = Metric::new(
    "guerdon_http_request_duration_seconds",
    CALL,
    "How long requests over HTTP took, by the pattern of their path.",
);
/// Answers to documents.
pub const OPERATIONS: Metric = Metric::new(
    "guerdon_graphql_operations_total",
    Kind::Counter,
    "Documents of GraphQL that were answered, over HTTP and sockets, by the operation's name and the first error's code, or OK. The first 200 names are told apart, the rest are `other`; `-` has no name.",
);
/// How long they took.
pub const OPERATION_DURATION: Metric = Metric::new(
    "guerdon_graphql_operation_duration_seconds",
    CALL,
    "How long documents of GraphQL took, by the operation's name.",
);
/// Who came too often.
pub const RATE_LIMITED: Metric = Metric::new(
    "guerdon_rate_limited_total",
    Kind::Counter,
    "Requests that were refused, or refused a part, because they came too often, by the caller's role.",
);
/// Sockets.
pub const SOCKETS: Metric =
    Metric::new("guerdon_sockets_open", Kind::Gauge, "Sockets that are open.");
/// Subscriptions.
pub const SUBSCRIPTIONS: Metric = Metric::new(
    "guerdon_subscriptions_open",
    Kind::Gauge,
    "Subscriptions that are open, over all sockets.",
);
/// What waits for lanes.
pub const QUEUE: Metric = Metric::new(
    "guerdon_lane_queue_commands",
    Kind::Gauge,
    "Commands that wait for their lane, over all tenants, by class: single ones, and those of bulk calls.",
);
/// Lanes.
pub const LANES: Metric = Metric::new(
    "guerdon_lanes_active",
    Kind::Gauge,
    "Tenants whose lane is at work here, or was within the last minute.",
);
/// Batches by size.
pub const BATCH_SIZE: Metric =
    Metric::new("guerdon_lane_batch_commands", BATCH, "Commands in a batch that was done.");
/// Batches by time.
pub const BATCH_DURATION: Metric = Metric::new(
    "guerdon_lane_batch_duration_seconds",
    CALL,
    "How long a batch took that was done, from when its tenant's row was locked.",
);
/// Batches that were done again.
pub const RETRIES: Metric = Metric::new(
    "guerdon_lane_batch_retries_total",
    Kind::Counter,
    "Tries of a batch that did not succeed, by reason: a conflict, a lost connection, or halved because a command in it cannot be done.",
);
/// Commands.
pub const COMMANDS: Metric = Metric::new(
    "guerdon_commands_total",
    Kind::Counter,
    "Commands that were answered, by what they ask and by outcome: done, repeated (done before), or the code of the refusal.",
);
/// How long commands took.
pub const COMMAND_DURATION: Metric = Metric::new(
    "guerdon_command_duration_seconds",
    CALL,
    "How long a command took from when it came to its lane, waiting included.",
);
/// Decisions.
pub const DECISIONS: Metric = Metric::new(
    "guerdon_rule_decisions_total",
    Kind::Counter,
    "Decisions that rules made and that were kept, by tenant, rule file and outcome.",
);
/// How long rules took.
pub const RULE_DURATION: Metric = Metric::new(
    "guerdon_rule_duration_seconds",
    SCRIPT,
    "How long a rule file took for one decision that was kept, by tenant.",
);
/// Payments at Stripe.
pub const STRIPE: Metric = Metric::new(
    "guerdon_stripe_payments_total",
    Kind::Counter,
    "Payments at Stripe that rules asked for, by outcome; failed ones were refused, or no account is connected.",
);
/// The outbox.
pub const OUTBOX_AGE: Metric = Metric::new(
    "guerdon_outbox_oldest_seconds",
    Kind::Gauge,
    "For how long the message of the outbox that is due the longest has been due; 0 when none is. As of the last 15 seconds.",
);
/// Connections.
pub const CONNECTIONS: Metric = Metric::new(
    "guerdon_database_connections",
    Kind::Gauge,
    "Connections to the database that are open, by pool (lanes, reads) and state (busy, idle).",
);
/// The most connections.
pub const CONNECTIONS_MAX: Metric = Metric::new(
    "guerdon_database_connections_max",
    Kind::Gauge,
    "The most connections that a pool opens; who finds all of them busy waits.",
);
/// Jobs.
pub const JOB_DURATION: Metric = Metric::new(
    "guerdon_job_duration_seconds",
    JOB,
    "How long a run of a job took, by job and outcome (done, failed).",
);
/// What runs.
pub const BUILD: Metric = Metric::new(
    "guerdon_build_info",
    Kind::Gauge,
    "Always 1; its labels say which version runs, on which database.",
);
/// Since when it runs.
pub const STARTED: Metric = Metric::new(
    "guerdon_start_time_seconds",
    Kind::Gauge,
    "When the server started, in seconds since 1970.",
);

/// All of them.
pub const ALL: [Metric; 23] = [
    HTTP_REQUESTS,
    HTTP_DURATION,
    OPERATIONS,
    OPERATION_DURATION,
    RATE_LIMITED,
    SOCKETS,
    SUBSCRIPTIONS,
    QUEUE,
    LANES,
    BATCH_SIZE,
    BATCH_DURATION,
    RETRIES,
    COMMANDS,
    COMMAND_DURATION,
    DECISIONS,
    RULE_DURATION,
    STRIPE,
    OUTBOX_AGE,
    CONNECTIONS,
    CONNECTIONS_MAX,
    JOB_DURATION,
    BUILD,
    STARTED,
];
