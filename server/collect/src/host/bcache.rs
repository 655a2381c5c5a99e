//! Caches of block devices, from `/sys/fs/bcache`.

use model::MetricKind::{self, Counter, Gauge};
use wire::exposition::Page;

use super::{Host, Rows, number};

type File = (&'static str, &'static str, MetricKind, &'static str);

/// Files of a cache set: path, metric, kind, help.
const SET: [File; 9] = [
    ("average_key_size", "node_bcache_average_key_size_sectors", Gauge, "Sectors of data behind a key."),
    ("btree_cache_size", "node_bcache_btree_cache_size_bytes", Gauge, "Memory of the tree's cache."),
    ("cache_available_percent", "node_bcache_cache_available_percent", Gauge, "Share that is not dirty."),
    ("congested", "node_bcache_congested", Gauge, "Congestion."),
    ("root_usage_percent", "node_bcache_root_usage_percent", Gauge, "Share of the root node in use."),
    ("tree_depth", "node_bcache_tree_depth", Gauge, "Depth of the tree."),
    (
        "internal/active_journal_entries",
        "node_bcache_active_journal_entries",
        Gauge,
        "Journal entries newer than the index.",
    ),
    ("internal/btree_nodes", "node_bcache_btree_nodes", Gauge, "Nodes of the tree."),
    (
        "internal/cache_read_races",
        "node_bcache_cache_read_races_total",
        Counter,
        "Reads of buckets reused meanwhile.",
    ),
];

/// Files of a backing device.
const BACKING: [File; 8] = [
    ("dirty_data", "node_bcache_dirty_data_bytes", Gauge, "Dirty data of the device in the cache."),
    ("stats_total/bypassed", "node_bcache_bypassed_bytes_total", Counter, "Bytes that went past the cache."),
    (
        "stats_total/cache_bypass_hits",
        "node_bcache_cache_bypass_hits_total",
        Counter,
        "Hits meant to go past.",
    ),
    (
        "stats_total/cache_bypass_misses",
        "node_bcache_cache_bypass_misses_total",
        Counter,
        "Misses meant to go past.",
    ),
    ("stats_total/cache_hits", "node_bcache_cache_hits_total", Counter, "Hits."),
    (
        "stats_total/cache_miss_collisions",
        "node_bcache_cache_miss_collisions_total",
        Counter,
        "Insertions after a miss that a write came before.",
    ),
    ("stats_total/cache_misses", "node_bcache_cache_misses_total", Counter, "Misses."),
    ("stats_total/cache_readaheads", "node_bcache_cache_readaheads_total", Counter, "Reads ahead."),
];

/// Lines of a backing device's `writeback_rate_debug`.
const WRITEBACK: [(&str, &str, &str); 5] = [
    ("rate", "node_bcache_writeback_rate", "Bytes a second written back."),
    ("target", "node_bcache_dirty_target_bytes", "Dirty data that is aimed at."),
    ("proportional", "node_bcache_writeback_rate_proportional_term", "Proportional part of the rate."),
    ("integral", "node_bcache_writeback_rate_integral_term", "Integral part of the rate."),
    ("change", "node_bcache_writeback_change", "Last change of the rate."),
];

/// Files of a cache device.
const CACHE: [File; 3] = [
    ("io_errors", "node_bcache_io_errors", Gauge, "Errors, decaying."),
    ("metadata_written", "node_bcache_metadata_written_bytes_total", Counter, "Bytes of metadata written."),
    ("written", "node_bcache_written_bytes_total", Counter, "Bytes of data written."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for uuid in host.names("sys/fs/bcache", "").iter().filter(|name| name.contains('-')) {
        let folder = format!("sys/fs/bcache/{uuid}");
        files(host, &mut rows, (&folder, &SET), &[("uuid", uuid)]);
        if let Some(value) = host.value(&format!("{folder}/internal/btree_read_average_duration_us")) {
            let name = "node_bcache_btree_read_average_duration_seconds";
            // Nanoseconds, whatever the file's name says: so node_exporter reads it.
            rows.gauge(name, "How long a read of the tree takes.", &[("uuid", uuid)], value / 1e9);
        }
        for device in host.names(&folder, "bdev") {
            let folder = format!("{folder}/{device}");
            let labels = [("backing_device", device.as_str()), ("uuid", uuid)];
            files(host, &mut rows, (&folder, &BACKING), &labels);
            let debug = host.text(&format!("{folder}/writeback_rate_debug")).unwrap_or_default();
            for (line, metric, help) in WRITEBACK {
                let mut found = debug.lines().filter_map(|l| l.split_once(':'));
                let value = found.find(|(name, _)| *name == line).and_then(|(_, value)| size(value));
                if let Some(value) = value {
                    rows.gauge(metric, help, &labels, value);
                }
            }
        }
        for device in host.names(&folder, "cache").iter().filter(|name| is_cache(name)) {
            let folder = format!("{folder}/{device}");
            let labels = [("cache_device", device.as_str()), ("uuid", uuid)];
            files(host, &mut rows, (&folder, &CACHE), &labels);
            if host.settings.option("bcache.priorityStats") {
                priorities(host, &mut rows, &folder, &labels);
            }
        }
    }
    rows.write(page);
    Ok(())
}

fn is_cache(name: &str) -> bool {
    name.strip_prefix("cache").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

fn files(host: &Host, rows: &mut Rows, (folder, files): (&str, &[File]), labels: &[(&'static str, &str)]) {
    for (file, metric, kind, help) in files {
        if let Some(value) = host.text(&format!("{folder}/{file}")).and_then(|text| size(&text)) {
            rows.add((metric, *kind, help), labels, value);
        }
    }
}

/// This file takes the kernel long to make: only who asks for it gets it.
fn priorities(host: &Host, rows: &mut Rows, folder: &str, labels: &[(&'static str, &str)]) {
    let text = host.text(&format!("{folder}/priority_stats")).unwrap_or_default();
    for (line, metric, help) in [
        ("Unused", "node_bcache_priority_stats_unused_percent", "Share of the cache without data."),
        ("Metadata", "node_bcache_priority_stats_metadata_percent", "Share of the cache for metadata."),
    ] {
        let mut found = text.lines().filter_map(|l| l.split_once(':'));
        let value =
            found.find(|(name, _)| *name == line).map(|(_, value)| value.trim().trim_end_matches('%'));
        if let Some(value) = value.and_then(|value| number(value).ok()) {
            rows.gauge(metric, help, labels, value);
        }
    }
}

/// A number as the kernel shortens it: `1.5k` is 1·1024 + 500, the digit behind the point standing for hundreds of
/// the next smaller unit.
fn size(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches("/sec");
    let power = text.chars().last().and_then(|unit| "kMGTPEZY".find(unit));
    let Some(power) = power else { return number(text).ok() };
    let digits = &text[..text.len() - 1];
    let (whole, tenths) = digits.split_once('.').unwrap_or((digits, "0"));
    let sign = if whole.starts_with('-') { -1.0 } else { 1.0 };
    let below = 1024f64.powi(i32::try_from(power).ok()?);
    let part = number(tenths).ok()? * 10f64.powi(3 - i32::try_from(tenths.len()).ok()?);
    Some(number(whole).ok()? * below * 1024.0 + sign * part * below)
}
