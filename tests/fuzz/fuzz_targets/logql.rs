//! Any text as a LogQL query: no panic, and what parses is printed so that it parses to the same tree.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(query) = logql::parse(text) else { return };
    let printed = query.to_string();
    let again = logql::parse(&printed).unwrap_or_else(|error| panic!("{printed}: {error}"));
    assert_eq!(again.to_string(), printed);
    let _ = logql::validate(&query);
});
