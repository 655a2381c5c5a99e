//! Forgetting: retention by unlinking, deletions by tombstones.

use std::path::Path;
use std::sync::Arc;

use model::Selector;
use storage::Change;

use super::MetricStore;
use crate::Result;
use crate::tombstones::Tombstone;

impl MetricStore {
    /// Drops partitions whose last sample is beyond their class's retention, and tombstones that hide nothing more.
    pub(super) fn retain(&self, now: i64) -> Result<()> {
        let (partitions, tombstones) = {
            let state = self.state.read();
            (Arc::clone(&state.partitions), Arc::clone(&state.tombstones))
        };
        let (gone, kept): (Vec<_>, Vec<_>) = partitions.iter().cloned().partition(|partition| {
            let retention = self.classes.retention_ms_of(&partition.summary.class);
            retention > 0 && partition.summary.bounds.1 < now.saturating_sub(retention)
        });
        let idle =
            tombstones.iter().any(|t| !kept.iter().any(|p| t.concerns(p.summary.order, p.summary.bounds)));
        if gone.is_empty() && !idle {
            return Ok(());
        }
        let live: Vec<Tombstone> = tombstones
            .iter()
            .filter(|t| kept.iter().any(|p| t.concerns(p.summary.order, p.summary.bounds)))
            .cloned()
            .collect();
        let change = Change {
            remove: gone.iter().map(|partition| partition.path.clone()).collect(),
            put: tombstone_rows(&live, tombstones.len()),
            ..Change::default()
        };
        self.manifest.commit(&change)?;
        gone.iter().for_each(|partition| partition.doom());
        let mut state = self.state.write();
        state.partitions = Arc::new(kept);
        state.tombstones = Arc::new(live);
        Ok(())
    }

    /// Drops tombstones that hide nothing more.
    pub(super) fn forget_tombstones(&self, tombstones: &[Tombstone]) -> Result<()> {
        self.manifest.commit(&Change { put: tombstone_rows(&[], tombstones.len()), ..Change::default() })?;
        self.state.write().tombstones = Arc::default();
        Ok(())
    }

    /// Hands each partition file with its path below the store's folder to `copy`, once all samples are in them and
    /// deleted ones are gone: the files alone make a store with the same samples. Metadata is not among them.
    pub fn snapshot(&self, copy: &mut dyn FnMut(&Path, &str) -> std::io::Result<()>) -> Result<()> {
        self.clean_tombstones()?;
        let mut upkeep = self.upkeep.lock();
        self.seal(&mut upkeep, None, &[])?;
        let partitions = Arc::clone(&self.state.read().partitions);
        for partition in partitions.iter() {
            let file = self.manifest.folder().join(&partition.path);
            copy(&file, &partition.path).map_err(|error| {
                storage::Error::Unavailable(format!("{} cannot be copied: {error}", file.display()))
            })?;
        }
        Ok(())
    }

    /// Deletes the samples within `start_ms..=end_ms` of series that match any of `selectors`. Durable when this
    /// returns; samples appended later are not touched.
    pub fn delete(&self, selectors: &[Selector], start_ms: i64, end_ms: i64) -> Result<()> {
        let mut upkeep = self.upkeep.lock();
        // From here on everything to be deleted is in partitions, and what comes later gets a higher order.
        self.seal(&mut upkeep, None, selectors)?;
        let before_order = upkeep.next_number;
        upkeep.next_number += 1;
        let old = Arc::clone(&self.state.read().tombstones);
        let mut all = (*old).clone();
        all.extend(selectors.iter().map(|matchers| Tombstone {
            matchers: matchers.clone(),
            start_ms,
            end_ms,
            before_order,
        }));
        self.manifest.commit(&Change { put: tombstone_rows(&all, old.len()), ..Change::default() })?;
        self.state.write().tombstones = Arc::new(all);
        Ok(())
    }
}

/// The manifest's keys and values for `tombstones` where `before` were.
fn tombstone_rows(tombstones: &[Tombstone], before: usize) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let row = |number: usize| (Tombstone::key(number as u64), tombstones.get(number).map(Tombstone::encode));
    (0..tombstones.len().max(before)).map(row).collect()
}
