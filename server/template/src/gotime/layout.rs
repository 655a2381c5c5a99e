//! A layout as a list of parts, and the reading of a text by it.

use jiff::civil;

/// A part of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Text(String),
    LongYear,
    ShortYear,
    LongMonth,
    ShortMonth,
    /// Month as a number; whether it has two digits always.
    Month(bool),
    LongWeekday,
    ShortWeekday,
    Day(bool),
    /// `_2`
    PaddedDay,
    /// `002`, or `__2`, which is padded with spaces.
    DayOfYear {
        spaces: bool,
    },
    Hour,
    Hour12(bool),
    Minute(bool),
    Second(bool),
    /// `PM` or `pm`
    HalfDay {
        upper: bool,
    },
    /// `MST`
    ZoneName,
    /// `-0700` and its kin: whether `Z` stands for UTC, with colons, digits of the offset (2, 4 or 6).
    Offset {
        z: bool,
        colon: bool,
        digits: usize,
    },
    /// `.000`: so many digits, or `.999`: up to so many.
    Fraction {
        separator: char,
        zeros: bool,
        digits: usize,
    },
}

/// What a text said of its zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Zone {
    #[default]
    None,
    Offset(i32),
    Name(String),
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) year: Option<i32>,
    month: Option<i8>,
    day: Option<i8>,
    day_of_year: Option<i16>,
    hour: i8,
    is_pm: Option<bool>,
    minute: i8,
    second: i8,
    nanosecond: i32,
    pub(super) zone: Zone,
}

