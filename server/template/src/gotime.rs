//! Times in the layouts of Go's `time` package: `2006-01-02T15:04:05.999Z07:00`.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// A time with its zone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Time {
    zoned: Zoned,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The parts of a layout, longer ones before their prefixes.
const PARTS: [&str; 34] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "-07:00:00",
    "-07:00",
    "-070000",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z07:00",
    "Z070000",
    "Z0700",
    "Z07",
    "002",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "__2",
    "_2006",
    "_2",
    "PM",
    "pm",
    "1",
    "2",
    "3",
    "4",
    "5",
];

enum Part<'a> {
    Literal(char),
    Known(&'static str),
    /// `.000`: `keep` zeros, digits
    Fraction {
        separator: char,
        keep: bool,
        digits: usize,
        text: &'a str,
    },
}

/// The first part of `layout` and what follows it.
fn part(layout: &str) -> Option<(Part<'_>, &str)> {
    let first = layout.chars().next()?;
    if matches!(first, '.' | ',') {
        for (digit, keep) in [('0', true), ('9', false)] {
            let digits = layout[1..].find(|c| c != digit).unwrap_or(layout.len() - 1);
            let ends = !layout[1 + digits..].starts_with(|c: char| c.is_ascii_digit());
            if digits > 0 && ends {
                let (text, rest) = layout.split_at(1 + digits);
                return Some((Part::Fraction { separator: first, keep, digits, text }, rest));
            }
        }
    }
    // `_2006` is an underscore and a year.
    if layout.starts_with("_2006") {
        return Some((Part::Literal('_'), &layout[1..]));
    }
    match PARTS.iter().find(|known| layout.starts_with(**known)) {
        Some(known) => Some((Part::Known(known), &layout[known.len()..])),
        None => Some((Part::Literal(first), &layout[first.len_utf8()..])),
    }
}

impl Time {
    pub(super) fn from_ns(ns: i64) -> Self {
        let timestamp = Timestamp::from_nanosecond(ns.into()).unwrap_or(Timestamp::UNIX_EPOCH);
        Time { zoned: timestamp.to_zoned(TimeZone::UTC) }
    }

    pub(super) fn ns(&self) -> i64 {
        self.zoned.timestamp().as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    pub(super) fn format(&self, layout: &str) -> String {
        let mut out = String::new();
        let mut rest = layout;
        while let Some((part, tail)) = part(rest) {
            match part {
                Part::Literal(c) => out.push(c),
                Part::Fraction { separator, keep, digits, .. } => {
                    let text = format!("{:09}", self.zoned.subsec_nanosecond());
                    let text = &text[..digits.min(9)];
                    let text = if keep { text } else { text.trim_end_matches('0') };
                    if !text.is_empty() {
                        out.push(separator);
                        out.push_str(text);
                    }
                }
                Part::Known(known) => out.push_str(&self.known(known)),
            }
            rest = tail;
        }
        out
    }

    fn known(&self, part: &str) -> String {
        let z = &self.zoned;
        let hour12 = (z.hour() + 11) % 12 + 1;
        match part {
            "January" => MONTHS[z.month() as usize - 1].into(),
            "Jan" => MONTHS[z.month() as usize - 1][..3].into(),
            "Monday" => DAYS[z.weekday().to_monday_zero_offset() as usize].into(),
            "Mon" => DAYS[z.weekday().to_monday_zero_offset() as usize][..3].into(),
            "MST" => z.time_zone().to_offset_info(z.timestamp()).abbreviation().to_string(),
            "2006" => format!("{:04}", z.year()),
            "06" => format!("{:02}", z.year().rem_euclid(100)),
            "01" => format!("{:02}", z.month()),
            "1" => z.month().to_string(),
            "02" => format!("{:02}", z.day()),
            "_2" => format!("{:>2}", z.day()),
            "2" => z.day().to_string(),
            "002" => format!("{:03}", z.day_of_year()),
            "__2" => format!("{:>3}", z.day_of_year()),
            "15" => format!("{:02}", z.hour()),
            "03" => format!("{hour12:02}"),
            "3" => hour12.to_string(),
            "04" => format!("{:02}", z.minute()),
            "4" => z.minute().to_string(),
            "05" => format!("{:02}", z.second()),
            "5" => z.second().to_string(),
            "PM" => if z.hour() < 12 { "AM" } else { "PM" }.into(),
            "pm" => if z.hour() < 12 { "am" } else { "pm" }.into(),
            offset => self.offset(offset),
        }
    }

    fn offset(&self, part: &str) -> String {
        let seconds = self.zoned.offset().seconds();
        if part.starts_with('Z') && seconds == 0 {
            return "Z".into();
        }
        let sign = if seconds < 0 { '-' } else { '+' };
        let n = seconds.unsigned_abs();
        let (hours, minutes, seconds) = (n / 3600, n / 60 % 60, n % 60);
        match &part[1..] {
            "07:00:00" => format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"),
            "070000" => format!("{sign}{hours:02}{minutes:02}{seconds:02}"),
            "07:00" => format!("{sign}{hours:02}:{minutes:02}"),
            "0700" => format!("{sign}{hours:02}{minutes:02}"),
            _ => format!("{sign}{hours:02}"),
        }
    }

    /// Reads `text`; where it names no zone, it is in `zone` (a name of the time zone database, `UTC` or `Local`).
    pub(super) fn parse(layout: &str, text: &str, zone: &str) -> Option<Self> {
        let zone = match zone {
            "" | "UTC" | "Local" => TimeZone::UTC,
            name => TimeZone::get(name).ok()?,
        };
        let mut fields = Fields { rest: text, year: 0, month: 1, day: 1, ..Fields::default() };
        let mut rest = layout;
        while let Some((part, tail)) = part(rest) {
            match part {
                Part::Literal(c) => fields.rest = fields.rest.strip_prefix(c)?,
                Part::Fraction { text, .. } => fields.fraction(text)?,
                Part::Known(known) => {
                    fields.known(known)?;
                    // Seconds may have a fraction that the layout does not mention.
                    let unsaid = !tail.starts_with(['.', ',']) && fields.rest.starts_with(['.', ',']);
                    if matches!(known, "05" | "5") && unsaid {
                        fields.fraction("")?;
                    }
                }
            }
            rest = tail;
        }
        fields.finish(zone)
    }
}

#[derive(Default)]
struct Fields<'a> {
    rest: &'a str,
    year: i16,
    month: i8,
    day: i8,
    day_of_year: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    ns: i32,
    afternoon: Option<bool>,
    offset_s: Option<i32>,
}

