//! Runs of one series from several places as one: of samples at the same time the first run's counts.

use std::sync::Arc;

use model::Histogram;

use crate::chunk::Run;

/// The runs in one, and how many samples had another value than the one that counts.
pub(crate) fn merge_runs(mut runs: Vec<Run>) -> (Run, u64) {
    runs.retain(|run| !run.times.is_empty());
    if runs.len() <= 1 {
        return (runs.pop().unwrap_or_default(), 0);
    }
    let disjoint = runs.windows(2).all(|pair| match (pair[0].times.last(), pair[1].times.first()) {
        (Some(last), Some(first)) => last < first,
        _ => true,
    });
    if disjoint {
        return (concatenate(runs), 0);
    }
    let mut order: Vec<(i64, u32, u32)> = Vec::with_capacity(runs.iter().map(|run| run.times.len()).sum());
    for (r, run) in runs.iter().enumerate() {
        order.extend(run.times.iter().enumerate().map(|(i, t)| (*t, r as u32, i as u32)));
    }
    order.sort_unstable();
    let mut merged = Run::default();
    let mut conflicts = 0;
    for (t, r, i) in order {
        let run = &runs[r as usize];
        let value = run.values[i as usize];
        if merged.times.last() == Some(&t) {
            let kept = merged.values.last().map_or(0, |v| v.to_bits());
            conflicts += u64::from(kept != value.to_bits());
            continue;
        }
        let index = merged.times.len() as u32;
        if let Some(histogram) = histogram_at(run, i) {
            merged.histograms.push((index, histogram));
        }
        push_start(&mut merged.starts, index, start_at(run, i));
        merged.times.push(t);
        merged.values.push(value);
    }
    (merged, conflicts)
}

/// The samples of `run` outside of all `cuts` (inclusive ranges of time).
pub(crate) fn without(run: &Run, cuts: &[(i64, i64)]) -> Run {
    let mut kept = Run::default();
    for (i, &t) in run.times.iter().enumerate() {
        if cuts.iter().any(|(first, last)| (*first..=*last).contains(&t)) {
            continue;
        }
        let index = kept.times.len() as u32;
        if let Some(histogram) = histogram_at(run, i as u32) {
            kept.histograms.push((index, histogram));
        }
        push_start(&mut kept.starts, index, start_at(run, i as u32));
        kept.times.push(t);
        kept.values.push(run.values[i]);
    }
    kept
}

fn concatenate(runs: Vec<Run>) -> Run {
    let mut whole = Run::default();
    for run in runs {
        let base = whole.times.len() as u32;
        whole.times.extend_from_slice(&run.times);
        whole.values.extend_from_slice(&run.values);
        whole.histograms.extend(run.histograms.into_iter().map(|(i, h)| (base + i, h)));
        if run.starts.first().is_none_or(|(i, _)| *i > 0) {
            push_start(&mut whole.starts, base, 0);
        }
        for (i, start) in run.starts {
            push_start(&mut whole.starts, base + i, start);
        }
    }
    whole
}

/// Notes a start timestamp where it differs from the one before; 0 = not known.
pub(crate) fn push_start(starts: &mut Vec<(u32, i64)>, index: u32, start: i64) {
    if starts.last().map_or(0, |(_, last)| *last) != start {
        starts.push((index, start));
    }
}

fn histogram_at(run: &Run, index: u32) -> Option<Arc<Histogram>> {
    let at = run.histograms.binary_search_by_key(&index, |(i, _)| *i).ok()?;
    Some(Arc::clone(&run.histograms[at].1))
}

fn start_at(run: &Run, index: u32) -> i64 {
    let at = run.starts.partition_point(|(i, _)| *i <= index);
    at.checked_sub(1).map_or(0, |at| run.starts[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(samples: &[(i64, f64)]) -> Run {
        Run {
            times: samples.iter().map(|s| s.0).collect(),
            values: samples.iter().map(|s| s.1).collect(),
            ..Run::default()
        }
    }

    fn check(runs: &[&[(i64, f64)]], expect: &[(i64, f64)], conflicts: u64) {
        let merged = merge_runs(runs.iter().map(|samples| run(samples)).collect());
        assert_eq!(merged, (run(expect), conflicts));
    }

    #[test]
    fn the_first_counts() {
        check(&[], &[], 0);
        check(&[&[(1, 1.0)], &[(2, 2.0)]], &[(1, 1.0), (2, 2.0)], 0);
        check(&[&[(2, 2.0)], &[(1, 1.0)]], &[(1, 1.0), (2, 2.0)], 0);
        check(&[&[(1, 1.0), (3, 3.0)], &[(1, 9.0), (2, 2.0), (3, 3.0)]], &[(1, 1.0), (2, 2.0), (3, 3.0)], 1);
    }

    #[test]
    fn histograms_and_starts_move_along() {
        let histogram = Arc::new(Histogram::default());
        let mut a = run(&[(1, 1.0), (5, 5.0)]);
        a.starts = vec![(0, 7)];
        let mut b = run(&[(3, 3.0)]);
        b.histograms = vec![(0, histogram.clone())];
        let (merged, _) = merge_runs(vec![a.clone(), b.clone()]);
        assert_eq!(merged.histograms, vec![(1, histogram.clone())]);
        assert_eq!(merged.starts, vec![(0, 7), (1, 0), (2, 7)]);
        let (merged, _) = merge_runs(vec![run(&[(0, 0.0)]), a]);
        assert_eq!(merged.starts, vec![(1, 7)]);
        assert_eq!(without(&merged, &[(0, 1)]).starts, vec![(0, 7)]);
        assert_eq!(without(&b, &[(4, 9)]), b);
    }
}