impl Fields {
    /// The date and time in a year; `None` if there is none such.
    pub(super) fn civil(&self, year: i32) -> Option<civil::DateTime> {
        let year = i16::try_from(year).ok()?;
        let date = match self.day_of_year {
            Some(n) => {
                let first = civil::Date::new(year, 1, 1).ok()?;
                first.checked_add(jiff::Span::new().days(i64::from(n) - 1)).ok()?
            }
            None => civil::Date::new(year, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()?,
        };
        let time = civil::Time::new(self.hour24()?, self.minute, self.second, self.nanosecond).ok()?;
        Some(civil::DateTime::from_parts(date, time))
    }

    fn hour24(&self) -> Option<i8> {
        match self.is_pm {
            Some(true) if self.hour < 12 => Some(self.hour + 12),
            Some(false) if self.hour == 12 => Some(0),
            _ => Some(self.hour).filter(|hour| *hour < 24),
        }
    }
}

pub(super) const MONTHS: [&str; 12] = [
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
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Parts by how they are written; longer ones before those they begin with.
fn part(text: &str) -> Option<(Item, usize)> {
    let offset = |z, colon, digits| Item::Offset { z, colon, digits };
    let all = [
        ("January", Item::LongMonth),
        ("Jan", Item::ShortMonth),
        ("Monday", Item::LongWeekday),
        ("Mon", Item::ShortWeekday),
        ("MST", Item::ZoneName),
        ("2006", Item::LongYear),
        ("__2", Item::DayOfYear { spaces: true }),
        ("002", Item::DayOfYear { spaces: false }),
        ("_2006", Item::Text("_".to_owned())),
        ("_2", Item::PaddedDay),
        ("01", Item::Month(true)),
        ("02", Item::Day(true)),
        ("03", Item::Hour12(true)),
        ("04", Item::Minute(true)),
        ("05", Item::Second(true)),
        ("06", Item::ShortYear),
        ("15", Item::Hour),
        ("1", Item::Month(false)),
        ("2", Item::Day(false)),
        ("3", Item::Hour12(false)),
        ("4", Item::Minute(false)),
        ("5", Item::Second(false)),
        ("PM", Item::HalfDay { upper: true }),
        ("pm", Item::HalfDay { upper: false }),
        ("-07:00:00", offset(false, true, 6)),
        ("-07:00", offset(false, true, 4)),
        ("-070000", offset(false, false, 6)),
        ("-0700", offset(false, false, 4)),
        ("-07", offset(false, false, 2)),
        ("Z07:00:00", offset(true, true, 6)),
        ("Z07:00", offset(true, true, 4)),
        ("Z070000", offset(true, false, 6)),
        ("Z0700", offset(true, false, 4)),
        ("Z07", offset(true, false, 2)),
    ];
    let found = all.into_iter().find(|(written, _)| text.starts_with(written));
    if let Some((written, item)) = found {
        // `_2006` is an underscore and a year; `Jan` in a longer word is no month.
        return match item {
            Item::Text(_) => Some((item, 1)),
            Item::ShortMonth if text[3..].starts_with(|c: char| c.is_ascii_lowercase()) => None,
            item => Some((item, written.len())),
        };
    }
    fraction(text)
}

fn fraction(text: &str) -> Option<(Item, usize)> {
    let (separator, digits) = (text.chars().next()?, text.strip_prefix(['.', ','])?);
    let first = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let n = digits.chars().take_while(|c| *c == first).count();
    let ends = !digits[n..].starts_with(|c: char| c.is_ascii_digit());
    ends.then(|| (Item::Fraction { separator, zeros: first == '0', digits: n }, n + 1))
}

/// Takes a layout apart.
pub(super) fn items(layout: &str) -> Vec<Item> {
    let (mut items, mut rest) = (Vec::new(), layout);
    while let Some(c) = rest.chars().next() {
        let len = match part(rest) {
            Some((item, len)) => {
                items.push(item);
                len
            }
            None => {
                match items.last_mut() {
                    Some(Item::Text(text)) => text.push(c),
                    _ => items.push(Item::Text(c.to_string())),
                }
                c.len_utf8()
            }
        };
        rest = &rest[len..];
    }
    items
}

/// Reads `text` by a layout's parts; the error says what was expected.
pub(super) fn read(items: &[Item], text: &str) -> Result<Fields, &'static str> {
    let (mut fields, mut rest) = (Fields::default(), text);
    for (i, item) in items.iter().enumerate() {
        rest = read_item(item, rest, &mut fields)?;
        // A fraction of seconds is read even where the layout shows none.
        let shown = matches!(items.get(i + 1), Some(Item::Fraction { .. }));
        if matches!(item, Item::Second(_)) && !shown && rest.starts_with(['.', ',']) {
            rest = read_fraction(None, rest, &mut fields)?;
        }
    }
    if rest.is_empty() { Ok(fields) } else { Err("there is more text behind it") }
}

fn read_item<'a>(item: &Item, text: &'a str, fields: &mut Fields) -> Result<&'a str, &'static str> {
    let mut rest = text;
    match item {
        Item::Text(expected) => rest = skip_text(expected, text)?,
        Item::LongYear => fields.year = Some(number(&mut rest, 4, 4)?),
        Item::ShortYear => {
            let year = number(&mut rest, 2, 2)?;
            fields.year = Some(if year >= 69 { year + 1_900 } else { year + 2_000 });
        }
        Item::LongMonth => fields.month = Some(name(&mut rest, &MONTHS, usize::MAX)? as i8 + 1),
        Item::ShortMonth => fields.month = Some(name(&mut rest, &MONTHS, 3)? as i8 + 1),
        Item::LongWeekday => name(&mut rest, &WEEKDAYS, usize::MAX).map(drop)?,
        Item::ShortWeekday => name(&mut rest, &WEEKDAYS, 3).map(drop)?,
        Item::Month(two) => fields.month = Some(number(&mut rest, least(*two), 2)? as i8),
        Item::Day(two) => fields.day = Some(number(&mut rest, least(*two), 2)? as i8),
        Item::PaddedDay => {
            rest = rest.strip_prefix(' ').unwrap_or(rest);
            fields.day = Some(number(&mut rest, 1, 2)? as i8);
        }
        Item::DayOfYear { .. } => {
            rest = rest.trim_start_matches(' ');
            fields.day_of_year = Some(number(&mut rest, 1, 3)? as i16);
        }
        Item::Hour => fields.hour = number(&mut rest, 2, 2)? as i8,
        Item::Hour12(two) => {
            let hour = number(&mut rest, least(*two), 2)?;
            fields.hour = i8::try_from(hour).ok().filter(|h| *h <= 12).ok_or("an hour to 12 was expected")?;
        }
        Item::Minute(two) => fields.minute = number(&mut rest, least(*two), 2)? as i8,
        Item::Second(two) => fields.second = number(&mut rest, least(*two), 2)? as i8,
        Item::HalfDay { .. } => {
            let (word, tail) = rest.split_at_checked(2).ok_or("AM or PM was expected")?;
            fields.is_pm = Some(match word {
                "AM" | "am" => false,
                "PM" | "pm" => true,
                _ => return Err("AM or PM was expected"),
            });
            rest = tail;
        }
        Item::ZoneName => rest = read_zone_name(text, fields)?,
        Item::Offset { z, colon, digits } => {
            fields.zone = Zone::Offset(offset(&mut rest, *z, (*colon, *digits))?);
        }
        Item::Fraction { zeros, digits, .. } => {
            rest = read_fraction(zeros.then_some(*digits), text, fields)?;
        }
    }
    Ok(rest)
}

