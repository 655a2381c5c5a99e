//! Deleting on request: remembered in the manifest at once, off the disk by maintenance.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{Deletion, ErrorKind, Labels, LogEraser};
use storage::Change;

use super::merge::decode;
use super::{DELETIONS_KEY, LogStore};
use crate::Result;
use crate::demotion::joined;
use crate::eraser::{self, Eraser, MOST_DELETIONS};
use crate::packing;
use crate::partition::write::{Plan, Source, write};
use crate::partition::{Directory, Partition};
use crate::rows::Rows;

impl LogEraser for LogStore {
    fn delete(&self, request: &Deletion) -> model::Result<String> {
        let _one = self.erasing.lock();
        let before = {
            // With the appender held nothing that comes later has a lesser number.
            let appender = self.appender.lock();
            appender.next_sequence
        };
        let mut all = self.state.read().erasers.to_vec();
        while all.len() >= MOST_DELETIONS {
            let Some(done) = all.iter().position(|eraser| eraser.deletion.done) else {
                let why =
                    format!("{MOST_DELETIONS} delete requests wait already: try again when some are done");
                return Err(model::Error::new(ErrorKind::Limit, why));
            };
            all.remove(done);
        }
        let mut n = before;
        let id_of = |n: u64| format!("{n:08x}");
        while all.iter().any(|eraser| eraser.deletion.id == id_of(n)) {
            n += 1;
        }
        let deletion = Deletion { id: id_of(n), done: false, ..request.clone() };
        all.push(Arc::new(Eraser::new(deletion, before)));
        self.keep_erasers(all, Change::default())?;
        Ok(id_of(n))
    }

    fn deletions(&self) -> Vec<Deletion> {
        self.state.read().erasers.iter().map(|eraser| eraser.deletion.clone()).collect()
    }

    fn cancel_deletion(&self, id: &str) -> model::Result<bool> {
        let _one = self.erasing.lock();
        let mut all = self.state.read().erasers.to_vec();
        let before = all.len();
        all.retain(|eraser| eraser.deletion.done || eraser.deletion.id != id);
        let found = all.len() < before;
        if found {
            self.keep_erasers(all, Change::default())?;
        }
        Ok(found)
    }

    fn flush(&self) -> model::Result<()> {
        LogStore::flush(self)
    }
}

impl LogStore {
    /// Commits a change together with the requests, then shows them. With `erasing` held.
    fn keep_erasers(&self, all: Vec<Arc<Eraser>>, mut change: Change) -> Result<()> {
        change.put.push((DELETIONS_KEY.to_vec(), Some(eraser::encode(&all))));
        self.manifest.commit(&change)?;
        self.state.write().erasers = Arc::new(all);
        Ok(())
    }

    /// Requests that are not done.
    pub(crate) fn waiting_erasers(&self) -> Vec<Arc<Eraser>> {
        self.state.read().erasers.iter().filter(|eraser| !eraser.deletion.done).cloned().collect()
    }

    /// Takes what requests cover off the disk.
    pub(super) fn erase_waiting(&self) -> Result<()> {
        let waiting = self.waiting_erasers();
        if waiting.is_empty() {
            return Ok(());
        }
        let _one = self.flushing.lock();
        self.flush_now()?;
        let partitions = Arc::clone(&self.state.read().partitions);
        for partition in partitions.iter() {
            self.erase_partition(partition, &waiting)?;
        }
        let _changing = self.erasing.lock();
        let now = self.state.read().erasers.to_vec();
        let done = |eraser: &Arc<Eraser>| {
            if !waiting.iter().any(|w| Arc::ptr_eq(w, eraser)) {
                return Arc::clone(eraser);
            }
            Arc::new(Eraser::new(Deletion { done: true, ..eraser.deletion.clone() }, eraser.before))
        };
        self.keep_erasers(now.iter().map(done).collect(), Change::default())
    }

