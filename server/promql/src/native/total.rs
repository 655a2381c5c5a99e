//! The sum or the mean of many histograms.

use model::{CounterResetHint, Histogram};

use super::{Incompatible, Native, Number, Remarks};
use crate::kahan::Kahan;

/// A sum or a mean on its way.
#[derive(Debug, Clone)]
pub(crate) struct Total {
    sum: Native<Kahan>,
    count: f64,
    mean: bool,
    /// The sum would overflow: `sum` is the mean of what came so far.
    incremental: bool,
    reconciled: bool,
    reset_seen: bool,
    no_reset_seen: bool,
}

impl Total {
    /// Begins with the first histogram; `mean` asks for the mean.
    pub(crate) fn new(first: &Histogram, mean: bool) -> Self {
        let mut total = Total {
            sum: Native::of(first),
            count: 1.0,
            mean,
            incremental: false,
            reconciled: false,
            reset_seen: false,
            no_reset_seen: false,
        };
        total.see(first);
        total
    }

    fn see(&mut self, histogram: &Histogram) {
        self.reset_seen |= histogram.reset_hint == CounterResetHint::Reset;
        self.no_reset_seen |= histogram.reset_hint == CounterResetHint::NotReset;
    }

    /// Adds one more.
    pub(crate) fn add(&mut self, histogram: &Histogram) -> Result<(), Incompatible> {
        self.see(histogram);
        self.count += 1.0;
        if !self.mean {
            self.reconciled |= self.sum.add(histogram)?.reconciled;
            return Ok(());
        }
        if !self.incremental {
            let mut sum = self.sum.clone();
            self.reconciled |= sum.add(histogram)?.reconciled;
            if !sum.has_infinity() {
                self.sum = sum;
                return Ok(());
            }
            self.incremental = true;
            let before = self.count - 1.0;
            self.change(|sum| sum.map(|n| n.scaled(|x| x / before)));
        }
        let (count, keep) = (self.count, (self.count - 1.0) / self.count);
        self.change(|mean| mean.map(|n| n.scaled(|x| x * keep)));
        let part = Native::of(histogram).map(|n: f64| n / count);
        self.reconciled |= self.sum.add_native(part)?.reconciled;
        Ok(())
    }

    fn change(&mut self, f: impl FnOnce(Native<Kahan>) -> Native<Kahan>) {
        let empty = Native::of(&Histogram::default());
        self.sum = f(std::mem::replace(&mut self.sum, empty));
    }

    /// The sum or mean, and what is to be said of it.
    pub(crate) fn finish(self) -> (Native, Remarks) {
        let remarks =
            Remarks { reconciled: self.reconciled, collision: self.reset_seen && self.no_reset_seen };
        let count = self.count;
        let value = if self.mean && !self.incremental {
            self.sum.map(|n| n.sum / count + n.compensation / count)
        } else {
            self.sum.map(Number::total)
        };
        (value.compact(), remarks)
    }
}