fn least(two: bool) -> usize {
    if two { 2 } else { 1 }
}

/// Text must be equal; a run of spaces stands for any run of them.
fn skip_text<'a>(expected: &str, text: &'a str) -> Result<&'a str, &'static str> {
    let (mut expected, mut rest) = (expected, text);
    while let Some(c) = expected.chars().next() {
        if c == ' ' {
            if !rest.is_empty() && !rest.starts_with(' ') {
                return Err("a space was expected");
            }
            expected = expected.trim_start_matches(' ');
            rest = rest.trim_start_matches(' ');
            continue;
        }
        rest = rest.strip_prefix(c).ok_or("other text was expected between its parts")?;
        expected = &expected[c.len_utf8()..];
    }
    Ok(rest)
}

/// A number of `least` to `most` digits.
fn number(rest: &mut &str, least: usize, most: usize) -> Result<i32, &'static str> {
    let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return Err("a number was expected");
    }
    let (number, tail) = rest.split_at(digits);
    *rest = tail;
    number.parse().map_err(|_| "a number was expected")
}

/// The place of the name that the text begins with, in any case.
fn name(rest: &mut &str, names: &[&str], letters: usize) -> Result<usize, &'static str> {
    let begins = |name: &&str| {
        let name = &name[..letters.min(name.len())];
        rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
    };
    let at = names.iter().position(begins).ok_or("a month's or weekday's name was expected")?;
    *rest = &rest[letters.min(names[at].len())..];
    Ok(at)
}

fn offset(rest: &mut &str, z: bool, (colon, digits): (bool, usize)) -> Result<i32, &'static str> {
    if let Some(tail) = rest.strip_prefix('Z').filter(|_| z) {
        *rest = tail;
        return Ok(0);
    }
    let sign = match rest.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return Err("an offset such as +01:00 was expected"),
    };
    *rest = &rest[1..];
    let mut seconds = 0;
    for (i, unit) in [3_600, 60, 1].into_iter().enumerate().take(digits / 2) {
        if i > 0 && colon {
            *rest = rest.strip_prefix(':').ok_or("an offset such as +01:00 was expected")?;
        }
        seconds += number(rest, 2, 2)? * unit;
    }
    Ok(sign * seconds)
}

/// `UTC`, `CEST`, `GMT+3`, `+03`
fn read_zone_name<'a>(text: &'a str, fields: &mut Fields) -> Result<&'a str, &'static str> {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let (word, tail) = text.split_at(letters);
    let hours = |tail: &str| {
        let sign = tail.chars().next().filter(|c| matches!(c, '+' | '-'))?;
        let digits = tail[1..].bytes().take(2).take_while(u8::is_ascii_digit).count();
        let hours: i32 = tail[1..=digits].parse().ok()?;
        Some((if sign == '-' { -hours } else { hours }, digits + 1))
    };
    if matches!(word, "" | "GMT")
        && let Some((hours, len)) = hours(tail)
    {
        fields.zone = Zone::Offset(hours * 3_600);
        return Ok(&tail[len..]);
    }
    if !(3..=5).contains(&letters) {
        return Err("a zone's abbreviation was expected");
    }
    let utc = matches!(word, "UTC" | "GMT");
    fields.zone = if utc { Zone::Offset(0) } else { Zone::Name(word.to_owned()) };
    Ok(tail)
}

fn read_fraction<'a>(
    exact: Option<usize>,
    text: &'a str,
    fields: &mut Fields,
) -> Result<&'a str, &'static str> {
    let Some(digits) = text.strip_prefix(['.', ',']) else {
        return if exact.is_some() { Err("a fraction of seconds was expected") } else { Ok(text) };
    };
    let n = digits.bytes().take_while(u8::is_ascii_digit).count();
    if n == 0 {
        return if exact.is_some() { Err("a fraction of seconds was expected") } else { Ok(text) };
    }
    if exact.is_some_and(|exact| exact != n) {
        return Err("a fraction of seconds with another number of digits was expected");
    }
    let places = digits.bytes().take(n).chain(std::iter::repeat(b'0')).take(9);
    fields.nanosecond = places.fold(0, |ns, digit| ns * 10 + i32::from(digit - b'0'));
    Ok(&digits[n..])
}
