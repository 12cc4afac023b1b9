//! How far an import came: a bar on a terminal, a line now and then elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::sheet::{Place, Wrong};
use crate::cli::output::print;

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

const BAR: &str = "{bar:40} {percent:>3}%  {msg}  {eta} left";
const SPINNER: &str = "{spinner} {msg}";

/// How far an import came.
pub struct Progress {
    bar: ProgressBar,
    words: [&'static str; 3],
    counts: Counts,
    last_said: Instant,
}

/// How many lines ended in which way.
#[derive(Debug, Default)]
struct Counts {
    new: u64,
    before: u64,
    refused: u64,
}

impl Progress {
    /// Nothing is done yet of a file of so many bytes. `words` say what its lines are, what new
    /// ones are called, and what those that were done before.
    pub fn new(words: [&'static str; 3], bytes: Option<u64>) -> Self {
        let (bar, style) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), BAR),
            None => (ProgressBar::no_length(), SPINNER),
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self { bar, words, counts: Counts::default(), last_said: Instant::now() }
    }

    /// Counts a line; of a refused one, says which and why at once.
    pub fn note(&mut self, place: Place, outcome: Result<bool, Wrong>) {
        match outcome {
            Ok(true) => self.counts.new += 1,
            Ok(false) => self.counts.before += 1,
            Err(wrong) => {
                self.counts.refused += 1;
                self.say(&format!("line {}: {wrong}", place.line));
            }
        }
        if !self.bar.is_hidden() {
            self.bar.set_position(place.bytes);
            self.bar.set_message(self.counts.describe(self.words));
        } else if self.last_said.elapsed() > EVERY {
            self.last_said = Instant::now();
            self.say(&format!("line {}: {}", place.line, self.counts.describe(self.words)));
        }
    }

    fn say(&self, text: &str) {
        // A reader that went away is no failure.
        self.bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "{text}")));
    }

    /// Says what became of all lines; gives how many were refused.
    pub fn finish(self, only_checked: bool) -> anyhow::Result<u64> {
        self.bar.finish_and_clear();
        let checked = if only_checked { " (only checked, nothing was written)" } else { "" };
        print(&format!("{}: {}{checked}", self.words[0], self.counts.describe(self.words)))?;
        Ok(self.counts.refused)
    }
}

impl Counts {
    fn describe(&self, [_, new, before]: [&str; 3]) -> String {
        format!("{} {new}, {} {before}, {} refused", self.new, self.before, self.refused)
    }
}
