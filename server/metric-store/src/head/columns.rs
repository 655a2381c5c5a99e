//! Timestamp columns that many series of the head share.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::chunk::hash_times;

/// Bound of the columns that are looked up; beyond it they are merely not shared.
const MAX_COLUMNS: usize = 1 << 16;

/// Hands out one allocation for equal columns.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    last: Option<Arc<[i64]>>,
    by_hash: HashMap<u64, Arc<[i64]>, FxBuildHasher>,
}

impl Columns {
    /// The shared form of `times`.
    pub(crate) fn intern(&mut self, times: &[i64]) -> Arc<[i64]> {
        if let Some(last) = self.last.as_ref().filter(|last| ***last == *times) {
            return Arc::clone(last);
        }
        let hash = hash_times(times);
        let column = match self.by_hash.get(&hash).filter(|known| ***known == *times) {
            Some(known) => Arc::clone(known),
            None => {
                if self.by_hash.len() >= MAX_COLUMNS {
                    self.by_hash.clear();
                }
                let column: Arc<[i64]> = times.into();
                self.by_hash.insert(hash, Arc::clone(&column));
                column
            }
        };
        self.last = Some(Arc::clone(&column));
        column
    }

    /// Forgets all columns: those in use stay with their users.
    pub(crate) fn clear(&mut self) {
        *self = Columns::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_columns_are_one() {
        let mut columns = Columns::default();
        let a = columns.intern(&[1, 2, 3]);
        let b = columns.intern(&[1, 2, 4]);
        assert!(Arc::ptr_eq(&a, &columns.intern(&[1, 2, 3])));
        assert!(!Arc::ptr_eq(&a, &b));
    }
}
