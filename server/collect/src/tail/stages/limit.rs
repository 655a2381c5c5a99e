//! `limit`: at most so many lines a second.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Gather, Stage, State};
use crate::Result;
use crate::report::Status;
use crate::section::Section;
use crate::tail::pipeline::Draft;

/// Lines of a file that wait for their turn at once; of more, the first are let go early.
const MAX_WAITING: usize = 10_000;

/// The rate, per file.
#[derive(Debug)]
struct Limit {
    rate: f64,
    burst: f64,
    drop: bool,
}

/// Tokens left, and lines that wait for one.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    tokens: f64,
    filled_ms: Option<i64>,
    waiting: VecDeque<Draft>,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let number = |key| -> Result<f64> {
        let value = section.text(key)?.and_then(|text| text.parse().ok()).filter(|n: &f64| *n > 0.0);
        value.ok_or_else(|| section.bad(key, "limit needs a number above 0"))
    };
    let limit = Limit {
        rate: number("rate")?,
        burst: number("burst")?.max(1.0),
        drop: section.bool("drop")?.unwrap_or(false),
    };
    section.ignored(&["by_label_name", "max_distinct_labels"], "the rate holds for each file");
    section.restate(
        "rate",
        Status::Approximated,
        "the rate holds for each file, not for all of them together",
    );
    Ok(vec![Stage::Gather(Arc::new(limit))])
}

impl Limit {
    fn fill(&self, bucket: &mut Bucket, now_ms: i64) {
        let last = bucket.filled_ms.replace(now_ms);
        let gained = last.map_or(self.burst, |last| (now_ms - last).max(0) as f64 / 1_000.0 * self.rate);
        bucket.tokens = (bucket.tokens + gained).min(self.burst);
    }
}

impl Gather for Limit {
    fn state(&self) -> State {
        State::Bucket(Box::default())
    }

    fn push(&self, draft: Draft, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        let State::Bucket(bucket) = state else { return out.push(draft) };
        self.fill(bucket, now_ms);
        bucket.waiting.push_back(draft);
        self.release(state, now_ms, out);
    }

    fn release(&self, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        let State::Bucket(bucket) = state else { return };
        self.fill(bucket, now_ms);
        while bucket.tokens >= 1.0 || bucket.waiting.len() > MAX_WAITING {
            let Some(draft) = bucket.waiting.pop_front() else { return };
            bucket.tokens = (bucket.tokens - 1.0).max(0.0);
            out.push(draft);
        }
        if self.drop {
            bucket.waiting.clear();
        }
    }

    fn held(&self, state: &State) -> Option<u64> {
        match state {
            State::Bucket(bucket) => bucket.waiting.front().map(|draft| draft.start),
            _ => None,
        }
    }
}
