//! Any text as a cursor.
#![no_main]

use guerdon::graphql::is_cursor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = is_cursor(text);
});
