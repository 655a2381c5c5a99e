//! How long logs are kept: in general, by selector, by disk; from Pharos' own keys and from a `loki.yml`.

use std::time::Duration;

use anyhow::{Context, Result};
use log_store::RetentionClass;
use model::Matcher;

use crate::config::{Config, duration};
use crate::loki::LokiConfig;

/// Streams that are kept for a time of their own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StreamRetention {
    /// As it is written.
    pub(crate) selector: String,
    pub(crate) matchers: Vec<Matcher>,
    /// `None` = for ever.
    pub(crate) kept: Option<Duration>,
}

impl StreamRetention {
    /// A selector, and how long its streams are kept: zero = for ever.
    pub(crate) fn new(selector: &str, kept: Duration) -> Result<Self> {
        let matchers = logql::parse_selector(selector).with_context(|| format!("selector {selector:?}"))?;
        Ok(StreamRetention {
            selector: selector.to_owned(),
            matchers,
            kept: (!kept.is_zero()).then_some(kept),
        })
    }

    /// Reads `7d {job="a"}`.
    fn parse(text: &str) -> Result<Self> {
        let (kept, selector) = text.trim().split_once(char::is_whitespace).unwrap_or((text, ""));
        let kept = duration(kept).with_context(|| format!("{text:?}: written as 7d {{job=\"debug\"}}"))?;
        StreamRetention::new(selector.trim(), kept)
    }

    /// Reads the values of a key; commas within a selector, which cut it in a variable, are put back.
    pub(crate) fn parse_all(values: &[String]) -> Result<Vec<Self>> {
        let mut whole: Vec<String> = Vec::new();
        for value in values {
            match whole.last_mut().filter(|last| !last.trim_end().ends_with('}')) {
                Some(last) => last.push_str(&format!(",{value}")),
                None => whole.push(value.clone()),
            }
        }
        whole.iter().map(|text| StreamRetention::parse(text)).collect()
    }

    /// The class that the store keeps such streams in; its name follows from the selector, so that a changed order of
    /// the settings moves nothing.
    fn class(&self) -> RetentionClass {
        let hash = self.selector.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        RetentionClass {
            name: format!("selected-{hash:016x}"),
            matchers: self.matchers.clone(),
            retention_ms: self.kept.map(milliseconds),
        }
    }
}

fn milliseconds(kept: Duration) -> i64 {
    i64::try_from(kept.as_millis()).unwrap_or(i64::MAX)
}

/// The log store's settings. `retention` and `logs.retention_stream` beat what a `loki.yml` says.
pub(crate) fn log_config(config: &Config) -> log_store::Config {
    let (mut kept, mut streams) = (config.retention, config.log_streams.clone());
    if let Some(path) = &config.loki {
        match LokiConfig::read(path) {
            Ok((loki, _)) => {
                if let Some(theirs) = loki.retention.filter(|_| !config.retention_given) {
                    kept = (!theirs.is_zero()).then_some(theirs);
                }
                streams.extend(loki.streams);
            }
            Err(error) => {
                // It may say a year: nothing is deleted until it can be read.
                tracing::error!("{error:#}: no log is deleted until this file can be read");
                (kept, streams) = (None, Vec::new());
            }
        }
    }
    log_store::Config {
        retention_ms: kept.map(milliseconds),
        classes: streams.iter().map(StreamRetention::class).collect(),
        max_disk_bytes: config.log_disk_bytes,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&str]) -> Result<Vec<(String, Option<u64>)>> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let all = StreamRetention::parse_all(&values)?;
        Ok(all.into_iter().map(|one| (one.selector, one.kept.map(|kept| kept.as_secs() / 3600))).collect())
    }

    #[test]
    fn selectors_with_their_times() {
        let parsed = parse(&["1h {a=\"b\"", "c=\"d\"}", "0 {e=~\"f|g\"}"]).expect("valid");
        assert_eq!(parsed, [("{a=\"b\",c=\"d\"}".to_owned(), Some(1)), ("{e=~\"f|g\"}".to_owned(), None)]);
        for wrong in ["{a=\"b\"}", "7d", "7d {a=}", "x {a=\"b\"}"] {
            assert!(parse(&[wrong]).is_err(), "{wrong}");
        }
    }
}
