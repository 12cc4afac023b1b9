//! Worked examples: a program's `tests.rhai`, played against an empty tenant in memory that is
//! changed by the very function which changes the real ones.

mod acts;
mod asserts;
mod given;
mod looks;
mod office;
mod people;
mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rhai::{AST, CallFnOptions, Dynamic, Engine, Scope, ScriptFnMetadata};

use crate::domain::rules::RuleError;

use super::calculation::{Surroundings, within};
use super::compile::Compiled;
use super::files::{ProgramFiles, TESTS};
use super::meter::{self, Budget};
use super::{fault, sandbox};

use stage::{Scene, Stage};

/// Operations of all the tests of a program; a command counts as many.
const OPERATIONS: u64 = 5_000_000;
/// Longest that one test may run.
const TIME: Duration = Duration::from_secs(1);
/// A tests file may hold more functions than a rule file.
const MAX_FUNCTIONS: usize = 200;
const PREFIX: &str = "test_";

/// How a program's worked examples went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Tests that passed, in the order of their names.
    pub passed: Vec<String>,
    /// Tests that did not, each with its error.
    pub failed: Vec<(String, RuleError)>,
    /// What the tests printed.
    pub printed: Vec<String>,
}

impl Report {
    /// The first error, if any test failed.
    #[must_use]
    pub fn error(&self) -> Option<RuleError> {
        let (name, error) = self.failed.first()?;
        Some(RuleError { message: format!("{name}: {}", error.message), ..error.clone() })
    }
}

/// Compiles a program and runs its worked examples: what must succeed before it is published. The
/// error has the file, the line and the column.
pub fn proven(files: &ProgramFiles) -> Result<Compiled, RuleError> {
    let compiled = Compiled::compile(files)?;
    match run(&compiled)?.error() {
        Some(error) => Err(error),
        None => Ok(compiled),
    }
}

/// Compiles the worked examples of a program without running them.
pub fn check(compiled: &Compiled) -> Result<(), RuleError> {
    let Some(source) = compiled.files().tests() else { return Ok(()) };
    let scene: Scene = Arc::new(Mutex::new(Stage::new(compiled)));
    compile(&engine(&scene), source).map(drop)
}

/// Compiles `tests.rhai`; a test takes no parameters, or it would never run.
fn compile(engine: &Engine, source: &str) -> Result<AST, RuleError> {
    let ast = sandbox::compile_with(engine, TESTS, source)?;
    let takes = |test: &ScriptFnMetadata| test.name.starts_with(PREFIX) && !test.params.is_empty();
    let wrong = ast.iter_functions().find(takes).map(|test| test.name.to_owned());
    let Some(name) = wrong else { return Ok(ast) };
    let message = format!("`{name}` is a test, and a test takes no parameters.");
    Err(RuleError { file: Some(TESTS.to_owned()), ..RuleError::new(message) })
}

/// Runs the worked examples of a program, each against a tenant of its own. A program without any
/// passes. The error is of a `tests.rhai` that does not compile.
pub fn run(compiled: &Compiled) -> Result<Report, RuleError> {
    let Some(source) = compiled.files().tests() else { return Ok(Report::default()) };
    let scene: Scene = Arc::new(Mutex::new(Stage::new(compiled)));
    let engine = engine(&scene);
    let ast = compile(&engine, source)?;
    let mut report = Report::default();
    let mut operations = OPERATIONS;
    for name in names(&ast) {
        *scene.lock().unwrap_or_else(PoisonError::into_inner) = Stage::new(compiled);
        let mut budget = Budget::new(OPERATIONS, operations, TIME);
        let result = play(&engine, &ast, (&name, compiled), &mut budget, &mut report.printed);
        operations = budget.operations_left();
        match result {
            Ok(()) => report.passed.push(name),
            Err(error) => report.failed.push((name, error)),
        }
    }
    Ok(report)
}

fn engine(scene: &Scene) -> Engine {
    let mut engine = sandbox::hardened(OPERATIONS);
    engine.set_max_functions(MAX_FUNCTIONS);
    acts::register(&mut engine, scene);
    office::register(&mut engine, scene);
    looks::register(&mut engine, scene);
    people::register(&mut engine, scene);
    asserts::register(&mut engine);
    engine
}

fn names(ast: &AST) -> Vec<String> {
    let tests = ast.iter_functions().filter(|function| function.name.starts_with(PREFIX));
    let mut names: Vec<String> = tests.map(|function| function.name.to_owned()).collect();
    names.sort();
    names
}

fn play(
    engine: &Engine,
    ast: &AST,
    (name, compiled): (&str, &Compiled),
    budget: &mut Budget,
    printed: &mut Vec<String>,
) -> Result<(), RuleError> {
    let program = compiled.bind(&serde_json::Map::new()).program;
    let surroundings = Surroundings { unit: program.unit.clone(), zone: program.time_zone };
    let (result, used) = meter::measured(budget, || {
        catch_unwind(AssertUnwindSafe(|| {
            within(&surroundings, || {
                let options = CallFnOptions::new().eval_ast(false);
                engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, name, ())
            })
        }))
    });
    printed.extend(used.printed);
    match result {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(fault::of_running(TESTS, &error)),
        Err(_) => {
            Err(RuleError::new("The server broke while it played this test. Please report it."))
        }
    }
}

#[cfg(test)]
mod tests;
