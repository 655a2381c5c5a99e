//! `year`, `month`, `day_of_week`, … of seconds since the epoch, in UTC; of the evaluation's time without argument.

use super::Special;
use crate::ast::{Call, Span};
use crate::column::{Row, Steps};
use crate::error::Result;
use crate::evaluate::{Evaluator, Output};

/// The function as one of a value.
pub(super) fn of_seconds(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "minute" => |t| (seconds(t).rem_euclid(3_600) / 60) as f64,
        "hour" => |t| (seconds(t).rem_euclid(86_400) / 3_600) as f64,
        "day_of_week" => |t| (days(t) + 4).rem_euclid(7) as f64,
        "day_of_month" => |t| civil(days(t)).2 as f64,
        "day_of_year" => |t| {
            let days = days(t);
            (days - days_of(civil(days).0, 1, 1) + 1) as f64
        },
        "days_in_month" => |t| {
            let (year, month, _) = civil(days(t));
            let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            (days_of(next_year, next, 1) - days_of(year, month, 1)) as f64
        },
        "month" => |t| civil(days(t)).1 as f64,
        "year" => |t| civil(days(t)).0 as f64,
        _ => return None,
    })
}

/// The function as one that may stand without argument.
pub(super) fn special(name: &str) -> Option<Special> {
    of_seconds(name).map(|_| evaluate as Special)
}

fn evaluate(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let Some(f) = of_seconds(call.function.name) else {
        return Err(model::Error::internal("not a date function").into());
    };
    let mut rows = match call.args.first() {
        Some(arg) => evaluator.rows(arg, steps)?,
        None => {
            evaluator.reserve_steps(steps, 1)?;
            let times = steps.times().map(|t| t as f64 / 1000.0);
            vec![Row::new(model::Labels::empty(), times.collect())]
        }
    };
    for row in &mut rows {
        row.drop_name = true;
        row.histograms.clear();
        for value in row.values.iter_mut().filter(|v| !crate::column::is_absent(**v)) {
            *value = f(*value);
        }
    }
    Ok(Output::Rows(rows))
}

fn seconds(t: f64) -> i64 {
    // Far beyond any calendar the days would overflow.
    (t as i64).clamp(-1 << 52, 1 << 52)
}

fn days(t: f64) -> i64 {
    seconds(t).div_euclid(86_400)
}

/// Year, month and day of a day counted from 1970-01-01 (proleptic Gregorian calendar).
fn civil(days: i64) -> (i64, i64, i64) {
    // Years that begin in March, in eras of 400 years: leap days come last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_calendar() {
        let check = |name, t: f64, expected: f64| {
            assert_eq!(of_seconds(name).expect("known")(t), expected, "{name}({t})");
        };
        check("year", 0.0, 1970.0);
        check("year", -1.0, 1969.0);
        check("month", 1_709_164_800.0, 2.0); // 2024-02-29
        check("day_of_month", 1_709_164_800.0, 29.0);
        check("days_in_month", 1_709_164_800.0, 29.0);
        check("day_of_week", 1_709_164_800.0, 4.0);
        check("day_of_year", 1_735_603_200.0, 366.0); // 2024-12-31
        check("hour", 1_709_211_661.0, 13.0);
        check("minute", 1_709_211_661.0, 1.0);
        assert!((-800_000..800_000).step_by(97).all(|d| {
            let (y, m, day) = civil(d);
            days_of(y, m, day) == d
        }));
    }
}
