//! A set of labels in one allocation.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use twox_hash::XxHash3_64;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";
/// The label that holds a classic histogram bucket's upper bound.
pub const BUCKET_LABEL: &str = "le";
/// The label that names a scrape job.
pub const JOB: &str = "job";
/// The label that names a scrape target.
pub const INSTANCE: &str = "instance";

/// Labels sorted by name, names unique, no empty values (an empty value is an absent label, as in Prometheus).
///
/// One shared allocation: for each label, varint length and bytes of the name, then of the value. A clone is a
/// reference count; the hash is computed once.
#[derive(Clone)]
pub struct Labels {
    hash: u64,
    // Invariant: written by `encode` alone, so every length is right and every text is UTF-8.
    bytes: Arc<[u8]>,
}

static EMPTY: LazyLock<Labels> = LazyLock::new(|| Labels::from_encoded(Vec::new()));

impl Labels {
    /// The empty set.
    pub fn empty() -> Self {
        EMPTY.clone()
    }

    /// Labels from pairs in any order; the last of equal names wins, empty values are dropped.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name, value);
        }
        builder.build()
    }

    /// Labels from pairs that are sorted by name and unique already; empty values are dropped. `None` if they are
    /// not sorted and unique.
    pub fn from_sorted<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut bytes = Vec::with_capacity(128);
        let mut last: Option<&str> = None;
        for (name, value) in pairs {
            if last.is_some_and(|last| last >= name) {
                return None;
            }
            last = Some(name);
            if !value.is_empty() {
                encode(&mut bytes, name, value);
            }
        }
        Some(Labels::from_encoded(bytes))
    }

    /// A metric name alone.
    pub fn of_metric(name: &str) -> Self {
        Labels::from_pairs([(METRIC_NAME, name)])
    }

    fn from_encoded(bytes: Vec<u8>) -> Self {
        Labels { hash: XxHash3_64::oneshot(&bytes), bytes: bytes.into() }
    }

    /// The pairs in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        Iter { rest: &self.bytes }
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// The value of `name`, or the empty string: what a matcher sees.
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// The metric's name, or the empty string.
    pub fn metric_name(&self) -> &str {
        self.value(METRIC_NAME)
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// A hash of the whole set, stable within a process and across them.
    pub fn hash64(&self) -> u64 {
        self.hash
    }

    /// Heap bytes of the set.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.len() + 16
    }

    /// The labels for which `keep` says yes.
    pub fn filter(&self, mut keep: impl FnMut(&str, &str) -> bool) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for (name, value) in self.iter() {
            if keep(name, value) {
                encode(&mut bytes, name, value);
            }
        }
        if bytes.len() == self.bytes.len() { self.clone() } else { Labels::from_encoded(bytes) }
    }

    /// Only the labels named.
    pub fn only<S: AsRef<str>>(&self, names: &[S]) -> Self {
        self.filter(|name, _| names.iter().any(|n| n.as_ref() == name))
    }

    /// All but the labels named.
    pub fn without<S: AsRef<str>>(&self, names: &[S]) -> Self {
        self.filter(|name, _| !names.iter().any(|n| n.as_ref() == name))
    }

    /// All but the metric name.
    pub fn without_metric_name(&self) -> Self {
        self.without(&[METRIC_NAME])
    }

    /// The set with `name` set to `value` (removed if empty).
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut builder = LabelsBuilder::from(self);
        builder.set(name, value);
        builder.build()
    }

    /// A builder that starts with these labels.
    pub fn to_builder(&self) -> LabelsBuilder {
        LabelsBuilder::from(self)
    }
}

fn encode(bytes: &mut Vec<u8>, name: &str, value: &str) {
    for text in [name, value] {
        let mut n = text.len();
        while n >= 0x80 {
            bytes.push((n as u8 & 0x7f) | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes.extend_from_slice(text.as_bytes());
    }
}

struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iter<'a> {
    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        let (mut n, mut shift) = (0usize, 0);
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            n |= ((byte & 0x7f) as usize) << shift;
            if byte < 0x80 {
                break;
            }
            shift += 7;
        }
        let (text, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        // SAFETY: `encode` alone writes these bytes, from `&str`s, each behind its own length.
        Some(unsafe { std::str::from_utf8_unchecked(text) })
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.text()?, self.text()?))
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.bytes == other.bytes
    }
}

