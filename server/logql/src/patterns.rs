//! What the lines of a selection look like: lines of one shape become one pattern, what varies in them `<_>`; counted
//! over time. In the manner of Drain (<https://jiemingzhu.github.io/pub/pjhe_icws2017.pdf>), with a line's punctuation as
//! its shape.

use std::collections::BTreeMap;

use model::{Control, Direction, LogSelect, LogSource, Need};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::Result;
use crate::answer::RangeParams;
use crate::ast::LogExpr;
use crate::line::Line;
use crate::scan::{Env, Plan};
use crate::stages::{Pipeline, Wanted};

/// Bytes of a line that are looked at.
const MOST_BYTES: usize = 4_096;
/// Pieces of a line that are told apart.
const MOST_TOKENS: usize = 200;
/// Patterns that lines of one shape may make.
const MOST_PER_SHAPE: usize = 20;
/// Shapes that are told apart while lines are read.
const MOST_SHAPES: usize = 5_000;
/// Patterns of an answer, the most frequent ones.
const MOST_PATTERNS: usize = 300;
/// The share of words that a line has to have in common with a pattern.
const LIKENESS: f64 = 0.5;

const VARIES: &str = "<_>";

/// A pattern and how many lines had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The pattern, `<_>` for what varies: as `|>` takes it.
    pub pattern: String,
    /// Lines by the time of their step, ns.
    pub samples: Vec<(i64, u64)>,
    /// All lines.
    pub lines: u64,
}

/// Patterns of the lines that `log` selects from `start_ns` to `end_ns`, counted by `step_ns`; the most frequent first.
pub fn patterns(
    source: &dyn LogSource,
    log: &LogExpr,
    params: RangeParams,
    control: &Control,
) -> Result<Vec<Pattern>> {
    let env = Env::new(source, control, params.now_ns);
    let plan = Plan::new(log)?;
    let pipeline = Pipeline::compile(&plan.stages, &Wanted::only([]))?;
    let select = LogSelect {
        matchers: plan.matchers,
        start_ns: params.start_ns,
        end_ns: params.end_ns,
        filters: plan.filters,
        direction: Direction::Backward,
        need: Need::Lines,
        arrivals: None,
    };
    let scan = source.scan(&select, control)?;
    let step_ns = params.step_ns.max(1);
    let of_part = |part: usize| -> Result<Miner> {
        control.check()?;
        let batch = scan.read(part, control)?;
        let mut miner = Miner::default();
        let mut line = Line { now_ns: params.now_ns, ..Line::default() };
        let none = model::Labels::empty();
        for i in 0..batch.len() {
            let stream = &batch.streams[batch.stream_of[i] as usize];
            line.start(batch.timestamps[i], &batch.lines[i], stream, batch.metadata.get(i).unwrap_or(&none));
            if pipeline.apply(&mut line) {
                let step = batch.timestamps[i].div_euclid(step_ns).saturating_mul(step_ns);
                miner.add(&line.text_lossy(), step);
            }
        }
        env.counters.read(&batch);
        Ok(miner)
    };
    let miners = (0..scan.parts().len()).into_par_iter().map(of_part);
    let all = miners.try_reduce(Miner::default, |a, b| Ok(a.joined(b)))?;
    Ok(all.finish())
}

/// Lines that look alike.
#[derive(Debug, Clone)]
struct Cluster {
    /// Words and punctuation in turn; `None` = it varies.
    tokens: Vec<Option<Box<str>>>,
    counts: BTreeMap<i64, u64>,
}

impl Cluster {
    /// Which share of its words `tokens` has; its punctuation is the same.
    fn likeness(&self, tokens: &[Option<&str>]) -> f64 {
        let (mut words, mut same) = (0u32, 0u32);
        for (mine, other) in self.tokens.iter().zip(tokens) {
            if other.is_some_and(is_punctuation) {
                continue;
            }
            words += 1;
            same += u32::from(mine.as_deref() == *other);
        }
        if words == 0 { 1.0 } else { f64::from(same) / f64::from(words) }
    }

    fn absorb(&mut self, tokens: &[Option<&str>]) {
        for (mine, other) in self.tokens.iter_mut().zip(tokens) {
            if mine.as_deref() != *other {
                *mine = None;
            }
        }
    }

    fn lines(&self) -> u64 {
        self.counts.values().sum()
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for token in &self.tokens {
            match token {
                Some(text) => out.push_str(text),
                // Two of them in a row say no more than one.
                None if out.ends_with(VARIES) => {}
                None => out.push_str(VARIES),
            }
        }
        out
    }
}

/// Clusters by the shape of their lines.
#[derive(Debug, Default)]
struct Miner {
    shapes: FxHashMap<Box<str>, Vec<Cluster>>,
}

impl Miner {
    fn add(&mut self, line: &str, step: i64) {
        let tokens = tokens(line);
        let counts = BTreeMap::from([(step, 1)]);
        self.put(&tokens, &counts);
    }

