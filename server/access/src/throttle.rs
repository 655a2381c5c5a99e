//! Slows down who guesses passwords.

use std::net::IpAddr;
use std::num::NonZeroUsize;

use lru::LruCache;
use parking_lot::Mutex;

/// Wrong passwords an address may give in [`WINDOW_MS`].
const MOST_FAILURES: u32 = 10;
const WINDOW_MS: i64 = 60_000;
/// Addresses that are remembered.
const MOST_ADDRESSES: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

/// Counts failures by address.
pub(crate) struct Throttle {
    failures: Mutex<LruCache<IpAddr, (i64, u32)>>,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Throttle { failures: Mutex::new(LruCache::new(MOST_ADDRESSES)) }
    }

    /// Whether `peer` has failed too often lately.
    pub(crate) fn is_closed(&self, peer: IpAddr, now_ms: i64) -> bool {
        let mut failures = self.failures.lock();
        failures
            .get(&peer)
            .is_some_and(|(since, count)| now_ms - since < WINDOW_MS && *count >= MOST_FAILURES)
    }

    pub(crate) fn failed(&self, peer: IpAddr, now_ms: i64) {
        let mut failures = self.failures.lock();
        let entry = failures.get_or_insert_mut(peer, || (now_ms, 0));
        if now_ms - entry.0 >= WINDOW_MS {
            *entry = (now_ms, 0);
        }
        entry.1 += 1;
    }
}
