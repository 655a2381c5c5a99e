//! The parser and the evaluator on damaged expressions: those of the scripts, cut, mixed and misspelt. The numbers are
//! the same in every run: 4,000 inputs, 3 million with `PHAROS_SOAK` (`make soak`). What once failed lies in
//! `tests/fuzz/crashes/promql` and is tried first. The same check by coverage, for as long as one likes:
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz promql`.

#[path = "../../../tests/fuzz/checks/promql.rs"]
mod checks;

use std::path::{Path, PathBuf};

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &'a [Box<T>]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
}

/// The expressions of scripts: what stands behind `eval instant at TIME` or `eval range from A to B step C`.
fn seeds() -> Vec<Box<str>> {
    let mut folders = vec![tests_folder().join("conformance/promql")];
    folders.extend(
        std::env::var_os("PHAROS_TEST_DATA").map(|data| PathBuf::from(data).join("conformance/testdata")),
    );
    let mut seeds: Vec<Box<str>> = Vec::new();
    for file in folders.iter().flat_map(|folder| files(folder)) {
        for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
            let Some((_, eval)) = line.split_once("eval") else { continue };
            let words = if line.contains(" range ") { 8 } else { 4 };
            let expr: Vec<&str> = eval.split(' ').skip(words).collect();
            seeds.push(expr.join(" ").into());
        }
    }
    assert!(seeds.len() > 100, "{} expressions in the scripts", seeds.len());
    seeds
}

/// Names, numbers, strings and signs, with the blanks between them.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '.' => 1,
        ' ' => 2,
        _ => 3,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (i, c) in text.char_indices() {
        let now = kind(c);
        if last.is_some_and(|last| last != now || now == 3) {
            tokens.push(&text[start..i]);
            start = i;
        }
        last = Some(now);
    }
    tokens.push(&text[start..]);
    tokens
}

const WORDS: &[&str] = &[
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "@",
    "offset",
    "-",
    "+",
    "*",
    "/",
    "%",
    "^",
    "</",
    ">/",
    "==",
    "bool",
    "and",
    "or",
    "unless",
    "atan2",
    "on",
    "ignoring",
    "group_left",
    "fill",
    "fill_left",
    "by",
    "without",
    "sum",
    "topk",
    "quantile",
    "count_values",
    "limit_ratio",
    "rate",
    "histogram_quantile",
    "histogram_fraction",
    "label_replace",
    "info",
    "absent",
    "anchored",
    "smoothed",
    "step()",
    "range()",
    "min_of",
    "max_of",
    "start()",
    "end()",
    "5m",
    "1h30m",
    "0x1F",
    "1e400",
    "Inf",
    "NaN",
    "1_000",
    "\"\\u00e9\"",
    "'",
    "`",
    "#",
    "\n",
    "é",
    "took",
    "mixed",
    "up",
    "latency_bucket",
    "__name__",
    "le",
    "9223372036854775807",
    "-9223372036854775808ms",
    "106751991167d",
];

/// A seed with one to six changes.
fn mutated(random: &mut Random, seeds: &[Box<str>]) -> String {
    let mut text = random.pick(seeds).to_owned();
    for _ in 0..=random.below(6) {
        let parts = tokens(&text);
        let at = random.below(parts.len());
        let (before, after) = (parts[..at].concat(), parts[at + 1..].concat());
        let other = random.pick(seeds);
        let word = WORDS[random.below(WORDS.len())];
        text = match random.below(8) {
            0 => format!("{before}{after}"),
            1 => format!("{before}{} {word} {after}", parts[at]),
            2 => format!("{before}{word}{after}"),
            3 => {
                let others = tokens(other);
                format!("{before}{}{after}", others[random.below(others.len())])
            }
            4 => format!("{before}({other}){after}"),
            5 => format!("{before}{other}"),
            6 => {
                let cut =
                    text.char_indices().map(|(i, _)| i).nth(random.below(text.chars().count())).unwrap_or(0);
                let c = char::from_u32(random.below(0x250) as u32).unwrap_or('x');
                format!("{}{c}{}", &text[..cut], &text[cut..])
            }
            _ => format!("{before}{}{}{after}", parts[at], parts[at]),
        };
        // Longer ones say nothing new, and take their time.
        if text.len() > 400 {
            text = text.chars().take(300).collect();
        }
    }
    text
}

#[test]
fn damaged_expressions_are_answered_or_refused() {
    let kept = files(&tests_folder().join("fuzz/crashes/promql"));
    for file in &kept {
        checks::check(&String::from_utf8_lossy(&std::fs::read(file).expect("a file")));
    }
    let count = if std::env::var_os("PHAROS_SOAK").is_some() { 3_000_000 } else { 4_000 };
    let seeds = seeds();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut expressions = 0;
    for _ in 0..count {
        let text = mutated(&mut random, &seeds);
        let checked = std::panic::catch_unwind(|| checks::check(&text));
        expressions += usize::from(checked.unwrap_or_else(|_| panic!("it failed on {text:?}")));
    }
    println!(
        "{count} inputs from {} seeds, {expressions} of them expressions; {} kept",
        seeds.len(),
        kept.len()
    );
    assert!(expressions * 20 > count, "mutations leave too few expressions");
}
