//! What can be set.

use std::time::Duration;

use model::{Matcher, Selector};

use crate::{Error, Result};

/// Settings of a store.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long samples are kept that no class of `classes` claims; zero = for ever, and then a sample of any time
    /// is accepted.
    pub retention: Duration,
    /// Series with a retention of their own; the first class that matches claims a series when it first appears.
    pub classes: Vec<RetentionClass>,
    /// Span of a freshly sealed partition.
    pub window: Duration,
    /// How long after its end a window is sealed, for those who come a little late.
    pub grace: Duration,
    /// Samples in memory at which the head is written out whatever the time.
    pub max_head_samples: u64,
    /// The same per active series, if that is more: with very many series each gets this many samples.
    pub min_samples_per_series: u64,
    /// Bytes of log at which the head is written out whatever the time.
    pub max_wal_bytes: u64,
    /// How long an appended record waits for its sync when nobody waits for it.
    pub commit_interval: Duration,
    /// Bytes of decoded index blocks that are kept.
    pub index_cache_bytes: usize,
    /// Bytes that all open partition files cache together.
    pub page_cache_bytes: usize,
    /// Partition files that are open at once.
    pub max_open_partitions: usize,
    /// Series in memory at which new ones are rejected.
    pub max_active_series: usize,
    /// Bytes of a series' labels at which it is rejected.
    pub max_label_bytes: usize,
}

/// Series that are kept for a time of their own, in folders of their own.
#[derive(Debug, Clone)]
pub struct RetentionClass {
    /// Names its folder: letters, digits, `-` and `_`.
    pub name: String,
    /// Series that pass all of these belong to it.
    pub matchers: Selector,
    /// How long they are kept; zero = for ever.
    pub retention: Duration,
}

/// The class of series that no other claims.
pub(crate) const DEFAULT_CLASS: &str = "default";

impl Default for Config {
    fn default() -> Self {
        Config {
            retention: Duration::from_secs(30 * 86_400),
            classes: Vec::new(),
            window: Duration::from_secs(2 * 3_600),
            grace: Duration::from_secs(300),
            max_head_samples: 4_000_000,
            min_samples_per_series: 16,
            max_wal_bytes: 16 << 20,
            commit_interval: Duration::from_millis(100),
            index_cache_bytes: 8 << 20,
            page_cache_bytes: 4 << 20,
            max_open_partitions: 32,
            max_active_series: 10_000_000,
            max_label_bytes: 64 << 10,
        }
    }
}

/// The retention classes, the default one last.
#[derive(Debug)]
pub(crate) struct Classes {
    all: Vec<(String, Vec<Matcher>, i64)>,
}

impl Classes {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let mut all: Vec<(String, Vec<Matcher>, i64)> = Vec::new();
        for class in &config.classes {
            let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if class.name.is_empty() || !class.name.chars().all(fine) {
                let name = &class.name;
                return Err(Error::Config(format!(
                    "retention class {name:?}: a name has letters, digits, - and _ only"
                )));
            }
            if class.name == DEFAULT_CLASS || all.iter().any(|(name, ..)| *name == class.name) {
                return Err(Error::Config(format!("retention class {:?} is there already", class.name)));
            }
            all.push((class.name.clone(), class.matchers.clone(), millis(class.retention)));
        }
        if all.len() >= usize::from(u16::MAX) {
            return Err(Error::Config(format!("{} retention classes are too many", all.len())));
        }
        all.push((DEFAULT_CLASS.into(), Vec::new(), millis(config.retention)));
        Ok(Classes { all })
    }

    /// The class of a series.
    pub(crate) fn of(&self, labels: &model::Labels) -> u16 {
        // The default class has no matchers, so there always is one.
        let found = self.all.iter().position(|(_, matchers, _)| model::matches_all(matchers, labels));
        found.unwrap_or(self.all.len() - 1) as u16
    }

    pub(crate) fn name(&self, class: u16) -> &str {
        &self.all[usize::from(class)].0
    }

    /// How long a class is kept in ms, 0 = for ever.
    pub(crate) fn retention_ms(&self, class: u16) -> i64 {
        self.all[usize::from(class)].2
    }

    /// The same by name; a class that is no more configured is kept as the default one is.
    pub(crate) fn retention_ms_of(&self, name: &str) -> i64 {
        let found = self.all.iter().find(|(known, ..)| known == name).or(self.all.last());
        found.map_or(0, |(_, _, retention)| *retention)
    }
}

/// A duration in ms.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Labels;

    #[test]
    fn the_first_class_that_matches_claims() {
        let class = |name: &str, label: &str| RetentionClass {
            name: name.into(),
            matchers: vec![Matcher::equal("team", label)],
            retention: Duration::from_secs(5),
        };
        let config = Config { classes: vec![class("a", "x"), class("b", "x")], ..Config::default() };
        let classes = Classes::new(&config).expect("valid");
        assert_eq!(classes.name(classes.of(&Labels::from_pairs([("team", "x")]))), "a");
        assert_eq!(classes.name(classes.of(&Labels::of_metric("up"))), "default");
        assert_eq!(classes.retention_ms_of("b"), 5_000);
        assert_eq!(classes.retention_ms_of("gone"), 30 * 86_400_000);
        for bad in ["", "a/b", "default", "a"] {
            let config = Config { classes: vec![class("a", "x"), class(bad, "x")], ..Config::default() };
            assert!(Classes::new(&config).is_err(), "{bad:?}");
        }
    }
}
