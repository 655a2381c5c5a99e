//! Any text as a PromQL query; see `checks/promql.rs`.
#![no_main]

#[path = "../checks/promql.rs"]
mod promql_check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    promql_check::check(text);
});