impl Fields<'_> {
    fn number(&mut self, least: usize, most: usize) -> Option<i16> {
        let digits = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if digits < least {
            return None;
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number.parse().ok()
    }

    fn fraction(&mut self, layout: &str) -> Option<()> {
        let optional = layout.len() < 2 || layout.ends_with('9');
        let Some(tail) = self.rest.strip_prefix(['.', ',']) else {
            return optional.then_some(());
        };
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        let text = format!("{:0<9}", &tail[..digits.min(9)]);
        self.ns = text.parse().ok()?;
        self.rest = &tail[digits..];
        Some(())
    }

    fn name(&mut self, names: &[&str], short: bool) -> Option<i8> {
        let fits = |name: &str| {
            let name = if short { &name[..3] } else { name };
            self.rest.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name)).then_some(name.len())
        };
        let (i, length) = names.iter().enumerate().find_map(|(i, name)| Some((i, fits(name)?)))?;
        self.rest = &self.rest[length..];
        Some(i as i8 + 1)
    }

    fn known(&mut self, part: &str) -> Option<()> {
        match part {
            "2006" => self.year = self.number(4, 4)?,
            "06" => self.year = self.number(2, 2).map(|y| if y >= 69 { 1900 + y } else { 2000 + y })?,
            "01" => self.month = self.number(2, 2)? as i8,
            "1" => self.month = self.number(1, 2)? as i8,
            "January" => self.month = self.name(&MONTHS, false)?,
            "Jan" => self.month = self.name(&MONTHS, true)?,
            "Monday" => drop(self.name(&DAYS, false)?),
            "Mon" => drop(self.name(&DAYS, true)?),
            "02" => self.day = self.number(2, 2)? as i8,
            "_2" | "2" => {
                self.rest = self.rest.trim_start_matches(' ');
                self.day = self.number(1, 2)? as i8;
            }
            "002" | "__2" => {
                self.rest = self.rest.trim_start_matches(' ');
                self.day_of_year = Some(self.number(1, 3)?);
            }
            "15" | "03" => self.hour = self.number(2, 2)? as i8,
            "3" => self.hour = self.number(1, 2)? as i8,
            "04" => self.minute = self.number(2, 2)? as i8,
            "4" => self.minute = self.number(1, 2)? as i8,
            "05" => self.second = self.number(2, 2)? as i8,
            "5" => self.second = self.number(1, 2)? as i8,
            "PM" | "pm" => {
                let word = self.rest.get(..2)?;
                self.afternoon = Some(word.eq_ignore_ascii_case("pm"));
                if !word.eq_ignore_ascii_case("am") && self.afternoon == Some(false) {
                    return None;
                }
                self.rest = &self.rest[2..];
            }
            "MST" => {
                let length = self.rest.bytes().take_while(u8::is_ascii_uppercase).count();
                if length < 3 {
                    return None;
                }
                self.rest = &self.rest[length..];
            }
            offset => self.offset(offset)?,
        }
        Some(())
    }

    fn offset(&mut self, part: &str) -> Option<()> {
        if part.starts_with('Z')
            && let Some(rest) = self.rest.strip_prefix('Z')
        {
            self.rest = rest;
            self.offset_s = Some(0);
            return Some(());
        }
        let negative = self.rest.starts_with('-');
        self.rest = self.rest.strip_prefix(['-', '+'])?;
        let mut seconds = i32::from(self.number(2, 2)?) * 3600;
        let colons = part.contains(':');
        let parts = part[1..].replace(':', "").len() / 2 - 1;
        for scale in [60, 1].into_iter().take(parts) {
            if colons {
                self.rest = self.rest.strip_prefix(':')?;
            }
            seconds += i32::from(self.number(2, 2)?) * scale;
        }
        self.offset_s = Some(if negative { -seconds } else { seconds });
        Some(())
    }

    fn finish(self, zone: TimeZone) -> Option<Time> {
        if !self.rest.is_empty() {
            return None;
        }
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let mut civil =
            DateTime::new(self.year, self.month, self.day, hour, self.minute, self.second, self.ns).ok()?;
        if let Some(day) = self.day_of_year {
            civil = civil.with().day_of_year(day).build().ok()?;
        }
        let zone = match self.offset_s {
            Some(0) => TimeZone::UTC,
            Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
            None => zone,
        };
        Some(Time { zoned: civil.to_zoned(zone).ok()? })
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
