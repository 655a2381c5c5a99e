//! `limit`: at most so many lines a second, of all files of the job together.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Gather, Stage, State};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::Draft;

/// Lines of a file that wait for their turn at once; of more, the first are let go early.
const MAX_WAITING: usize = 10_000;

/// The rate, and what is left of it.
#[derive(Debug)]
struct Limit {
    rate: f64,
    burst: f64,
    drop: bool,
    /// A rate of its own for each value of this label; lines without it are not limited.
    by_label: Option<String>,
    max_labels: usize,
    tokens: Mutex<HashMap<String, Tokens>>,
}

/// Lines that may pass now.
#[derive(Debug, Clone, Copy, Default)]
struct Tokens {
    left: f64,
    filled_ms: Option<i64>,
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
        by_label: section.text("by_label_name")?.filter(|name| !name.is_empty()),
        max_labels: section.number("max_distinct_labels")?.unwrap_or(10_000).max(1) as usize,
        tokens: Mutex::default(),
    };
    if limit.by_label.is_some() && !limit.drop {
        return Err(section.bad("by_label_name", "a limit by label needs drop: true"));
    }
    Ok(vec![Stage::Gather(Arc::new(limit))])
}

impl Limit {
    /// Takes the right to let one line pass, if there is one.
    fn take(&self, value: &str, now_ms: i64) -> bool {
        let mut all = self.tokens.lock();
        if all.len() >= self.max_labels && !all.contains_key(value) {
            // Those that were used longest ago are forgotten: what they had left is full again by then, or nearly.
            let mut ages: Vec<i64> = all.values().filter_map(|tokens| tokens.filled_ms).collect();
            let half = ages.len() / 2;
            let middle = *ages.select_nth_unstable(half).1;
            all.retain(|_, tokens| tokens.filled_ms.is_some_and(|filled| filled > middle));
        }
        let tokens = match all.get_mut(value) {
            Some(tokens) => tokens,
            None => all.entry(value.to_owned()).or_default(),
        };
        let last = tokens.filled_ms.replace(now_ms);
        let gained = last.map_or(self.burst, |last| (now_ms - last).max(0) as f64 / 1_000.0 * self.rate);
        tokens.left = (tokens.left + gained).min(self.burst);
        let passes = tokens.left >= 1.0;
        tokens.left -= f64::from(u8::from(passes));
        passes
    }
}

impl Gather for Limit {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn state(&self) -> State {
        State::Waiting(VecDeque::new())
    }

    fn push(&self, draft: Draft, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        let State::Waiting(waiting) = state else { return out.push(draft) };
        if let Some(name) = &self.by_label {
            let value = draft.label(name).map(str::to_owned);
            if value.is_none_or(|value| self.take(&value, now_ms)) {
                out.push(draft);
            }
            return;
        }
        if self.drop {
            return out.extend(self.take("", now_ms).then_some(draft));
        }
        waiting.push_back(draft);
        self.release(state, now_ms, out);
    }

    fn release(&self, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        let State::Waiting(waiting) = state else { return };
        while !waiting.is_empty() && (self.take("", now_ms) || waiting.len() > MAX_WAITING) {
            out.extend(waiting.pop_front());
        }
    }

    fn held(&self, state: &State) -> Option<u64> {
        match state {
            State::Waiting(waiting) => waiting.front().map(|draft| draft.start),
            _ => None,
        }
    }
}
