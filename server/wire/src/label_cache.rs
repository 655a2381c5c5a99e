//! Labels by the bytes they were written as: what a sender repeats is parsed once.
//!
//! Senders repeat whole requests: the same series in the same order. A [`Run`] follows the last request that began
//! with the same series, so that most labels are found where the processor has fetched them already; the map of all
//! labels, where each lookup misses its caches, is asked about the rest.

use std::sync::{Arc, Mutex};

use model::Labels;
use rustc_hash::FxHashMap;
use twox_hash::XxHash3_128;

const SHARDS: usize = 16;

/// A bounded map from raw label bytes to [`Labels`], shared by the requests of all connections.
///
/// Keys are 128-bit hashes of the bytes: the bytes themselves are not kept. Each shard has a young and an old half;
/// when the young one is full it becomes the old one, so what is no longer sent is forgotten.
#[derive(Debug)]
pub struct LabelCache {
    shards: [Mutex<Shard>; SHARDS],
    per_half: usize,
    runs: Mutex<Runs>,
}

/// What one request held: hash and labels of each series in order.
type Sequence = Arc<[(u128, Labels)]>;

/// Sequences by the hash of their first labels.
#[derive(Debug, Default)]
struct Runs {
    young: FxHashMap<u128, Known>,
    old: FxHashMap<u128, Known>,
    /// Series in the young ones.
    held: usize,
}

#[derive(Debug, Clone)]
struct Known {
    sequence: Sequence,
    /// Requests one after the other that went another way.
    strayed: u8,
}

/// Requests in vain after which a sequence is not replaced any more: such a sender mixes its series anew each time.
const MOST_STRAYED: u8 = 3;

/// Shorter sequences are not worth a place.
const LEAST_SERIES: usize = 8;

#[derive(Debug, Default)]
struct Shard {
    young: FxHashMap<u128, Labels>,
    old: FxHashMap<u128, Labels>,
}

impl LabelCache {
    /// A cache for at least `series` label sets, at most twice as many.
    pub fn new(series: usize) -> Self {
        LabelCache {
            shards: Default::default(),
            per_half: series.div_ceil(SHARDS).max(1),
            runs: Mutex::default(),
        }
    }

    /// To look up the labels of one request in their order.
    pub(crate) fn run(&self) -> Run<'_> {
        Run { cache: self, first: None, known: None, at: 0, fresh: None }
    }

    /// The labels written as `raw`, parsed by `parse` if they are not known. Errors are not remembered.
    pub(crate) fn get_or_parse<E>(
        &self,
        raw: &[u8],
        parse: impl FnOnce() -> Result<Labels, E>,
    ) -> Result<Labels, E> {
        self.keyed(XxHash3_128::oneshot(raw), parse)
    }

    fn keyed<E>(&self, key: u128, parse: impl FnOnce() -> Result<Labels, E>) -> Result<Labels, E> {
        let shard = &self.shards[(key >> 124) as usize % SHARDS];
        {
            let mut shard = lock(shard);
            if let Some(labels) = shard.young.get(&key) {
                return Ok(labels.clone());
            }
            if let Some(labels) = shard.old.remove(&key) {
                self.insert(&mut shard, key, labels.clone());
                return Ok(labels);
            }
        }
        let labels = parse()?;
        self.insert(&mut lock(shard), key, labels.clone());
        Ok(labels)
    }

    fn insert(&self, shard: &mut Shard, key: u128, labels: Labels) {
        if shard.young.len() >= self.per_half {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(key, labels);
    }

    /// How many label sets are held.
    pub fn len(&self) -> usize {
        self.shards.iter().map(lock).map(|s| s.young.len() + s.old.len()).sum()
    }

    /// Whether none are held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The lookups of one request. Dropped, it remembers the request's series if they were not as expected.
pub(crate) struct Run<'c> {
    cache: &'c LabelCache,
    first: Option<u128>,
    known: Option<Known>,
    at: usize,
    /// The sequence as it is, once it has left the known one.
    fresh: Option<Vec<(u128, Labels)>>,
}

