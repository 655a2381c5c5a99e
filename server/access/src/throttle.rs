//! Slows down who guesses passwords. An attempt counts before it is verified, so that parallel ones count, too.

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

    /// Counts an attempt of `peer`; false if it had too many lately.
    pub(crate) fn begin(&self, peer: IpAddr, now_ms: i64) -> bool {
        let mut failures = self.failures.lock();
        let entry = failures.get_or_insert_mut(peer, || (now_ms, 0));
        if now_ms.saturating_sub(entry.0) >= WINDOW_MS {
            *entry = (now_ms, 0);
        }
        entry.1 += 1;
        entry.1 <= MOST_FAILURES
    }

    /// The attempt was right.
    pub(crate) fn forgive(&self, peer: IpAddr) {
        self.failures.lock().pop(&peer);
    }
}
