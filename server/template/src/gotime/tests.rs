//! Layouts with times that Go reads the same way.

use super::*;

const NOW_MS: i64 = 1_767_268_800_000; // 2026-01-01T12:00:00Z

fn check(layout: &str, text: &str, expect: &str) {
    check_in(layout, text, None, expect);
}

fn check_in(layout: &str, text: &str, zone: Option<&str>, expect: &str) {
    let zone = zone.map(|name| TimeZone::get(name).unwrap());
    let got = match Layout::named(layout).and_then(|l| l.parse(text, zone.as_ref(), NOW_MS)) {
        Ok(ns) => jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap().to_string(),
        Err(why) => format!("error: {why}"),
    };
    assert!(
        if expect == "error" { got.starts_with("error") } else { got == expect },
        "{layout} {text}: {got}"
    );
}

#[test]
fn names() {
    check("RFC3339", "2025-11-22T10:00:00Z", "2025-11-22T10:00:00Z");
    check("RFC3339", "2025-11-22T10:00:00.123456+01:00", "2025-11-22T09:00:00.123456Z");
    check("RFC3339", "2025-11-22T10:00:00,5Z", "2025-11-22T10:00:00.5Z");
    check("RFC3339", "2025-11-22T10:00:00", "error");
    check("RFC3339", "2025-11-22 10:00:00Z", "error");
    check("RFC3339", "2025-02-30T10:00:00Z", "error");
    check("RFC3339Nano", "2025-11-22T10:00:00.123456789Z", "2025-11-22T10:00:00.123456789Z");
    check("RFC3339Nano", "2025-11-22T10:00:00Z", "2025-11-22T10:00:00Z");
    check("RFC1123", "Sat, 22 Nov 2025 10:00:00 GMT", "2025-11-22T10:00:00Z");
    check("RFC1123Z", "Sat, 22 Nov 2025 10:00:00 -0500", "2025-11-22T15:00:00Z");
    check("RFC822", "22 Nov 25 10:00 UTC", "2025-11-22T10:00:00Z");
    check("RFC822Z", "22 Nov 25 10:00 +0000", "2025-11-22T10:00:00Z");
    check("RFC850", "Saturday, 22-Nov-25 10:00:00 UTC", "2025-11-22T10:00:00Z");
    check("ANSIC", "Sat Nov  2 10:00:00 2025", "2025-11-02T10:00:00Z");
    check("UnixDate", "Sat Nov 22 10:00:00 UTC 2025", "2025-11-22T10:00:00Z");
    check("RubyDate", "Sat Nov 22 10:00:00 +0100 2025", "2025-11-22T09:00:00Z");
}

#[test]
fn epochs() {
    check("Unix", "1763805600", "2025-11-22T10:00:00Z");
    check("Unix", "1763805600.123456789", "2025-11-22T10:00:00.123456789Z");
    check("UnixMs", "1763805600123", "2025-11-22T10:00:00.123Z");
    check("UnixUs", "1763805600123456", "2025-11-22T10:00:00.123456Z");
    check("UnixNs", "1763805600123456789", "2025-11-22T10:00:00.123456789Z");
    check("Unix", "-1.5", "1969-12-31T23:59:58.5Z");
    for bad in ["", "-", "x", "1.x", "1e9", "99999999999999999999"] {
        check("Unix", bad, "error");
    }
}

#[test]
fn layouts() {
    check("2006-01-02 15:04:05,000", "2025-11-22 10:00:00,123", "2025-11-22T10:00:00.123Z");
    check("2006-01-02 15:04:05,000", "2025-11-22 10:00:00,12", "error");
    check("2006-01-02 15:04:05", "2025-11-22 10:00:00.25", "2025-11-22T10:00:00.25Z");
    check("02/Jan/2006:15:04:05 -0700", "22/Nov/2025:10:00:00 +0000", "2025-11-22T10:00:00Z");
    check("1/2/06 3:04:05 PM", "11/22/25 1:00:00 PM", "2025-11-22T13:00:00Z");
    check("1/2/06 3:04 PM", "11/22/25 12:30 AM", "2025-11-22T00:30:00Z");
    check("2006 002 15:04", "2024 060 00:00", "2024-02-29T00:00:00Z");
    check("20060102150405", "20251122100000", "2025-11-22T10:00:00Z");
    check("January 2, 2006", "november 22, 2025", "2025-11-22T00:00:00Z");
    check("2006-01-02T15:04:05Z07:00", "2025-11-22T10:00:00+05:30", "2025-11-22T04:30:00Z");
    check("2006-01-02T15:04:05Z07", "2025-11-22T10:00:00+05", "2025-11-22T05:00:00Z");
    check("2006-01-02 15:04:05 MST", "2025-11-22 10:00:00 GMT-3", "2025-11-22T13:00:00Z");
    check("2006-01-02", "2025-11-22 and more", "error");
    check("2006-01-02 15:04:05", "2025-11-22 24:00:00", "error");
    check("2006-01-02 15:04:05", "ünïcödé", "error");
    check("yyyy", "2025", "error");
}

#[test]
fn without_a_year_the_nearest_counts() {
    check("Jan _2 15:04:05", "Dec 31 23:00:00", "2025-12-31T23:00:00Z");
    check("Jan _2 15:04:05", "Jan  1 11:00:00", "2026-01-01T11:00:00Z");
}

#[test]
fn zones() {
    if TimeZone::get("Europe/Berlin").is_err() {
        println!("skipped: no time zones on this machine");
        return;
    }
    let berlin = Some("Europe/Berlin");
    check_in("2006-01-02 15:04:05", "2025-07-01 12:00:00", berlin, "2025-07-01T10:00:00Z");
    check_in("2006-01-02 15:04:05", "2025-12-01 12:00:00", berlin, "2025-12-01T11:00:00Z");
    check_in("2006-01-02 15:04:05 MST", "2025-07-01 12:00:00 CEST", berlin, "2025-07-01T10:00:00Z");
    check_in("2006-01-02 15:04:05 MST", "2025-07-01 12:00:00 PDT", berlin, "2025-07-01T12:00:00Z");
    check_in("RFC3339", "2025-07-01T12:00:00Z", berlin, "2025-07-01T12:00:00Z");
}