impl Run<'_> {
    /// As [`LabelCache::get_or_parse`].
    pub(crate) fn get_or_parse<E>(
        &mut self,
        raw: &[u8],
        parse: impl FnOnce() -> Result<Labels, E>,
    ) -> Result<Labels, E> {
        let key = XxHash3_128::oneshot(raw);
        if self.first.is_none() {
            self.first = Some(key);
            self.known = lock(&self.cache.runs).get(key);
        }
        let sequence = self.known.as_ref().map_or(&[][..], |known| &known.sequence);
        let labels = match sequence.get(self.at).filter(|(expected, _)| *expected == key) {
            Some((_, labels)) => labels.clone(),
            None => {
                let labels = self.cache.keyed(key, parse)?;
                if self.fresh.is_none() {
                    let kept = if self.follows() { self.at.min(sequence.len()) } else { 0 };
                    self.fresh = Some(sequence[..kept].to_vec());
                }
                labels
            }
        };
        self.at += 1;
        if self.follows()
            && let Some(fresh) = &mut self.fresh
        {
            fresh.push((key, labels.clone()));
        }
        Ok(labels)
    }

    /// Whether what this request holds may stand for the next one.
    fn follows(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.strayed < MOST_STRAYED)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let Some(first) = self.first.filter(|_| self.at >= LEAST_SERIES) else { return };
        let strayed = self.known.as_ref().map(|known| known.strayed);
        match (self.fresh.take(), strayed) {
            (None, Some(0)) => {}
            (None, _) => lock(&self.cache.runs).note(first, 0),
            (Some(_), Some(MOST_STRAYED..)) => {}
            (Some(fresh), strayed) => {
                let known = Known { sequence: fresh.into(), strayed: strayed.map_or(0, |n| n + 1) };
                let most = self.cache.per_half * SHARDS;
                lock(&self.cache.runs).insert(first, known, most);
            }
        }
    }
}

impl Runs {
    fn get(&mut self, first: u128) -> Option<Known> {
        if let Some(known) = self.young.get(&first) {
            return Some(known.clone());
        }
        let known = self.old.remove(&first)?;
        self.held += known.sequence.len();
        self.young.insert(first, known.clone());
        Some(known)
    }

    fn note(&mut self, first: u128, strayed: u8) {
        if let Some(known) = self.young.get_mut(&first) {
            known.strayed = strayed;
        }
    }

    fn insert(&mut self, first: u128, known: Known, most: usize) {
        let len = known.sequence.len();
        if len > most {
            return;
        }
        if self.held + len > most {
            self.old = std::mem::take(&mut self.young);
            self.held = 0;
        }
        self.held += len;
        if let Some(before) = self.young.insert(first, known) {
            self.held -= before.sequence.len();
        }
    }
}

// A panic while the lock was held cannot leave a half-made entry behind.
fn lock<T>(shard: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bound_and_keeps_what_is_used() {
        let cache = LabelCache::new(160);
        let parse = |i: usize| move || Ok::<_, ()>(Labels::from_pairs([("i", i.to_string())]));
        for i in 0..10_000 {
            cache.get_or_parse(i.to_string().as_bytes(), parse(i)).unwrap();
            let kept = cache.get_or_parse(b"kept", parse(usize::MAX)).unwrap();
            assert_eq!(kept.value("i"), usize::MAX.to_string());
        }
        assert!(cache.len() <= 320, "{}", cache.len());
        let hit = cache.get_or_parse(b"kept", || Err("parsed again"));
        assert!(hit.is_ok());
        assert_eq!(cache.get_or_parse(b"bad", || Err(7)), Err(7));
    }

    #[test]
    fn runs_answer_what_the_cache_answers() {
        let cache = LabelCache::new(200);
        let parse = |i: u32| Ok::<_, ()>(Labels::from_pairs([("i", i.to_string())]));
        let mut seed = 7u32;
        for request in 0..600u32 {
            let mut run = cache.run();
            // The same sequence, one with a stranger in it, one that is mixed each time.
            for place in 0..(10 + request % 3) {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let i = match request % 4 {
                    _ if place == 0 => request % 4,
                    0 | 1 => 100 + place,
                    2 if place == 5 => 1_000 + request,
                    2 => 200 + place,
                    _ => 300 + seed % 50,
                };
                let labels = run.get_or_parse(i.to_string().as_bytes(), || parse(i)).unwrap();
                assert_eq!(labels.value("i"), i.to_string());
            }
            drop(run);
            let runs = lock(&cache.runs);
            let held = |half: &FxHashMap<u128, Known>| half.values().map(|k| k.sequence.len()).sum::<usize>();
            assert_eq!(held(&runs.young), runs.held);
            assert!(runs.held <= 208 && held(&runs.old) <= 208);
        }
    }

    #[test]
    fn a_repeated_run_parses_nothing_and_an_error_is_not_remembered() {
        let cache = LabelCache::new(100);
        for request in 0..3 {
            let mut run = cache.run();
            for i in 0..20 {
                let parse = || {
                    assert_eq!(request, 0, "parsed again");
                    Ok::<_, ()>(Labels::from_pairs([("i", i.to_string())]))
                };
                assert_eq!(run.get_or_parse(&[i], parse).unwrap().value("i"), i.to_string());
            }
            assert_eq!(run.get_or_parse(b"bad", || Err(7)), Err(7));
        }
        assert_eq!(lock(&cache.runs).young.len(), 1);
    }
}
