//! Native histograms with custom buckets made of classic ones, as `load_with_nhcb` stores them beside these.

use std::collections::BTreeMap;

use model::{CUSTOM_BUCKETS, Histogram, Labels, METRIC_NAME, Span, is_stale};

use crate::series_notation::{SeriesLine, Token};

/// What of one classic histogram is known at one time.
#[derive(Default)]
struct Parts {
    /// Bounds and cumulative counts.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// One series for each classic histogram among `series`.
pub(crate) fn custom_histograms(series: &[SeriesLine]) -> Result<Vec<SeriesLine>, String> {
    let mut found: BTreeMap<Labels, BTreeMap<usize, Parts>> = BTreeMap::new();
    for line in series {
        let name = line.labels.metric_name();
        let ends = ["_bucket", "_count", "_sum"];
        let Some((base, end)) = ends.iter().find_map(|end| Some((name.strip_suffix(end)?, *end))) else {
            continue;
        };
        let bound = line.labels.value("le").replace("+Inf", "inf").parse::<f64>().ok();
        let labels = line.labels.without(&["le"]).with(METRIC_NAME, base);
        for (step, token) in line.values.iter().enumerate() {
            let Token::Float(value) = token else { continue };
            if is_stale(*value) || end == "_bucket" && bound.is_none() {
                continue;
            }
            let parts = found.entry(labels.clone()).or_default().entry(step).or_default();
            match (end, bound) {
                ("_bucket", Some(bound)) => parts.buckets.push((bound, *value)),
                ("_count", _) => parts.count = Some(*value),
                _ => parts.sum = *value,
            }
        }
    }
    let lines = found.into_iter().map(|(labels, steps)| {
        let mut values = vec![Token::Missing; steps.keys().max().map_or(0, |last| last + 1)];
        for (step, parts) in steps {
            values[step] = Token::Histogram(Box::new(histogram(parts)?));
        }
        Ok(SeriesLine { labels, values })
    });
    lines.collect()
}

fn histogram(mut parts: Parts) -> Result<Histogram, String> {
    parts.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    parts.buckets.dedup_by(|next, first| next.0 == first.0);
    let last = parts.buckets.last().map_or(0.0, |(_, count)| *count);
    let count = parts.count.unwrap_or(last);
    if parts.buckets.last().is_none_or(|(bound, _)| *bound != f64::INFINITY) {
        parts.buckets.push((f64::INFINITY, count));
    }
    let mut before = 0.0;
    let mut counts = Vec::new();
    for (bound, cumulative) in &parts.buckets {
        if *cumulative < before {
            return Err(format!("a classic histogram falls at le={bound}"));
        }
        counts.push(cumulative - before);
        before = *cumulative;
    }
    let bounds = parts.buckets.iter().map(|(bound, _)| *bound).filter(|bound| bound.is_finite());
    Ok(Histogram {
        schema: CUSTOM_BUCKETS,
        count,
        sum: parts.sum,
        custom_bounds: bounds.collect(),
        positive_spans: vec![Span { offset: 0, length: counts.len() as u32 }],
        positive_buckets: counts,
        ..Histogram::default()
    })
}
