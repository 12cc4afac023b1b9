//! Counts what a script does while it runs: operations, time, lines printed. The engine is shared
//! by all threads; the meter belongs to the thread on which a script runs.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rhai::{Dynamic, EvalAltResult, Position};

use crate::domain::rules::OUT_OF_TIME;

/// Operations of one call of a rule.
pub const CALL_OPERATIONS: u64 = 50_000;
/// Operations of all rules that one event calls.
pub const EVENT_OPERATIONS: u64 = 200_000;
/// Longest that all rules of one event may run; the last resort, so that results do not depend on
/// the machine's load.
pub const EVENT_TIME: Duration = Duration::from_secs(1);

/// What ends a script that used up its operations.
pub const OUT_OF_OPERATIONS: &str = "operations";

const MAX_LINES: usize = 100;
const MAX_LINE_CHARS: usize = 1_024;
const CALLS_BETWEEN_LOOKS: u64 = 256;

/// What is left for all the calls of one event.
#[derive(Debug, Clone)]
pub struct Budget {
    per_call: u64,
    operations: u64,
    deadline: Instant,
}

impl Budget {
    /// The budget of one event.
    pub fn of_event() -> Self {
        Self::new(CALL_OPERATIONS, EVENT_OPERATIONS, EVENT_TIME)
    }

    /// A budget of its own: operations a call, operations in all, and time.
    pub fn new(per_call: u64, operations: u64, time: Duration) -> Self {
        Self { per_call, operations, deadline: Instant::now() + time }
    }

    /// The operations that no call has used yet.
    pub const fn operations_left(&self) -> u64 {
        self.operations
    }
}

/// What one call used.
#[derive(Debug, Default)]
pub struct Used {
    pub operations: u64,
    pub printed: Vec<String>,
    pub duration_micros: u64,
}

struct Meter {
    limit: u64,
    deadline: Instant,
    operations: u64,
    asked: u64,
    printed: Vec<String>,
}

thread_local! {
    static METER: RefCell<Option<Meter>> = const { RefCell::new(None) };
}

/// Runs `work` under a fresh meter and takes what it used from the budget. `work` must not unwind.
pub fn measured<T>(budget: &mut Budget, work: impl FnOnce() -> T) -> (T, Used) {
    let limit = budget.per_call.min(budget.operations);
    let deadline = budget.deadline;
    let meter = Meter { limit, deadline, operations: 0, asked: 0, printed: Vec::new() };
    let outer = METER.replace(Some(meter));
    let started = Instant::now();
    let result = work();
    let duration = started.elapsed();
    let Some(meter) = METER.replace(outer) else { return (result, Used::default()) };
    let operations = meter.operations.min(meter.limit);
    budget.operations -= operations;
    // A rule that decides inside of a test works on the test's account as well.
    METER.with_borrow_mut(|outer| {
        if let Some(outer) = outer.as_mut() {
            outer.operations += operations;
        }
    });
    let duration_micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    (result, Used { operations, printed: meter.printed, duration_micros })
}

/// Counts one operation of the engine; gives the word that ends the script when there were too
/// many, or when its time is over. The engine's own count is not used: it forgets what a function
/// did that a native one called (`list.sort(|a, b| ...)`).
pub fn progress(_: u64) -> Option<Dynamic> {
    METER.with_borrow_mut(|meter| meter.as_mut()?.count(1).map(Dynamic::from))
}

/// Charges operations that happen inside of one native call (comparing long lists), so that none
/// is cheaper than it should be.
pub fn charge(operations: u64) -> Result<(), Box<EvalAltResult>> {
    METER.with_borrow_mut(|meter| {
        let Some(meter) = meter.as_mut() else { return Ok(()) };
        match meter.count(operations) {
            Some(word) => Err(EvalAltResult::ErrorTerminated(word.into(), Position::NONE).into()),
            None => Ok(()),
        }
    })
}

/// Keeps a line that a script printed: at most 100, each cut to 1,024 characters.
pub fn print(line: &str) {
    METER.with_borrow_mut(|meter| {
        if let Some(meter) = meter.as_mut().filter(|meter| meter.printed.len() < MAX_LINES) {
            meter.printed.push(line.chars().take(MAX_LINE_CHARS).collect());
        }
    });
}

impl Meter {
    fn count(&mut self, operations: u64) -> Option<&'static str> {
        self.operations += operations;
        if self.operations > self.limit {
            return Some(OUT_OF_OPERATIONS);
        }
        self.asked += 1;
        let looks = self.asked.is_multiple_of(CALLS_BETWEEN_LOOKS);
        (looks && Instant::now() >= self.deadline).then_some(OUT_OF_TIME)
    }
}
