//! The log, and traces for whoever collects them.
//!
//! Neither holds secrets or personal data: what is logged is written by the server in its own words, with
//! ids of requests, commands and tenants; never what a caller sent.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing_subscriber::filter::{FilterExt, LevelFilter, dynamic_filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::traces::{self, Traces};
use crate::operations::measures::STEP;

/// How much is logged when `RUST_LOG` says nothing.
const USUAL: &str = "warn,guerdon=info";

/// The log of this process. Ends with [`Log::end`].
pub struct Log(Option<Traces>);

/// Begins to log to the standard error: lines for people on a terminal, JSON elsewhere; and to trace,
/// when the environment names a collector.
pub fn begin() -> Log {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL));
    // A request's steps are for traces: in the log they would hide the request that they belong to. The
    // filter is asked for each line anew: what a driver asks in passing, whether it would be heard,
    // is otherwise taken for the answer to the next line, which is lost.
    let deepest = filter.max_level_hint().unwrap_or(LevelFilter::TRACE);
    let no_step = dynamic_filter_fn(|about, _| about.target() != STEP);
    let filter = filter.and(no_step.with_max_level_hint(deepest));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if std::io::stderr().is_terminal() {
        lines.with_filter(filter).boxed()
    } else {
        lines.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed()
    };
    let traces = traces::begin();
    let mut layers = vec![lines];
    layers.extend(traces.iter().flatten().map(|traces| traces.layer().boxed()));
    tracing_subscriber::registry().with(layers).init();
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(log_panic));
    }
    Log(traces.and_then(|begun| {
        begun.inspect_err(|error| tracing::warn!(%error, "traces are not collected")).ok()
    }))
}

impl Log {
    /// Hands over what was traced last, for a moment at most.
    pub fn end(self) {
        self.0.into_iter().for_each(Traces::end);
    }
}

/// Logs where something panicked. A message that was made then may quote anything; one that stands in the
/// source does not.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let message = panic.payload().downcast_ref::<&'static str>();
    tracing::error!(place, message, "panicked; RUST_BACKTRACE=1 shows more");
}
