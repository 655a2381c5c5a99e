//! Names, argument types and results of all functions.

use crate::ast::ValueType;
use ValueType::{Matrix, Scalar, String, Vector};

/// What a function takes and gives.
#[derive(Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name as it is written.
    pub name: &'static str,
    /// Types of the arguments; the last one repeats if the function is variadic.
    pub args: &'static [ValueType],
    /// 0: exactly `args`; n: the last argument may be left out or repeated, up to n more; -1: without bound.
    pub variadic: i8,
    /// The type of the result.
    pub returns: ValueType,
}

const fn fixed(name: &'static str, args: &'static [ValueType], returns: ValueType) -> Signature {
    Signature { name, args, variadic: 0, returns }
}

const fn variadic(name: &'static str, args: &'static [ValueType], variadic: i8) -> Signature {
    Signature { name, args, variadic, returns: Vector }
}

const fn over_time(name: &'static str) -> Signature {
    fixed(name, &[Matrix], Vector)
}

const fn elementwise(name: &'static str) -> Signature {
    fixed(name, &[Vector], Vector)
}

/// The function of that name.
pub fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES.binary_search_by(|s| s.name.cmp(name)).ok().map(|i| &SIGNATURES[i])
}

/// All functions, sorted by name.
pub static SIGNATURES: &[Signature] = &[
    elementwise("abs"),
    elementwise("absent"),
    over_time("absent_over_time"),
    elementwise("acos"),
    elementwise("acosh"),
    elementwise("asin"),
    elementwise("asinh"),
    elementwise("atan"),
    elementwise("atanh"),
    over_time("avg_over_time"),
    elementwise("ceil"),
    over_time("changes"),
    fixed("clamp", &[Vector, Scalar, Scalar], Vector),
    fixed("clamp_max", &[Vector, Scalar], Vector),
    fixed("clamp_min", &[Vector, Scalar], Vector),
    elementwise("cos"),
    elementwise("cosh"),
    over_time("count_over_time"),
    variadic("day_of_month", &[Vector], 1),
    variadic("day_of_week", &[Vector], 1),
    variadic("day_of_year", &[Vector], 1),
    variadic("days_in_month", &[Vector], 1),
    elementwise("deg"),
    over_time("delta"),
    over_time("deriv"),
    fixed("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Vector),
    fixed("end", &[], Scalar),
    elementwise("exp"),
    over_time("first_over_time"),
    elementwise("floor"),
    elementwise("histogram_avg"),
    elementwise("histogram_count"),
    fixed("histogram_fraction", &[Scalar, Scalar, Vector], Vector),
    fixed("histogram_quantile", &[Scalar, Vector], Vector),
    variadic("histogram_quantiles", &[Vector, String, Scalar, Scalar], 9),
    elementwise("histogram_stddev"),
    elementwise("histogram_stdvar"),
    elementwise("histogram_sum"),
    fixed("holt_winters", &[Matrix, Scalar, Scalar], Vector),
    variadic("hour", &[Vector], 1),
    over_time("idelta"),
    over_time("increase"),
    variadic("info", &[Vector, Vector], 1),
    over_time("irate"),
    variadic("label_join", &[Vector, String, String, String], -1),
    fixed("label_replace", &[Vector, String, String, String, String], Vector),
    over_time("last_over_time"),
    elementwise("ln"),
    elementwise("log10"),
    elementwise("log2"),
    over_time("mad_over_time"),
    over_time("max_over_time"),
    over_time("min_over_time"),
    variadic("minute", &[Vector], 1),
    variadic("month", &[Vector], 1),
    fixed("pi", &[], Scalar),
    fixed("predict_linear", &[Matrix, Scalar], Vector),
    over_time("present_over_time"),
    fixed("quantile_over_time", &[Scalar, Matrix], Vector),
    elementwise("rad"),
    fixed("range", &[], Scalar),
    over_time("rate"),
    over_time("resets"),
    variadic("round", &[Vector, Scalar], 1),
    fixed("scalar", &[Vector], Scalar),
    elementwise("sgn"),
    elementwise("sin"),
    elementwise("sinh"),
    elementwise("sort"),
    variadic("sort_by_label", &[Vector, String], -1),
    variadic("sort_by_label_desc", &[Vector, String], -1),
    elementwise("sort_desc"),
    elementwise("sqrt"),
    fixed("start", &[], Scalar),
    elementwise("start_timestamp"),
    over_time("stddev_over_time"),
    over_time("stdvar_over_time"),
    fixed("step", &[], Scalar),
    over_time("sum_over_time"),
    elementwise("tan"),
    elementwise("tanh"),
    fixed("time", &[], Scalar),
    elementwise("timestamp"),
    over_time("ts_of_first_over_time"),
    over_time("ts_of_last_over_time"),
    over_time("ts_of_max_over_time"),
    over_time("ts_of_min_over_time"),
    fixed("vector", &[Scalar], Vector),
    variadic("year", &[Vector], 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sorted_and_finds_all() {
        assert!(SIGNATURES.is_sorted_by(|a, b| a.name < b.name));
        assert!(SIGNATURES.iter().all(|s| signature(s.name) == Some(s)));
        assert_eq!(signature("Rate"), None);
    }
}
