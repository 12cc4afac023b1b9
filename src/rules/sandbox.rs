//! The sandbox: a Rhai engine that can neither look outside nor run away, and the one way in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicBlobPackage, BasicFnPackage, BasicIteratorPackage,
    BasicMapPackage, BasicMathPackage, BasicStringPackage, BitFieldPackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{AST, CallFnOptions, Dynamic, Engine, OptimizationLevel, Scope};

use crate::domain::rules::RuleError;

use super::meter::{Budget, CALL_OPERATIONS, Used};
use super::{calculation, compare, fault, meter, scan, suggestions, vocabulary};

const MAX_NESTING: usize = 48;

/// Everything that rules may call, behind all limits.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| hardened(CALL_OPERATIONS));

/// Compiles one file; its functions are then called without parsing again.
pub fn compile(file: &str, source: &str) -> Result<AST, RuleError> {
    compile_with(&ENGINE, file, source)
}

/// Compiles one file for an engine of its own.
pub fn compile_with(engine: &Engine, file: &str, source: &str) -> Result<AST, RuleError> {
    scan::check_nesting(file, source, MAX_NESTING)?;
    let compiled = catch_unwind(AssertUnwindSafe(|| engine.compile(source)));
    match compiled {
        Ok(Ok(ast)) => Ok(ast),
        Ok(Err(error)) => Err(fault::of_parsing(file, &error)),
        Err(_) => Err(panicked(file)),
    }
}

/// Calls a function of a compiled file with one argument, within the budget. Gives its answer or
/// its error, and what the call used.
pub fn call(
    (file, ast): (&str, &AST),
    function: &str,
    argument: Dynamic,
    budget: &mut Budget,
) -> (Result<Dynamic, RuleError>, Used) {
    meter::measured(budget, || {
        let called = catch_unwind(AssertUnwindSafe(|| {
            let options = CallFnOptions::new().eval_ast(false);
            let mut scope = Scope::new();
            ENGINE.call_fn_with_options(options, &mut scope, ast, function, (argument,))
        }));
        match called {
            Ok(result) => result.map_err(|error| fault::of_running(file, &error)),
            Err(_) => Err(panicked(file)),
        }
    })
}

/// An engine with every limit, every standard package but the language core (whose `sleep`, `exit`
/// and `parse_json` no limit stops), and the words of rules.
pub fn hardened(max_operations: u64) -> Engine {
    let mut engine = Engine::new_raw();
    add_packages(&mut engine);
    limit(&mut engine, max_operations);
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        // The fast operators would answer comparisons of unlike types before ours are asked.
        .set_fast_operators(false)
        .disable_symbol("eval")
        // Its cases compare, and pass over unlike types without a word.
        .disable_symbol("switch")
        .on_progress(meter::progress)
        .on_print(meter::print)
        .on_debug(|text, _, _| meter::print(text));
    compare::register(&mut engine);
    calculation::register(&mut engine);
    vocabulary::register(&mut engine);
    suggestions::register(&mut engine);
    engine
}

fn add_packages(engine: &mut Engine) {
    ArithmeticPackage::new().register_into_engine(engine);
    BasicStringPackage::new().register_into_engine(engine);
    BasicIteratorPackage::new().register_into_engine(engine);
    BasicFnPackage::new().register_into_engine(engine);
    BitFieldPackage::new().register_into_engine(engine);
    LogicPackage::new().register_into_engine(engine);
    BasicMathPackage::new().register_into_engine(engine);
    BasicArrayPackage::new().register_into_engine(engine);
    BasicBlobPackage::new().register_into_engine(engine);
    BasicMapPackage::new().register_into_engine(engine);
    MoreStringPackage::new().register_into_engine(engine);
}

fn limit(engine: &mut Engine, max_operations: u64) {
    engine
        .set_max_operations(max_operations)
        .set_max_call_levels(16)
        .set_max_expr_depths(64, 32)
        .set_max_variables(100)
        .set_max_functions(50)
        .set_max_string_size(1_024)
        .set_max_array_size(256)
        .set_max_map_size(256);
}

fn panicked(file: &str) -> RuleError {
    let message = "The rule engine broke while it ran this file; the rule is at fault or the \
                   engine is. Please report it."
        .to_owned();
    fault::placed(message, file, rhai::Position::NONE)
}
