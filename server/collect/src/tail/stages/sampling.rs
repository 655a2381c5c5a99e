//! `sampling`: keeps a share of the lines, chosen by chance.

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// The share of lines that are kept.
#[derive(Debug)]
struct Sampling(f64);

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let rate = section.text("rate")?.and_then(|text| text.parse().ok());
    let rate = rate.filter(|rate| (0.0..=1.0).contains(rate));
    each(Sampling(rate.ok_or_else(|| section.bad("rate", "sampling needs a rate from 0 to 1"))?))
}

impl Each for Sampling {
    fn name(&self) -> &'static str {
        "sampling"
    }

    fn apply(&self, _: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        Ok(if rand::random::<f64>() < self.0 { Verdict::Keep } else { Verdict::Drop })
    }
}
