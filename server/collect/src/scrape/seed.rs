//! Which series a target had when this program last ran: those that its first page lacks go stale.

use model::{Control, Labels, Limits, Matcher, Select, SeriesSource, is_stale};

use super::target::REPORTS;

/// How far back a series counts as live, ms: PromQL's lookback.
const LOOKBACK_MS: i64 = 300_000;

/// Series with all labels of a target whose last sample before `now_ms` is no stale marker.
///
/// Series named by the convention of recording rules (`level:metric:operation`) are left out, as a rule may well
/// keep a target's labels.
pub(super) fn live_series(
    source: &dyn SeriesSource,
    target: &Labels,
    now_ms: i64,
) -> model::Result<Vec<Labels>> {
    let matchers = target.iter().map(|(name, value)| Matcher::equal(name, value)).collect();
    let select = Select { matchers, start_ms: now_ms.saturating_sub(LOOKBACK_MS), end_ms: now_ms };
    let control = Control::new(Limits { max_bytes: 256 << 20, ..Limits::default() });
    let set = source.select(&select, &control)?;
    let mut live = Vec::new();
    for batch in 0..set.batches() {
        for series in set.read(batch, &control)? {
            let name = series.labels.metric_name();
            let ours = !name.contains(':') && !REPORTS.contains(&name);
            if ours && series.values.last().is_some_and(|value| !is_stale(*value)) {
                live.push(series.labels);
            }
        }
    }
    Ok(live)
}
