//! Any bytes as a page of exposition text: no panic, and the same items whether or not a line feed ends the page.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::exposition::{Format, Item, Parser};

fn samples(page: &[u8], format: Format) -> Option<Vec<(model::Labels, u64, Option<i64>)>> {
    let mut out = Vec::new();
    for item in Parser::new(page, format).ok()? {
        if let Item::Sample(point) = item.ok()? {
            let _ = point.exemplar(0);
            out.push((point.labels().ok()?, point.value.to_bits(), point.timestamp_ms));
        }
    }
    Some(out)
}

fuzz_target!(|page: &[u8]| {
    for format in [Format::Text, Format::OpenMetrics] {
        let got = samples(page, format);
        if !page.ends_with(b"\n") && got.is_some() {
            assert_eq!(got, samples(&[page, b"\n"].concat(), format));
        }
    }
});
