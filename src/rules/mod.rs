//! The rule engine: program folders read, checked and compiled; events decided by their Rhai rules
//! in a sandbox. Facts in, decisions out; synchronous, and no I/O while deciding.

pub mod bound;
pub mod compile;
pub mod files;
pub mod story;

mod answer;
mod calculation;
mod code_format;
mod compare;
#[cfg(test)]
mod decision_tests;
mod facts;
mod fault;
mod handlers;
mod manifest;
mod meter;
mod numbers;
mod options;
mod pem;
mod rule;
mod sandbox;
#[cfg(test)]
mod sandbox_tests;
mod scan;
#[cfg(test)]
mod shipped_tests;
mod spelling;
#[cfg(test)]
mod suggestion_tests;
mod suggestions;
mod vocabulary;
mod words;