    fn put(&mut self, tokens: &[Option<&str>], counts: &BTreeMap<i64, u64>) {
        let shape = shape(tokens);
        if self.shapes.len() >= MOST_SHAPES && !self.shapes.contains_key(shape.as_str()) {
            return;
        }
        let clusters = match self.shapes.get_mut(shape.as_str()) {
            Some(clusters) => clusters,
            None => self.shapes.entry(shape.into()).or_default(),
        };
        let best = clusters
            .iter_mut()
            .map(|cluster| (cluster.likeness(tokens), cluster))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let like = match best {
            Some((likeness, _)) if likeness < LIKENESS => None,
            Some((_, cluster)) => Some(cluster),
            None => None,
        };
        match like {
            Some(cluster) => {
                cluster.absorb(tokens);
                for (step, n) in counts {
                    *cluster.counts.entry(*step).or_default() += n;
                }
            }
            None => {
                let tokens = tokens.iter().map(|token| token.map(Box::from)).collect();
                clusters.push(Cluster { tokens, counts: counts.clone() });
                if clusters.len() > MOST_PER_SHAPE {
                    join_rarest(clusters);
                }
            }
        }
    }

    fn joined(mut self, other: Miner) -> Miner {
        for cluster in other.shapes.into_values().flatten() {
            let tokens: Vec<Option<&str>> = cluster.tokens.iter().map(Option::as_deref).collect();
            self.put(&tokens, &cluster.counts);
        }
        self
    }

    fn finish(self) -> Vec<Pattern> {
        let mut by_text: BTreeMap<String, BTreeMap<i64, u64>> = BTreeMap::new();
        for cluster in self.shapes.into_values().flatten() {
            let counts = by_text.entry(cluster.text()).or_default();
            for (step, n) in cluster.counts {
                *counts.entry(step).or_default() += n;
            }
        }
        let mut all: Vec<Pattern> = by_text
            .into_iter()
            .map(|(pattern, counts)| Pattern {
                pattern,
                lines: counts.values().sum(),
                samples: counts.into_iter().collect(),
            })
            .collect();
        all.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.pattern.cmp(&b.pattern)));
        all.truncate(MOST_PATTERNS);
        all
    }
}

/// Makes room: the two rarest become one.
fn join_rarest(clusters: &mut Vec<Cluster>) {
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.lines()));
    let (Some(rarest), Some(into)) = (clusters.pop(), clusters.last_mut()) else { return };
    let tokens: Vec<Option<&str>> = rarest.tokens.iter().map(Option::as_deref).collect();
    into.absorb(&tokens);
    for (step, n) in rarest.counts {
        *into.counts.entry(step).or_default() += n;
    }
}

fn is_punctuation(token: &str) -> bool {
    token.starts_with(is_delimiter)
}

fn is_delimiter(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t'
            | '\n'
            | '\r'
            | ','
            | ';'
            | '='
            | ':'
            | '"'
            | '\''
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '|'
    )
}

/// Words and runs of punctuation in turn; words with digits vary.
fn tokens(line: &str) -> Vec<Option<&str>> {
    let end = (0..=line.len().min(MOST_BYTES)).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let mut rest = &line[..end];
    let mut found = Vec::new();
    while !rest.is_empty() && found.len() < MOST_TOKENS {
        let delimiter = rest.starts_with(is_delimiter);
        let len = rest.find(|c: char| is_delimiter(c) != delimiter).unwrap_or(rest.len());
        let (token, after) = rest.split_at(len);
        let varies = !delimiter && token.bytes().any(|b| b.is_ascii_digit());
        found.push((!varies).then_some(token));
        rest = after;
    }
    if !rest.is_empty() || end < line.len() {
        found.push(None);
    }
    found
}

/// What lines must have in common to make one pattern: their punctuation.
fn shape(tokens: &[Option<&str>]) -> String {
    let mut out = String::with_capacity(tokens.len() * 2);
    for token in tokens {
        match token {
            Some(text) if is_punctuation(text) => out.push_str(text),
            _ => out.push('w'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mine(lines: &[&str]) -> Vec<String> {
        let mut parts = lines.chunks(2).map(|lines| {
            let mut miner = Miner::default();
            lines.iter().enumerate().for_each(|(i, line)| miner.add(line, i as i64));
            miner
        });
        let first = parts.next().unwrap_or_default();
        let all = parts.fold(first, Miner::joined).finish();
        let total: u64 = all.iter().map(|pattern| pattern.lines).sum();
        assert_eq!(total, lines.len() as u64, "no line is lost");
        all.into_iter().map(|p| format!("{} {}", p.lines, p.pattern)).collect()
    }

    #[test]
    fn what_varies_is_left_open() {
        assert_eq!(
            mine(&[
                "level=info msg=\"user alice logged in\" took=12ms",
                "level=info msg=\"user bob logged in\" took=7ms",
                "level=info msg=\"user carol logged in\" took=7ms",
                "panic: out of memory",
                "{\"id\": \"a1\", \"ok\": true}",
                "{\"id\": \"b2\", \"ok\": true}",
            ]),
            [
                "3 level=info msg=\"user <_> logged in\" took=<_>",
                "2 {\"id\": \"<_>\", \"ok\": true}",
                "1 panic: out of memory",
            ]
        );
        assert_eq!(mine(&["", "", "größe 1"]), ["2 ", "1 größe <_>"]);
    }

    #[test]
    fn many_different_lines_stay_within_the_bound() {
        let lines: Vec<String> = (b'a'..=b'z')
            .flat_map(|a| (b'a'..=b'z').map(move |b| format!("{0}{1} {1}{0}", char::from(a), char::from(b))))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!(mine(&lines).len() <= MOST_PER_SHAPE);
        let long = "word ".repeat(5_000);
        assert!(mine(&[&long])[0].ends_with(VARIES));
    }
}
