//! Any text as a document: what is looked at before it is parsed, the parser, and the pass over what
//! was parsed. None may fall over, or use up the stack.
#![no_main]

use async_graphql::Request;
use guerdon::graphql::{Document, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Document::read(Request::new(text), &Limits::default());
});
