//! `sum`, `avg`, `count`, `group`, `min`, `max`, `stddev`, `stdvar`: a few numbers a group and step.

use super::histograms::Histograms;
use super::{Accumulator, Groups};
use crate::column::{ABSENT, Row, is_absent};
use crate::error::Result;
use crate::kahan::{Kahan, Mean};

/// State of type `S` for each group and step; `None` before the first sample.
struct Columns<S> {
    steps: usize,
    groups: Vec<Vec<Option<S>>>,
}

impl<S: Clone> Columns<S> {
    fn new(steps: usize) -> Self {
        Columns { steps, groups: Vec::new() }
    }

    fn group(&mut self, group: usize) -> &mut [Option<S>] {
        if group == self.groups.len() {
            self.groups.push(vec![None; self.steps]);
        }
        &mut self.groups[group]
    }

    fn bytes(&self) -> u64 {
        (self.steps * size_of::<Option<S>>()) as u64
    }

    fn finish(self, groups: &Groups, value: impl Fn(S) -> f64) -> Vec<Row> {
        let rows = self.groups.into_iter().enumerate().map(|(i, states)| {
            let values = states.into_iter().map(|state| state.map_or(ABSENT, &value)).collect();
            groups.row(i, values)
        });
        rows.collect()
    }
}

fn floats(row: &Row) -> impl Iterator<Item = (usize, f64)> {
    row.values.iter().copied().enumerate().filter(|(_, v)| !is_absent(*v))
}

/// Sums are kept in two plain columns: the loop over them is the hot one of most dashboards.
pub(super) struct Sum<'e> {
    steps: usize,
    groups: Vec<(Vec<f64>, Vec<f64>)>,
    histograms: Histograms<'e>,
}

impl<'e> Sum<'e> {
    pub(super) fn new(steps: usize, histograms: Histograms<'e>) -> Self {
        Sum { steps, groups: Vec::new(), histograms }
    }
}

impl Accumulator for Sum<'_> {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        self.histograms.add(group, &row)?;
        if group == self.groups.len() {
            self.groups.push((row.values, vec![0.0; self.steps]));
            return Ok(());
        }
        let (sums, compensations) = &mut self.groups[group];
        for ((sum, compensation), &value) in sums.iter_mut().zip(compensations).zip(&row.values) {
            if is_absent(value) {
                continue;
            }
            if is_absent(*sum) {
                *sum = value;
                continue;
            }
            let next = Kahan::new(*sum, *compensation).plus(value);
            (*sum, *compensation) = (next.sum, next.compensation);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        let rows = self.groups.into_iter().enumerate().map(|(i, (mut sums, compensations))| {
            for (sum, compensation) in sums.iter_mut().zip(compensations) {
                if !is_absent(*sum) {
                    *sum += compensation;
                }
            }
            groups.row(i, sums)
        });
        Ok(self.histograms.put_into(rows.collect()))
    }

    fn group_bytes(&self) -> u64 {
        self.steps as u64 * 16
    }
}

pub(super) struct Avg<'e>(Columns<Mean>, Histograms<'e>);

impl<'e> Avg<'e> {
    pub(super) fn new(steps: usize, histograms: Histograms<'e>) -> Self {
        Avg(Columns::new(steps), histograms)
    }
}

impl Accumulator for Avg<'_> {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        self.1.add(group, &row)?;
        let states = self.0.group(group);
        floats(&row).for_each(|(i, v)| states[i].get_or_insert_default().add(v));
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        let rows = self.0.finish(&groups, |mean| mean.value());
        Ok(self.1.put_into(rows))
    }

    fn group_bytes(&self) -> u64 {
        self.0.bytes()
    }
}

pub(super) struct Count(Columns<f64>);

impl Count {
    pub(super) fn new(steps: usize) -> Self {
        Count(Columns::new(steps))
    }
}

impl Accumulator for Count {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        let states = self.0.group(group);
        for i in (0..states.len()).filter(|i| row.is_present(*i)) {
            *states[i].get_or_insert(0.0) += 1.0;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        Ok(self.0.finish(&groups, |count| count))
    }

    fn group_bytes(&self) -> u64 {
        self.0.bytes()
    }
}

pub(super) struct Group(Columns<()>);

impl Group {
    pub(super) fn new(steps: usize) -> Self {
        Group(Columns::new(steps))
    }
}

impl Accumulator for Group {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        let states = self.0.group(group);
        (0..states.len()).filter(|i| row.is_present(*i)).for_each(|i| states[i] = Some(()));
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        Ok(self.0.finish(&groups, |()| 1.0))
    }

    fn group_bytes(&self) -> u64 {
        self.0.bytes()
    }
}

pub(super) struct Extreme {
    columns: Columns<f64>,
    beats: fn(f64, f64) -> bool,
}

impl Extreme {
    pub(super) fn new(steps: usize, beats: fn(f64, f64) -> bool) -> Self {
        Extreme { columns: Columns::new(steps), beats }
    }
}

impl Accumulator for Extreme {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        let beats = self.beats;
        let states = self.columns.group(group);
        for (i, value) in floats(&row) {
            // NaN gives way to anything.
            if states[i].is_none_or(|old| beats(value, old) || old.is_nan()) {
                states[i] = Some(value);
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        Ok(self.columns.finish(&groups, |value| value))
    }

    fn group_bytes(&self) -> u64 {
        self.columns.bytes()
    }
}

/// Welford's algorithm.
#[derive(Clone, Copy, Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

pub(super) struct Variance {
    columns: Columns<Spread>,
    root: bool,
}

impl Variance {
    pub(super) fn new(steps: usize, root: bool) -> Self {
        Variance { columns: Columns::new(steps), root }
    }
}

impl Accumulator for Variance {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        let states = self.columns.group(group);
        for (i, value) in floats(&row) {
            let state = states[i].get_or_insert_default();
            state.count += 1.0;
            if state.count == 1.0 {
                state.mean = value;
                state.squares = if value.is_finite() { 0.0 } else { f64::NAN };
                continue;
            }
            let delta = value - state.mean;
            state.mean += delta / state.count;
            state.squares += delta * (value - state.mean);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        let root = self.root;
        Ok(self.columns.finish(&groups, |spread| {
            let variance = spread.squares / spread.count;
            if root { variance.sqrt() } else { variance }
        }))
    }

    fn group_bytes(&self) -> u64 {
        self.columns.bytes()
    }
}
