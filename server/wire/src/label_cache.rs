//! Labels by the bytes they were written as: what a sender repeats is parsed once.

use std::sync::Mutex;

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
}

#[derive(Debug, Default)]
struct Shard {
    young: FxHashMap<u128, Labels>,
    old: FxHashMap<u128, Labels>,
}

impl LabelCache {
    /// A cache for at least `series` label sets, at most twice as many.
    pub fn new(series: usize) -> Self {
        LabelCache { shards: Default::default(), per_half: series.div_ceil(SHARDS).max(1) }
    }

    /// The labels written as `raw`, parsed by `parse` if they are not known. Errors are not remembered.
    pub(crate) fn get_or_parse<E>(
        &self,
        raw: &[u8],
        parse: impl FnOnce() -> Result<Labels, E>,
    ) -> Result<Labels, E> {
        let key = XxHash3_128::oneshot(raw);
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

// A panic while the lock was held cannot leave a half-made entry behind.
fn lock(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
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
}
