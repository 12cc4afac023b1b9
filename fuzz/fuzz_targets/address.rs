//! Any text as the query string of an address.
#![no_main]

use guerdon::http::is_request;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = is_request(text);
});
