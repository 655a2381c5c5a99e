//! A target: what a discovered address becomes through defaults and relabelling.

use model::{INSTANCE, JOB, Labels, LabelsBuilder};

use crate::config::{ScrapeConfig, TargetGroup};
use crate::duration::{format_duration_ms, parse_duration_ms};
use crate::relabel::relabel_builder;

/// What is written about each scrape.
pub(crate) const REPORTS: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// What `extra_scrape_metrics` adds.
pub(crate) const EXTRA_REPORTS: [&str; 3] =
    ["scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes"];

/// Something to scrape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// The labels of its series.
    pub(crate) labels: Labels,
    /// Its labels before relabelling.
    pub(crate) discovered: Labels,
    /// What is asked; empty in this process.
    pub(crate) url: String,
    pub(crate) interval_ms: i64,
    pub(crate) timeout_ms: i64,
    /// The series of [`REPORTS`].
    pub(crate) reports: [Labels; REPORTS.len()],
}

/// What an address becomes.
#[derive(Debug, PartialEq)]
pub(crate) enum Populated {
    Target(Box<Target>),
    /// A rule dropped it: its labels before.
    Dropped(Labels),
}

impl Target {
    pub(crate) fn new(
        labels: Labels,
        discovered: Labels,
        url: String,
        interval_ms: i64,
        timeout_ms: i64,
    ) -> Self {
        let reports = REPORTS.map(|name| labels.with(model::METRIC_NAME, name));
        Target { labels, discovered, url, interval_ms, timeout_ms, reports }
    }

    /// Tells targets apart, and spreads them over time.
    pub(crate) fn key(&self) -> u64 {
        self.labels.with("__url__", &self.url).hash64()
    }
}

/// Makes a target of `address`, which `group` holds.
pub(crate) fn populate(
    config: &ScrapeConfig,
    group: &TargetGroup,
    address: &str,
) -> Result<Populated, String> {
    let mut labels = LabelsBuilder::default();
    labels.set("__address__", address);
    for (name, value) in &group.labels {
        labels.set(name, value);
    }
    let mut default = |name: &str, value: &str| {
        if labels.value(name).is_empty() {
            labels.set(name, value);
        }
    };
    default(JOB, &config.job_name);
    default("__scrape_interval__", &format_duration_ms(config.interval_ms));
    default("__scrape_timeout__", &format_duration_ms(config.timeout_ms));
    default("__metrics_path__", &config.metrics_path);
    default("__scheme__", &config.scheme);
    for (name, values) in &config.params {
        if let Some(first) = values.first() {
            labels.set(format!("__param_{name}"), first);
        }
    }
    let discovered = labels.clone().build();
    if !relabel_builder(&mut labels, &config.relabel) {
        return Ok(Populated::Dropped(discovered));
    }
    let address = labels.value("__address__").to_owned();
    if address.is_empty() {
        return Err("the target has no address after relabelling".to_owned());
    }
    crate::config::check_address(&address)?;
    let interval_ms = parse_duration_ms(labels.value("__scrape_interval__"))?;
    let timeout_ms = parse_duration_ms(labels.value("__scrape_timeout__"))?;
    if interval_ms == 0 || timeout_ms == 0 || timeout_ms > interval_ms {
        return Err(
            "after relabelling the scrape interval or timeout is 0, or the timeout the longer one".into()
        );
    }
    let url = url_of(config, &labels, &address)?;
    if labels.value(INSTANCE).is_empty() {
        labels.set(INSTANCE, &address);
    }
    labels.retain(|name, _| !name.starts_with("__"));
    Ok(Populated::Target(Box::new(Target::new(labels.build(), discovered, url, interval_ms, timeout_ms))))
}

fn url_of(config: &ScrapeConfig, labels: &LabelsBuilder, address: &str) -> Result<String, String> {
    let (scheme, path) = (labels.value("__scheme__"), labels.value("__metrics_path__"));
    if scheme != "http" && scheme != "https" {
        return Err(format!("the scheme {scheme:?} is neither http nor https"));
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut url = url::Url::parse(&format!("{scheme}://{address}{slash}{path}"))
        .map_err(|e| format!("{address:?} is not an address: {e}"))?;
    let mut params: Vec<(String, String)> = Vec::new();
    for (name, values) in &config.params {
        params.extend(values.iter().skip(1).map(|value| (name.clone(), value.clone())));
    }
    for (name, value) in labels.iter() {
        if let Some(name) = name.strip_prefix("__param_").filter(|_| !value.is_empty()) {
            // The label stands for the first value.
            let at = params.iter().position(|(n, _)| n == name).unwrap_or(params.len());
            params.insert(at, (name.to_owned(), value.to_owned()));
        }
    }
    if !params.is_empty() {
        params.sort_by(|a, b| a.0.cmp(&b.0));
        url.query_pairs_mut().extend_pairs(&params);
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::PrometheusConfig;

    fn check(yaml: &str, expect: &str) {
        let text = format!("scrape_configs: [{{job_name: j, {yaml}}}]");
        let (config, _) = PrometheusConfig::parse(&text, Path::new("")).unwrap();
        let job = &config.scrape_configs[0];
        let group = &job.static_groups[0];
        let got = match populate(job, group, &group.targets[0]) {
            Ok(Populated::Target(t)) => format!("{} {} {}/{}", t.labels, t.url, t.interval_ms, t.timeout_ms),
            Ok(Populated::Dropped(_)) => "dropped".to_owned(),
            Err(why) => format!("error: {why}"),
        };
        assert_eq!(got, expect, "{yaml}");
    }

    #[test]
    fn targets() {
        const STATIC: &str = "static_configs: [{targets: ['h:9100'], labels: {env: x}}]";
        check(STATIC, r#"{env="x", instance="h:9100", job="j"} http://h:9100/metrics 60000/10000"#);
        check(&format!("{STATIC}, scheme: https, metrics_path: /p, params: {{a: [1, 2], b: ['x y']}}"), {
            r#"{env="x", instance="h:9100", job="j"} https://h:9100/p?a=1&a=2&b=x+y 60000/10000"#
        });
        check("static_configs: [{targets: ['[::1]:80'], labels: {job: k, instance: i}}]", {
            r#"{instance="i", job="k"} http://[::1]/metrics 60000/10000"#
        });
        check(
            &format!("{STATIC}, relabel_configs: [{{action: drop, source_labels: [env], regex: x}}]"),
            "dropped",
        );
        // How the blackbox exporter is asked.
        check(
            "metrics_path: /probe, params: {module: [icmp]}, static_configs: [{targets: ['8.8.8.8']}],
             relabel_configs: [{source_labels: [__address__], target_label: __param_target},
             {source_labels: [__param_target], target_label: instance},
             {target_label: __address__, replacement: 'bb:9115'}]",
            r#"{instance="8.8.8.8", job="j"} http://bb:9115/probe?module=icmp&target=8.8.8.8 60000/10000"#,
        );
        check(
            &format!("{STATIC}, relabel_configs: [{{target_label: __scrape_interval__, replacement: 20s}}]"),
            r#"{env="x", instance="h:9100", job="j"} http://h:9100/metrics 20000/10000"#,
        );
        check(&format!("{STATIC}, relabel_configs: [{{target_label: __address__, replacement: ''}}]"), {
            "error: the target has no address after relabelling"
        });
    }
}
