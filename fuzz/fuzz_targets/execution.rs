//! Any document that is let in: the validator and the executor may not fall over. Nobody calls, so each
//! field that asks who does ends there.
#![no_main]

use std::sync::LazyLock;

use async_graphql::{Request, Variables};
use guerdon::graphql::{ApiSchema, Document, Limits, schema};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static SCHEMA: LazyLock<ApiSchema> = LazyLock::new(|| schema(Limits::default()));
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

// The variables, in JSON, come after the first U+0001.
fuzz_target!(|input: &str| {
    let (text, variables) = input.split_once('\u{1}').unwrap_or((input, "{}"));
    let Ok(variables) = serde_json::from_str(variables) else { return };
    let variables = Variables::from_json(variables);
    let request = || Request::new(text).variables(variables.clone());
    if Document::read(request(), &Limits::default()).is_ok() {
        RUNTIME.block_on(SCHEMA.execute(request()));
    }
});
