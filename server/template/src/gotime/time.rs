//! A time with its zone, as templates hold it: written and read by a layout.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::layout::{self, Item, MONTHS, WEEKDAYS, Zone};
use super::zone_abbreviation;

/// A time with its zone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Time {
    zoned: Zoned,
}

impl Time {
    pub(crate) fn from_ns(ns: i64) -> Self {
        let timestamp = Timestamp::from_nanosecond(ns.into()).unwrap_or(Timestamp::UNIX_EPOCH);
        Time { zoned: timestamp.to_zoned(TimeZone::UTC) }
    }

    pub(crate) fn ns(&self) -> i64 {
        self.zoned.timestamp().as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    pub(crate) fn format(&self, layout: &str) -> String {
        layout::items(layout).iter().map(|item| self.part(item)).collect()
    }

    fn part(&self, item: &Item) -> String {
        let z = &self.zoned;
        let (hour12, month) = ((z.hour() + 11) % 12 + 1, MONTHS[z.month() as usize - 1]);
        let weekday = WEEKDAYS[z.weekday().to_sunday_zero_offset() as usize];
        let digits = |two: bool, n: i8| if two { format!("{n:02}") } else { n.to_string() };
        match item {
            Item::Text(text) => text.clone(),
            Item::LongYear => format!("{:04}", z.year()),
            Item::ShortYear => format!("{:02}", z.year().rem_euclid(100)),
            Item::LongMonth => month.to_owned(),
            Item::ShortMonth => month[..3].to_owned(),
            Item::Month(two) => digits(*two, z.month()),
            Item::LongWeekday => weekday.to_owned(),
            Item::ShortWeekday => weekday[..3].to_owned(),
            Item::Day(two) => digits(*two, z.day()),
            Item::PaddedDay => format!("{:>2}", z.day()),
            Item::DayOfYear { spaces: true } => format!("{:>3}", z.day_of_year()),
            Item::DayOfYear { spaces: false } => format!("{:03}", z.day_of_year()),
            Item::Hour => digits(true, z.hour()),
            Item::Hour12(two) => digits(*two, hour12),
            Item::Minute(two) => digits(*two, z.minute()),
            Item::Second(two) => digits(*two, z.second()),
            Item::HalfDay { upper } => match (z.hour() < 12, upper) {
                (true, true) => "AM".to_owned(),
                (true, false) => "am".to_owned(),
                (false, true) => "PM".to_owned(),
                (false, false) => "pm".to_owned(),
            },
            Item::ZoneName => zone_abbreviation(z),
            Item::Offset { z, colon, digits } => self.offset(*z, *colon, *digits),
            Item::Fraction { separator, zeros, digits } => {
                let text = format!("{:09}", z.subsec_nanosecond());
                let text = &text[..(*digits).min(9)];
                let text = if *zeros { text } else { text.trim_end_matches('0') };
                if text.is_empty() { String::new() } else { format!("{separator}{text}") }
            }
        }
    }

    fn offset(&self, z: bool, colon: bool, digits: usize) -> String {
        let seconds = self.zoned.offset().seconds();
        if z && seconds == 0 {
            return "Z".to_owned();
        }
        let n = seconds.unsigned_abs();
        let parts = [n / 3_600, n / 60 % 60, n % 60].map(|part| format!("{part:02}"));
        let sign = if seconds < 0 { '-' } else { '+' };
        format!("{sign}{}", parts[..digits / 2].join(if colon { ":" } else { "" }))
    }

    /// Reads `text`; where it names no zone, it is in `zone` (a name of the time zone database, `UTC` or `Local`).
    pub(crate) fn parse(layout: &str, text: &str, zone: &str) -> Option<Self> {
        let zone = match zone {
            "" | "UTC" | "Local" => TimeZone::UTC,
            name => TimeZone::get(name).ok()?,
        };
        let fields = layout::read(&layout::items(layout), text).ok()?;
        let civil = fields.civil(fields.year.unwrap_or(0))?;
        let zoned = match &fields.zone {
            Zone::None => civil.to_zoned(zone),
            Zone::Offset(0) => civil.to_zoned(TimeZone::UTC),
            Zone::Offset(seconds) => civil.to_zoned(TimeZone::fixed(Offset::from_seconds(*seconds).ok()?)),
            // A name that the zone does not know is one without an offset, as in Go.
            Zone::Name(name) => {
                let known = civil.to_zoned(zone).ok().filter(|zoned| zone_abbreviation(zoned) == *name);
                known.map_or_else(|| civil.to_zoned(TimeZone::UTC), Ok)
            }
        };
        Some(Time { zoned: zoned.ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let time = Time::from_ns(1_700_000_000_120_000_000);
        let check = |layout: &str, expect: &str| assert_eq!(time.format(layout), expect, "{layout}");
        check("2006-01-02T15:04:05.000Z07:00", "2023-11-14T22:13:20.120Z");
        check("Mon, 02 Jan 2006 3:04:05.999 PM -0700 MST", "Tue, 14 Nov 2023 10:13:20.12 PM +0000 UTC");
        check("06_2_1 002", "2314_11 318");
    }

    #[test]
    fn parses() {
        let check = |layout: &str, text: &str, zone: &str, expect: Option<i64>| {
            assert_eq!(Time::parse(layout, text, zone).map(|t| t.ns()), expect, "{layout} {text}");
        };
        check("2006-01-02", "2021-11-02", "UTC", Some(1_635_811_200_000_000_000));
        check(
            "2006-01-02T15:04:05.999999999Z",
            "2021-11-02T01:02:03.5Z",
            "UTC",
            Some(1_635_814_923_500_000_000),
        );
        check(
            "2006-01-02T15:04:05Z07:00",
            "2021-11-02T01:02:03.25+01:00",
            "",
            Some(1_635_811_323_250_000_000),
        );
        check("2006-01-02 15:04", "2021-07-02 02:00", "Europe/Berlin", Some(1_625_184_000_000_000_000));
        check("Jan _2 2006 3:04PM", "Nov  2 2021 1:02PM", "UTC", Some(1_635_858_120_000_000_000));
        check("2006-01-02", "2021-13-02", "UTC", None);
        check("2006-01-02", "x", "UTC", None);
        check("2006", "2021", "Nowhere/Atall", None);
    }
}