    fn erase_partition(&self, partition: &Arc<Partition>, erasers: &[Arc<Eraser>]) -> Result<()> {
        let row = &partition.row;
        let erasers: Vec<_> = erasers
            .iter()
            .filter(|e| e.deletion.start_ns <= row.end && row.start <= e.deletion.end_ns)
            .cloned()
            .collect();
        if erasers.is_empty() {
            return Ok(());
        }
        let directory = match partition.directory() {
            Ok(directory) => directory,
            // Nobody can read its lines.
            Err(error) if error.kind() == ErrorKind::Corrupt => return Ok(()),
            Err(error) => return Err(error),
        };
        let (mut blocks, mut erased) = (Vec::new(), 0);
        for i in 0..directory.blocks.len() {
            erased += self.erase_block(partition, &directory, i, &erasers, &mut blocks)?;
        }
        if erased == 0 {
            return Ok(());
        }
        let mut change = Change { remove: vec![row.path.clone()], ..Change::default() };
        let mut new = Vec::new();
        if !blocks.is_empty() {
            let start = blocks.iter().map(|block| block.head().min()).min().unwrap_or(0);
            let number = self.next_partition.fetch_add(1, Ordering::Relaxed);
            let path = format!("{}/{}-{number}.redb", row.class, start.div_euclid(1_000_000_000));
            let mut header = directory.header.clone();
            header.supersedes = vec![row.path.clone()];
            let row =
                write(&self.shelf, &self.folder, Plan { path, class: row.class.clone(), header, blocks })?;
            new = self.open_new(std::slice::from_ref(&row));
            change.add = vec![row];
        }
        if let Err(error) = self.manifest.commit(&change) {
            change.add.iter().for_each(|row| self.discard(row));
            return Err(error.into());
        }
        self.replace(std::slice::from_ref(partition), new);
        self.discard(row);
        Ok(())
    }

    /// Puts what is left of a block into `blocks`. Returns how many lines went.
    fn erase_block(
        &self,
        partition: &Arc<Partition>,
        directory: &Arc<Directory>,
        block: usize,
        erasers: &[Arc<Eraser>],
        blocks: &mut Vec<Source>,
    ) -> Result<usize> {
        let copy = Source::Copy(Arc::clone(partition), Arc::clone(directory), block);
        let head = &directory.blocks[block];
        let concerned = head.runs.iter().any(|run| {
            let labels = &directory.streams[run.stream as usize];
            erasers.iter().any(|eraser| eraser.concerns(labels, &head.demoted, (run.min, run.max)))
        });
        if !concerned {
            blocks.push(copy);
            return Ok(0);
        }
        let runs = match decode(partition, directory, block) {
            Ok(runs) => runs,
            // Copied as it is: whoever reads it is told.
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                blocks.push(copy);
                return Ok(0);
            }
            Err(error) => return Err(error),
        };
        let mut left: BTreeMap<Labels, Vec<Arc<Rows>>> = BTreeMap::new();
        let mut erased = 0;
        for (labels, rows) in runs {
            let mut kept = Rows::default();
            for i in 0..rows.len() {
                let extra = rows.extra(i);
                let full = extra.map_or_else(|| labels.clone(), |extra| joined(&labels, &extra.demoted));
                if erasers.iter().any(|e| e.covers(&full, rows.times[i], rows.sequence[i], rows.line(i))) {
                    erased += 1;
                } else {
                    kept.push(rows.times[i], rows.sequence[i], rows.line(i), extra);
                }
            }
            if kept.len() > 0 {
                left.entry(labels).or_default().push(Arc::new(kept));
            }
        }
        if erased == 0 {
            blocks.push(copy);
            return Ok(0);
        }
        let packed = packing::pack(left.into_iter().collect(), &self.config);
        blocks.extend(packed.into_iter().map(|block| Source::Memory(Arc::new(block))));
        Ok(erased)
    }
}
