//! Times as Go writes them: a layout shows how the reference time, Mon Jan 2 15:04:05 MST 2006, would look.

mod layout;
mod time;

use jiff::civil;
use jiff::tz::TimeZone;

use layout::{Fields, Item, Zone};
pub(crate) use time::Time;

/// A format of times: a name such as `RFC3339` or `UnixMs`, or a layout.
#[derive(Debug, Clone)]
pub struct Layout {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A count since the epoch; this many nanoseconds each.
    Epoch(i64),
    Items(Vec<Item>),
}

const NAMED: [(&str, &str); 17] = [
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
    ("RFC3339", "2006-01-02T15:04:05Z07:00"),
    ("RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"),
    ("Kitchen", "3:04PM"),
    ("Stamp", "Jan _2 15:04:05"),
    ("StampMilli", "Jan _2 15:04:05.000"),
    ("StampMicro", "Jan _2 15:04:05.000000"),
    ("StampNano", "Jan _2 15:04:05.000000000"),
    ("DateTime", "2006-01-02 15:04:05"),
    ("DateOnly", "2006-01-02"),
];

impl Layout {
    /// The format of this name, or a layout; an error if it shows no part of the reference time.
    pub fn named(text: &str) -> Result<Self, String> {
        let epoch = match text {
            "Unix" => Some(1_000_000_000),
            "UnixMs" => Some(1_000_000),
            "UnixUs" => Some(1_000),
            "UnixNs" => Some(1),
            _ => None,
        };
        if let Some(unit_ns) = epoch {
            return Ok(Layout { text: text.to_owned(), kind: Kind::Epoch(unit_ns) });
        }
        let layout = NAMED.iter().find(|(name, _)| *name == text).map_or(text, |(_, layout)| layout);
        let items = layout::items(layout);
        if items.iter().all(|item| matches!(item, Item::Text(_))) {
            return Err(format!(
                "{text:?} shows no part of Go's reference time, Mon Jan 2 15:04:05 MST 2006, and is no name of a format"
            ));
        }
        Ok(Layout { text: text.to_owned(), kind: Kind::Items(items) })
    }

    /// Nanoseconds since the epoch. Without a zone in the text, `zone` counts, or UTC; without a year, the one
    /// that brings the time nearest to `now_ms`.
    pub fn parse(&self, text: &str, zone: Option<&TimeZone>, now_ms: i64) -> Result<i64, String> {
        let bad = |why: &str| format!("{text:?} is no time of format {:?}: {why}", self.text);
        match &self.kind {
            Kind::Epoch(unit_ns) => {
                epoch_ns(text.trim(), *unit_ns).ok_or_else(|| bad("a number was expected"))
            }
            Kind::Items(items) => {
                let fields = layout::read(items, text).map_err(bad)?;
                to_ns(&fields, zone, now_ms).ok_or_else(|| bad("there is no such time"))
            }
        }
    }
}

/// A decimal number of units in ns, exact.
fn epoch_ns(text: &str, unit_ns: i64) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok().filter(|n| *n >= 0)? };
    let (mut ns, mut unit) = (whole.checked_mul(unit_ns)?, unit_ns);
    for digit in fraction.bytes() {
        unit /= 10;
        ns = ns.checked_add(i64::from(digit - b'0') * unit)?;
    }
    Some(sign * ns)
}

fn to_ns(fields: &Fields, zone: Option<&TimeZone>, now_ms: i64) -> Option<i64> {
    let ns_at = |year| instant_ns(fields.civil(year)?, &fields.zone, zone);
    match fields.year {
        Some(year) => ns_at(year),
        None => {
            let now_ns = i128::from(now_ms) * 1_000_000;
            let this_year =
                i32::from(jiff::Timestamp::from_millisecond(now_ms).ok()?.to_zoned(TimeZone::UTC).year());
            let years = [this_year, this_year - 1, this_year + 1];
            years.into_iter().filter_map(ns_at).min_by_key(|ns| (i128::from(*ns) - now_ns).abs())
        }
    }
}

fn instant_ns(at: civil::DateTime, written: &Zone, zone: Option<&TimeZone>) -> Option<i64> {
    let utc_s = civil_seconds(at);
    let offset_s = match written {
        Zone::Offset(seconds) => i64::from(*seconds),
        // A name is an offset only where the given zone knows it; else it counts as UTC, as in Go.
        Zone::Name(name) => match zone.and_then(|zone| zone.to_ambiguous_zoned(at).compatible().ok()) {
            Some(zoned) if zone_abbreviation(&zoned) == *name => i64::from(zoned.offset().seconds()),
            _ => 0,
        },
        Zone::None => match zone {
            Some(zone) => i64::from(zone.to_ambiguous_zoned(at).compatible().ok()?.offset().seconds()),
            None => 0,
        },
    };
    let seconds = utc_s - offset_s;
    seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(at.subsec_nanosecond()))
}

fn zone_abbreviation(zoned: &jiff::Zoned) -> String {
    zoned.time_zone().to_offset_info(zoned.timestamp()).abbreviation().to_owned()
}

/// Seconds since the epoch of a time read as UTC.
fn civil_seconds(at: civil::DateTime) -> i64 {
    // Days from 0000-03-01, so that leap days stand at the end of a year.
    let (year, month) = (i64::from(at.year()), i64::from(at.month()));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(at.day()) - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    days * 86_400 + i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second())
}

#[cfg(test)]
mod tests;
