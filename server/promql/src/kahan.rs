//! Sums with Neumaier's compensation, in the order and with the special cases of Prometheus.

/// A running sum and what rounding took from it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Kahan {
    pub(crate) sum: f64,
    pub(crate) compensation: f64,
}

impl Kahan {
    #[inline]
    pub(crate) fn new(sum: f64, compensation: f64) -> Self {
        Kahan { sum, compensation }
    }

    #[inline]
    pub(crate) fn plus(self, value: f64) -> Self {
        let sum = self.sum + value;
        let compensation = if sum.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.compensation + ((self.sum - sum) + value)
        } else {
            self.compensation + ((value - sum) + self.sum)
        };
        Kahan { sum, compensation }
    }

    #[inline]
    pub(crate) fn total(self) -> f64 {
        self.sum + self.compensation
    }
}

/// A running mean: of the sum as long as that does not overflow, then incrementally.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Mean {
    acc: Kahan,
    count: f64,
    incremental: bool,
}

impl Mean {
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if self.count == 1.0 {
            self.acc = Kahan::new(value, 0.0);
            return;
        }
        if !self.incremental {
            let next = self.acc.plus(value);
            if !next.sum.is_infinite() {
                self.acc = next;
                return;
            }
            self.incremental = true;
            let before = self.count - 1.0;
            self.acc = Kahan::new(self.acc.sum / before, self.acc.compensation / before);
        }
        if self.acc.sum.is_infinite() {
            let same_infinity = value.is_infinite() && (self.acc.sum > 0.0) == (value > 0.0);
            // An infinite mean stays; only NaN or the other infinity changes it.
            if same_infinity || value.is_finite() {
                return;
            }
        }
        let keep = (self.count - 1.0) / self.count;
        self.acc = Kahan::new(keep * self.acc.sum, keep * self.acc.compensation).plus(value / self.count);
    }

    #[inline]
    pub(crate) fn value(&self) -> f64 {
        if self.incremental {
            self.acc.total()
        } else {
            self.acc.sum / self.count + self.acc.compensation / self.count
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_lose_nothing() {
        let sum = [1.0, 1e100, 1.0, -1e100].into_iter().fold(Kahan::default(), Kahan::plus);
        assert_eq!(sum.total(), 2.0);
        let infinite = [f64::MAX, f64::MAX].into_iter().fold(Kahan::default(), Kahan::plus);
        assert_eq!(infinite.total(), f64::INFINITY);
    }

    #[test]
    fn means_do_not_overflow() {
        let check = |values: &[f64], expected: f64| {
            let mut mean = Mean::default();
            values.iter().for_each(|v| mean.add(*v));
            let value = mean.value();
            assert!(value == expected || value.is_nan() && expected.is_nan(), "{values:?}: {value}");
        };
        check(&[1.0, 2.0, 6.0], 3.0);
        check(&[f64::MAX, f64::MAX], f64::MAX);
        check(&[f64::INFINITY, 1.0], f64::INFINITY);
        check(&[1.0, f64::NEG_INFINITY, f64::NEG_INFINITY], f64::NEG_INFINITY);
        check(&[f64::INFINITY, f64::NEG_INFINITY], f64::NAN);
        check(&[1.0, f64::NAN], f64::NAN);
    }
}
