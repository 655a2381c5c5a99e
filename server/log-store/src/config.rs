//! What can be set.

use model::Matcher;
use storage::WalOptions;

/// The settings of a log store. Sizes of lines are raw bytes, as the writer sent them.
#[derive(Debug, Clone)]
pub struct Config {
    /// A stream's lines are compressed into a block once it has so many bytes of them.
    pub block_bytes: usize,
    /// Lines that wait in memory for so long are written to a partition, full block or not.
    pub seal_after_ms: i64,
    /// So many bytes of lines in the log make it be written to a partition and cut: bounds memory and replay.
    pub flush_bytes: u64,
    /// Partitions do not mix lines of two such windows unless their lines are scattered over many.
    pub window_ns: i64,
    /// A label with more distinct values becomes structured metadata inside; `None` = never.
    pub max_label_values: Option<usize>,
    /// How long lines are kept that no class claims; `None` = for ever.
    pub retention_ms: Option<i64>,
    /// Bytes that partitions, indexes and log may take on disk: beyond it the oldest partitions go; `None` = no bound.
    pub max_disk_bytes: Option<u64>,
    /// Streams with a retention of their own; the first that matches claims a stream when it first appears.
    pub classes: Vec<RetentionClass>,
    /// Labels that name a stream's service, the first that it has: tiny streams of one service share blocks.
    pub service_labels: Vec<String>,
    /// So many partitions of one window and about one size are merged into one.
    pub merge_at: usize,
    /// Partitions beyond this size are not merged any more.
    pub max_partition_bytes: u64,
    /// Memory for pages of open partitions, and again for their directories and word lists.
    pub cache_bytes: usize,
    /// How many partitions stay open.
    pub max_open_partitions: usize,
    /// The largest batch.
    pub max_batch_bytes: u64,
    /// The log.
    pub wal: WalOptions,
}

/// Streams that are kept for a time of their own.
#[derive(Debug, Clone)]
pub struct RetentionClass {
    /// Names the folder of its partitions: letters, digits, `-` and `_`.
    pub name: String,
    /// Which streams: all must match.
    pub matchers: Vec<Matcher>,
    /// How long; `None` = for ever.
    pub retention_ms: Option<i64>,
}

/// The class of streams that no other claims.
pub(crate) const DEFAULT_CLASS: &str = "default";

impl Default for Config {
    fn default() -> Self {
        Config {
            block_bytes: 512 << 10,
            seal_after_ms: 10 * 60 * 1000,
            flush_bytes: 64 << 20,
            window_ns: 24 * 3600 * 1_000_000_000,
            max_label_values: Some(1000),
            retention_ms: None,
            max_disk_bytes: None,
            classes: Vec::new(),
            service_labels: ["service_name", "service", "app", "job"].map(str::to_owned).to_vec(),
            merge_at: 4,
            max_partition_bytes: 1 << 30,
            cache_bytes: 32 << 20,
            max_open_partitions: 32,
            max_batch_bytes: 192 << 20,
            wal: WalOptions { segment_bytes: u64::MAX, independent_records: true, ..WalOptions::default() },
        }
    }
}

impl Config {
    /// The class that claims a stream.
    pub(crate) fn class_of(&self, labels: &model::Labels) -> &str {
        let claims = |class: &&RetentionClass| model::matches_all(&class.matchers, labels);
        self.classes.iter().find(claims).map_or(DEFAULT_CLASS, |class| class.name.as_str())
    }

    /// How long lines of a class are kept. A class that is configured no more falls back to the default.
    pub(crate) fn retention_of(&self, class: &str) -> Option<i64> {
        let found = self.classes.iter().find(|known| known.name == class);
        found.map_or(self.retention_ms, |class| class.retention_ms)
    }

    /// What names a stream's service.
    pub(crate) fn service_of<'a>(&self, labels: &'a model::Labels) -> &'a str {
        self.service_labels.iter().find_map(|name| labels.get(name)).unwrap_or("")
    }

    /// Says what is wrong with the settings.
    pub(crate) fn check(&self) -> model::Result<()> {
        let plain = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        for class in &self.classes {
            if !plain(&class.name) || class.name == "wal" || class.name == "rebuild" {
                let name = &class.name;
                return Err(model::Error::bad_input(format!(
                    "retention class {name:?}: a name has letters, digits, - and _, and is not wal or rebuild"
                )));
            }
        }
        if self.window_ns <= 0 || self.block_bytes == 0 || self.merge_at < 2 {
            return Err(model::Error::bad_input(
                "window_ns and block_bytes must be positive, merge_at at least 2",
            ));
        }
        Ok(())
    }
}