impl Eq for Labels {}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Ord for Labels {
    /// By name, then value, label for label; a prefix comes first (Prometheus' `labels.Compare`).
    fn cmp(&self, other: &Self) -> Ordering {
        // What both begin with is equal label for label, up to the one in which the first different byte lies.
        let same = common_prefix(&self.bytes, &other.bytes);
        let (mut ours, mut theirs) = (Iter { rest: &self.bytes }, Iter { rest: &other.bytes });
        loop {
            let (a, b) = (ours.next(), theirs.next());
            let behind = self.bytes.len() - ours.rest.len() > same;
            match (a, b) {
                (None, None) => return Ordering::Equal,
                (Some(_), Some(_)) if !behind => {}
                (a, b) => return a.cmp(&b).then_with(|| ours.cmp(theirs)),
            }
        }
    }
}

/// How many bytes both begin with.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const WORD: usize = 8;
    let words = a.chunks_exact(WORD).zip(b.chunks_exact(WORD)).take_while(|(a, b)| a == b).count() * WORD;
    words + a[words..].iter().zip(&b[words..]).take_while(|(a, b)| a == b).count()
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Labels {
    fn default() -> Self {
        Labels::empty()
    }
}

/// Whether a label name can be written without quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl fmt::Display for Labels {
    /// `{a="1", b="2"}` as Prometheus prints it, metric name included as a label.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            if is_plain(name) { write!(f, "{name}={value:?}")? } else { write!(f, "{name:?}={value:?}")? }
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Labels {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(pairs: T) -> Self {
        Labels::from_pairs(pairs)
    }
}

/// Collects labels in any order.
#[derive(Debug, Clone, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(String, String)>,
}

impl LabelsBuilder {
    /// Sets `name`, replacing an earlier value; an empty value removes it.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        let (name, value) = (name.into(), value.into());
        match self.pairs.iter_mut().find(|(n, _)| *n == name) {
            Some(pair) => pair.1 = value,
            None => self.pairs.push((name, value)),
        }
        self
    }

    /// Removes `name`.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.pairs.retain(|(n, _)| n != name);
        self
    }

    /// The value of `name`, or the empty string.
    pub fn value<Q: ?Sized + AsRef<str>>(&self, name: &Q) -> &str {
        let name = name.as_ref();
        self.pairs.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }

    /// The pairs in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(n, v)| (n.borrow(), v.borrow()))
    }

    /// Keeps the pairs for which `keep` says yes.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.pairs.retain(|(n, v)| keep(n, v));
    }

    /// The finished set.
    pub fn build(mut self) -> Labels {
        self.pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let mut bytes = Vec::with_capacity(self.pairs.iter().map(|(n, v)| n.len() + v.len() + 2).sum());
        for (name, value) in &self.pairs {
            if !value.is_empty() {
                encode(&mut bytes, name, value);
            }
        }
        Labels::from_encoded(bytes)
    }
}

impl From<&Labels> for LabelsBuilder {
    fn from(labels: &Labels) -> Self {
        LabelsBuilder { pairs: labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_dedups_and_drops_empty_values() {
        let labels = Labels::from_pairs([("b", "2"), ("a", "1"), ("b", "3"), ("c", "")]);
        assert_eq!(labels.to_string(), r#"{a="1", b="3"}"#);
        assert_eq!(labels, Labels::from_sorted([("a", "1"), ("b", "3")]).expect("sorted"));
        assert!(Labels::from_sorted([("b", "1"), ("a", "3")]).is_none());
        assert_eq!(labels.len(), 2);
        assert_eq!(labels.value("c"), "");
    }

    #[test]
    fn long_values_survive() {
        let long = "x".repeat(70_000);
        let labels = Labels::from_pairs([("a", long.as_str()), ("z", "ü")]);
        assert_eq!(labels.get("a"), Some(long.as_str()));
        assert_eq!(labels.get("z"), Some("ü"));
    }

    #[test]
    fn orders_like_prometheus() {
        let a = Labels::from_pairs([("a", "1")]);
        let ab = Labels::from_pairs([("a", "1"), ("b", "1")]);
        let b = Labels::from_pairs([("b", "1")]);
        assert!(a < ab && ab < b && Labels::empty() < a);
    }

    #[test]
    fn edits_keep_the_rest() {
        let labels = Labels::from_pairs([("__name__", "up"), ("job", "a")]);
        assert_eq!(labels.without_metric_name().to_string(), r#"{job="a"}"#);
        assert_eq!(labels.with("x", "y").only(&["x"]).to_string(), r#"{x="y"}"#);
        assert_eq!(labels.with("job", ""), Labels::of_metric("up"));
    }
}
