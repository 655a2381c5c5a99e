//! A `loki.yml`: its retention is used, everything else needs no counterpart here and is reported.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use collect::report::{Report, Status};
use serde_yaml_ng::Value;

use crate::config::duration;
use crate::log_retention::StreamRetention;

/// What of a `loki.yml` has a meaning here.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LokiConfig {
    /// How long logs are kept, if the file says so: zero = for ever.
    pub(crate) retention: Option<Duration>,
    /// Streams with a time of their own, those with the highest priority first.
    pub(crate) streams: Vec<StreamRetention>,
}

/// Sections of Loki's configuration that one process with its own storage does not need.
const NEEDLESS: &[&str] = &[
    "server",
    "common",
    "schema_config",
    "storage_config",
    "ingester",
    "chunk_store_config",
    "query_range",
    "ruler",
    "frontend",
    "frontend_worker",
    "querier",
    "query_scheduler",
    "distributor",
    "memberlist",
    "analytics",
    "tracing",
    "pattern_ingester",
    "bloom_build",
    "bloom_gateway",
    "index_gateway",
    "ingester_client",
    "runtime_config",
    "target",
    "operational_config",
    "ui",
    "block_builder",
    "metastore",
    "auth_enabled",
];

impl LokiConfig {
    /// Reads a file of any Loki version.
    pub(crate) fn read(path: &Path) -> Result<(LokiConfig, Report)> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        LokiConfig::parse(&text)
    }

    fn parse(text: &str) -> Result<(LokiConfig, Report)> {
        let document: Value = serde_yaml_ng::from_str(text).context("not YAML")?;
        let (mut config, mut report) = (LokiConfig::default(), Report::default());
        for (key, value) in document.as_mapping().into_iter().flatten() {
            let Some(key) = key.as_str() else { continue };
            match key {
                // The table manager deleted what its own period said (Loki 1 and 2); the compactor asks limits_config.
                "table_manager" | "limits_config" => config.section(key, value, &document, &mut report)?,
                "compactor" => report.add(
                    "",
                    key,
                    Status::Approximated,
                    "deletion needs no compactor: see retention_period",
                ),
                key if NEEDLESS.contains(&key) => {
                    report.add(
                        "",
                        key,
                        Status::Ignored,
                        "one process has its own storage and needs no such setting",
                    );
                }
                _ => report.add(
                    "",
                    key,
                    Status::Unknown,
                    "not a section of Loki's configuration, as far as known",
                ),
            }
        }
        Ok((config, report))
    }

    fn section(&mut self, section: &str, value: &Value, document: &Value, report: &mut Report) -> Result<()> {
        let on = |of: &str, key: &str| {
            document.get(of).and_then(|s| s.get(key)).and_then(Value::as_bool).unwrap_or(false)
        };
        let deletes = match section {
            "table_manager" => on("table_manager", "retention_deletes_enabled"),
            _ => on("compactor", "retention_enabled"),
        };
        for (key, value) in value.as_mapping().into_iter().flatten() {
            let Some(key) = key.as_str() else { continue };
            if key == "retention_stream" && section == "limits_config" {
                self.retention_streams(value, deletes, report)?;
                continue;
            }
            let Some(period) = value.as_str().filter(|_| key == "retention_period") else {
                report.add(section, key, Status::Approximated, "no such limit is needed");
                continue;
            };
            let kept = period_of(period).context("retention_period")?;
            if deletes {
                self.retention = Some(kept);
                report.add(section, key, Status::Used, "logs are kept so long, unless --retention is given");
            } else {
                report.add(section, key, Status::Ignored, "this file does not turn deletion on");
            }
        }
        Ok(())
    }
}

impl LokiConfig {
    /// `limits_config.retention_stream`: of several rules for a stream the one with the highest priority counts, of equal
    /// ones the shortest time.
    fn retention_streams(&mut self, value: &Value, deletes: bool, report: &mut Report) -> Result<()> {
        let mut rules: Vec<(i64, StreamRetention)> = Vec::new();
        for rule in value.as_sequence().into_iter().flatten() {
            let text = |key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default();
            let kept = period_of(text("period")).context("retention_stream: period")?;
            let rule_of = StreamRetention::new(text("selector"), kept).context("retention_stream")?;
            rules.push((rule.get("priority").and_then(Value::as_i64).unwrap_or(0), rule_of));
        }
        if !deletes {
            report.add(
                "limits_config",
                "retention_stream",
                Status::Ignored,
                "this file does not turn deletion on",
            );
            return Ok(());
        }
        let for_ever = Duration::MAX;
        rules.sort_by_key(|(priority, rule)| (std::cmp::Reverse(*priority), rule.kept.unwrap_or(for_ever)));
        self.streams = rules.into_iter().map(|(_, rule)| rule).collect();
        report.add("limits_config", "retention_stream", Status::Used, "streams that arrive from now on");
        Ok(())
    }
}

/// A time as Loki writes it: `7d`, `168h`, `168h0m0s`.
fn period_of(text: &str) -> Result<Duration> {
    duration(text.trim_end_matches("0m0s")).or_else(|_| duration(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, days: Option<u64>, unknown: usize) {
        let (config, report) = LokiConfig::parse(text).expect("read");
        assert_eq!(config.retention, days.map(|days| Duration::from_secs(days * 86_400)), "{text}");
        let found = report.findings.iter().filter(|f| f.status == Status::Unknown).count();
        assert_eq!(found, unknown, "{report:?}");
    }

    #[test]
    fn retention_is_taken_where_deletion_is_on() {
        check("auth_enabled: false\nodd: 1", None, 1);
        check("table_manager: {retention_deletes_enabled: true, retention_period: 720h}", Some(30), 0);
        check("table_manager: {retention_deletes_enabled: false, retention_period: 720h}", None, 0);
        check("limits_config: {retention_period: 7d}\ncompactor: {retention_enabled: true}", Some(7), 0);
        check(
            "limits_config: {retention_period: 168h0m0s}\ncompactor: {retention_enabled: true}",
            Some(7),
            0,
        );
        check("limits_config: {retention_period: 7d}", None, 0);
    }

    #[test]
    fn streams_with_a_time_of_their_own() {
        let rules = "limits_config:\n  retention_stream:\n  - {selector: '{a=\"b\"}', priority: 1, period: 24h}\n  \
                     - {selector: '{c=\"d\"}', priority: 2, period: 48h0m0s}\n  \
                     - {selector: '{e=\"f\"}', priority: 1, period: 1h}\n";
        let (config, _) =
            LokiConfig::parse(&format!("{rules}compactor: {{retention_enabled: true}}")).expect("read");
        let order: Vec<&str> = config.streams.iter().map(|rule| rule.selector.as_str()).collect();
        assert_eq!(order, ["{c=\"d\"}", "{e=\"f\"}", "{a=\"b\"}"]);
        assert_eq!(config.streams[0].kept, Some(Duration::from_secs(2 * 86_400)));
        assert_eq!(LokiConfig::parse(rules).expect("read").0.streams, []);
        assert!(LokiConfig::parse(&rules.replace("48h0m0s", "soon")).is_err());
    }

    #[test]
    fn the_file_of_a_real_user_is_read() {
        let Some(root) = std::env::var_os("PHAROS_TEST_DATA") else {
            return println!("skipped: PHAROS_TEST_DATA is not set");
        };
        let path = Path::new(&root).join("users/batch-server/monitoring/loki-config.yml");
        let (_, report) = LokiConfig::read(&path).expect("read");
        assert!(report.findings.iter().all(|f| f.status != Status::Unknown), "{report:?}");
    }
}
