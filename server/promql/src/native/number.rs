//! The numbers of a histogram: plain, or with what rounding took from them.

use crate::kahan::Kahan;

/// What histograms count with.
pub(crate) trait Number: Copy {
    /// The number of that value.
    fn of(value: f64) -> Self;

    /// The sum with a plain number.
    fn plus(self, value: f64) -> Self;

    /// The sum of two.
    fn join(self, other: Self) -> Self;

    /// Both parts, changed alike.
    fn scaled(self, f: impl Fn(f64) -> f64) -> Self;

    /// The plain number.
    fn total(self) -> f64;

    /// Whether the plain part is infinite.
    fn is_infinite(self) -> bool;
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn plus(self, value: f64) -> Self {
        self + value
    }

    fn join(self, other: Self) -> Self {
        self + other
    }

    fn scaled(self, f: impl Fn(f64) -> f64) -> Self {
        f(self)
    }

    fn total(self) -> f64 {
        self
    }

    fn is_infinite(self) -> bool {
        f64::is_infinite(self)
    }
}

impl Number for Kahan {
    fn of(value: f64) -> Self {
        Kahan::new(value, 0.0)
    }

    fn plus(self, value: f64) -> Self {
        Kahan::plus(self, value)
    }

    fn join(self, other: Self) -> Self {
        let sum = Kahan::plus(self, other.sum);
        Kahan::new(sum.sum, sum.compensation + other.compensation)
    }

    fn scaled(self, f: impl Fn(f64) -> f64) -> Self {
        Kahan::new(f(self.sum), f(self.compensation))
    }

    fn total(self) -> f64 {
        self.sum + self.compensation
    }

    fn is_infinite(self) -> bool {
        self.sum.is_infinite()
    }
}
