//! The newest exemplars of all series, in one ring.

use std::collections::VecDeque;

use model::{Exemplar, Labels};

use super::LabelsMap;

/// Exemplars that are kept, over all series.
const MAX_EXEMPLARS: usize = 20_000;

/// An exemplar with its series.
#[derive(Debug)]
pub(crate) struct KeptExemplar {
    pub(crate) id: u64,
    pub(crate) labels: Labels,
    pub(crate) exemplar: Exemplar,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Exemplars {
    ring: VecDeque<KeptExemplar>,
    /// Time of the newest one by series: targets repeat theirs at every scrape.
    newest: LabelsMap<i64>,
}

impl Exemplars {
    /// Whether this one is newer than those of its series.
    pub(crate) fn wants(&self, labels: &Labels, exemplar: &Exemplar) -> bool {
        self.newest.get(labels).is_none_or(|t| *t < exemplar.sample.t_ms)
    }

    pub(crate) fn push(&mut self, id: u64, labels: &Labels, exemplar: Exemplar) {
        if !self.wants(labels, &exemplar) {
            return;
        }
        self.newest.insert(labels.clone(), exemplar.sample.t_ms);
        self.ring.push_back(KeptExemplar { id, labels: labels.clone(), exemplar });
        if self.ring.len() > MAX_EXEMPLARS
            && let Some(oldest) = self.ring.pop_front()
            && self.newest.get(&oldest.labels) == Some(&oldest.exemplar.sample.t_ms)
        {
            self.newest.remove(&oldest.labels);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &KeptExemplar> {
        self.ring.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }
}
