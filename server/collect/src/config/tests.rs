//! Files as people have them, and what is said about their keys.

use super::*;
use crate::report::Status;

fn parse(yaml: &str) -> Result<(PrometheusConfig, Report)> {
    PrometheusConfig::parse(yaml, Path::new("/etc/prometheus"))
}

fn check_error(yaml: &str, expect: &str) {
    let error = parse(yaml).expect_err("an error").to_string();
    assert!(error.starts_with(expect), "{error}");
}

#[test]
fn defaults_and_inheritance() {
    let (config, report) = parse(
        "global: {scrape_interval: 5s, sample_limit: 10}\n\
         scrape_configs:\n- job_name: a\n- {job_name: b, scrape_interval: 1m, scrape_timeout: 30s, sample_limit: 20}",
    )
    .unwrap();
    let [a, b] = &config.scrape_configs[..] else { panic!("two jobs") };
    assert_eq!((a.interval_ms, a.timeout_ms, a.limits.samples), (5_000, 5_000, 10));
    assert_eq!((b.interval_ms, b.timeout_ms, b.limits.samples), (60_000, 30_000, 20));
    assert_eq!((a.metrics_path.as_str(), a.scheme.as_str(), a.honor_timestamps), ("/metrics", "http", true));
    assert_eq!(report.warnings().count(), 0);
    let (empty, _) = parse("").unwrap();
    assert_eq!(empty.scrape_configs, []);
}

#[test]
fn a_whole_job() {
    let yaml = "
scrape_configs:
- job_name: all
  honor_labels: true
  honor_timestamps: false
  track_timestamps_staleness: true
  scheme: https
  metrics_path: /probe
  params: {module: [http_2xx], x: [1, 2]}
  basic_auth: {username: me, password_file: secret}
  tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
  follow_redirects: false
  body_size_limit: 10MB
  label_limit: 30
  static_configs:
  - targets: ['a:1', 'b:2']
    labels: {env: prod, shard: 1}
  file_sd_configs: [{files: ['targets/*.json'], refresh_interval: 30s}]
  http_sd_configs: [{url: 'http://sd/targets', authorization: {credentials: t}}]
  relabel_configs: [{source_labels: [__address__], target_label: instance}]
  metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: 'go_.*'}]
";
    let (config, report) = parse(yaml).unwrap();
    let job = &config.scrape_configs[0];
    assert_eq!(job.static_groups[0].labels, [("env".into(), "prod".into()), ("shard".into(), "1".into())]);
    assert_eq!(job.params[1], ("x".to_owned(), vec!["1".to_owned(), "2".to_owned()]));
    assert_eq!(
        job.http.auth,
        Auth::Basic(Secret::Text("me".into()), Some(Secret::File("/etc/prometheus/secret".into())),)
    );
    assert_eq!(job.file_sd[0].refresh_ms, 30_000);
    assert_eq!(job.http_sd[0].http.auth, Auth::Header("Bearer".into(), Secret::Text("t".into())));
    assert_eq!((job.limits.body_bytes, job.limits.labels), (10 << 20, 30));
    assert_eq!((job.relabel.len(), job.metric_relabel.len()), (1, 1));
    assert_eq!(report.warnings().collect::<Vec<_>>(), Vec::<&crate::report::Finding>::new());
    assert!(report.findings.iter().any(|f| f.path == "scrape_configs[0].tls_config" && f.key == "ca_file"));
    assert!(!format!("{config:?}").contains("\"t\""), "secrets are not printed");
}

#[test]
fn every_other_key_is_reported() {
    let yaml = "
global: {scrape_intervall: 5s, external_labels: {a: b}, query_log_file: x}
rule_files: [a.yml]
alerting: {}
remote_write: [{url: x}]
whatever: 1
scrape_configs:
- job_name: a
  ec2_sd_configs: []
  shceme: https
";
    let (config, report) = parse(yaml).unwrap();
    assert_eq!(config.rule_files, ["a.yml"]);
    let listed: Vec<String> = report.warnings().map(|f| f.to_string()).collect();
    insta::assert_snapshot!(listed.join("\n"), @"
    global.external_labels: approximated: as in Prometheus stored series do not carry them; nothing is sent to other servers yet
    global.query_log_file: ignored: this program's own log is one of its streams
    global.scrape_intervall: unknown: did you mean scrape_interval?
    scrape_configs[0].ec2_sd_configs: ignored: this discovery is not supported: its targets are not scraped
    scrape_configs[0].shceme: unknown: did you mean scheme?
    rule_files: ignored: rules are not evaluated yet
    alerting: ignored: alerts are not sent yet
    remote_write: ignored: other servers are not written to or read from yet
    whatever: unknown
    ");
    assert_eq!(report.warnings().filter(|f| f.status == Status::Unknown).count(), 3);
}

#[test]
fn errors_name_the_key() {
    check_error("- a", ": a mapping was expected");
    check_error("a: [", ": not valid YAML: ");
    check_error(
        "scrape_configs: [{}]",
        "scrape_configs[0].job_name: a scrape configuration needs a job_name",
    );
    check_error("scrape_configs: {a: b}", "scrape_configs: a list was expected");
    check_error(
        "scrape_configs: [{job_name: a}, {job_name: a}]",
        "scrape_configs: two scrape configurations have the job_name \"a\"",
    );
    check_error(
        "global: {scrape_interval: 15}",
        "global.scrape_interval: \"15\" is not a duration such as 30s, 5m or 1h30m",
    );
    check_error(
        "scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 6s}]",
        "scrape_configs[0].scrape_timeout: is longer than the scrape_interval",
    );
    check_error(
        "scrape_configs: [{job_name: a, static_configs: [{targets: ['http://a:1/metrics']}]}]",
        "scrape_configs[0].static_configs[0].targets: \"http://a:1/metrics\" is not host:port",
    );
    check_error(
        "scrape_configs: [{job_name: a, bearer_token: x, basic_auth: {username: y}}]",
        "scrape_configs[0].authorization: basic_auth, authorization, bearer_token and oauth2 exclude each other",
    );
    check_error(
        "scrape_configs: [{job_name: a, scheme: ftp}]",
        "scrape_configs[0].scheme: \"ftp\" is neither",
    );
}

#[test]
fn otlp_keys() {
    let (config, report) = parse(
        "otlp: {translation_strategy: NoUTF8EscapingWithSuffixes, promote_resource_attributes: [a.b], \
         keep_identifying_resource_attributes: true, convert_histograms_to_nhcb: true, promote_scope_metadata: true, \
         label_name_underscore_sanitization: false, label_name_preserve_multiple_underscores: false, nope: 1}",
    )
    .unwrap();
    let otlp = &config.otlp;
    assert_eq!(otlp.strategy, wire::otlp::metrics::Strategy::NoUtf8EscapingWithSuffixes);
    assert_eq!(otlp.promote, ["a.b"]);
    assert!(otlp.keep_identifying && otlp.convert_histograms && otlp.promote_scope);
    assert!(otlp.plain_underscores && otlp.collapse_underscores && !otlp.promote_all);
    assert_eq!(report.warnings().map(|f| f.to_string()).collect::<Vec<_>>(), ["otlp.nope: unknown"]);
    check_error("otlp: {translation_strategy: x}", "otlp.translation_strategy: \"x\" is none of");
    check_error(
        "otlp: {promote_all_resource_attributes: true, promote_resource_attributes: [a]}",
        "otlp.promote_resource_attributes: promote_all",
    );
    check_error("otlp: {ignore_resource_attributes: [a]}", "otlp.ignore_resource_attributes: it needs");
}

#[test]
fn security_keys() {
    let (config, report) = parse(
        "scrape_configs: [{job_name: a, proxy_url: 'http://proxy:3128', no_proxy: 'a,10.0.0.0/8',
         proxy_connect_header: {X-Who: [me, too]}, tls_config: {min_version: TLS12, max_version: TLS13},
         oauth2: {client_id: id, client_secret: s3cret, token_url: 'http://t/', scopes: [read],
         endpoint_params: {audience: x}, tls_config: {insecure_skip_verify: true}}}]",
    )
    .unwrap();
    assert_eq!(report.warnings().count(), 0);
    let http = &config.scrape_configs[0].http;
    assert_eq!(
        (http.tls.min_version, http.tls.max_version),
        (Some(TlsVersion::V1_2), Some(TlsVersion::V1_3))
    );
    assert_eq!((http.no_proxy.as_deref(), http.proxy_connect_headers.len()), (Some("a,10.0.0.0/8"), 2));
    let Auth::OAuth2(oauth2) = &http.auth else { panic!("{:?}", http.auth) };
    assert_eq!((oauth2.client_id.as_str(), &oauth2.scopes[..]), ("id", &["read".to_owned()][..]));
    assert!(oauth2.http.tls.insecure_skip_verify);
    assert!(!format!("{config:?}").contains("s3cret"), "secrets are not printed");
    let job = |yaml: &str| format!("scrape_configs: [{{job_name: a, {yaml}}}]");
    check_error(
        &job("oauth2: {client_id: a, client_secret: b}"),
        "scrape_configs[0].oauth2.token_url: is needed",
    );
    check_error(&job("no_proxy: x"), "scrape_configs[0].no_proxy: needs proxy_url beside it");
    check_error(&job("tls_config: {min_version: SSL3}"), {
        "scrape_configs[0].tls_config.min_version: \"SSL3\" is not one of"
    });
    check_error(&job("tls_config: {min_version: TLS13, max_version: TLS12}"), {
        "scrape_configs[0].tls_config.min_version: is newer than max_version"
    });
    check_error(&job("scrape_protocols: [Smoke]"), {
        "scrape_configs[0].scrape_protocols: \"Smoke\" is not one of PrometheusProto"
    });
    check_error(&job("scrape_protocols: [PrometheusProto, PrometheusProto]"), {
        "scrape_configs[0].scrape_protocols: PrometheusProto is named twice"
    });
    check_error(&job("dns_sd_configs: [{names: [a], type: A}]"), {
        "scrape_configs[0].dns_sd_configs[0].port: a port is needed"
    });
    check_error(&job("kubernetes_sd_configs: [{role: moon}]"), {
        "scrape_configs[0].kubernetes_sd_configs[0].role: \"moon\" is not one of node, service"
    });
}

#[test]
fn files_are_read_with_their_parts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("more.yml"), "scrape_configs: [{job_name: b}]").unwrap();
    let path = folder.path().join("prometheus.yml");
    std::fs::write(&path, "scrape_configs: [{job_name: a}]\nscrape_config_files: ['m*.yml']").unwrap();
    let (config, _) = PrometheusConfig::read(&path).unwrap();
    let names: Vec<&str> = config.scrape_configs.iter().map(|job| job.job_name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let error = PrometheusConfig::read(&folder.path().join("none.yml")).unwrap_err();
    assert_eq!(error.kind(), model::ErrorKind::NotFound);
}

#[test]
fn discovery_files() {
    let groups =
        groups_from_yaml(r#"[{"targets": ["a:1"], "labels": {"x": "y"}}, {"targets": []}]"#).unwrap();
    assert_eq!(groups[0].labels, [("x".into(), "y".into())]);
    assert_eq!(groups_from_yaml("- targets: [b:2]").unwrap()[0].targets, ["b:2"]);
    assert!(groups_from_yaml("targets: [a]").is_err() && groups_from_yaml("- targets: {a: b}").is_err());
}

#[test]
fn the_configuration_of_a_real_user() {
    let Some(data) = std::env::var_os("PHAROS_TEST_DATA") else {
        println!("skipped: PHAROS_TEST_DATA is not set");
        return;
    };
    let path = Path::new(&data).join("users/batch-server/monitoring/prometheus.yml");
    let (config, report) = PrometheusConfig::read(&path).unwrap();
    assert_eq!(config.scrape_configs.len(), 11);
    assert!(report.warnings().all(|f| f.key == "evaluation_interval" || f.key == "rule_files"));
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(
        key in "[a-z_]{1,24}",
        value in "[-a-z0-9:{}\\[\\]\"', .|&*!%]{0,40}",
        at in 0usize..4,
    ) {
        let yaml = match at {
            0 => format!("{key}: {value}"),
            1 => format!("global: {{scrape_interval: {value}}}"),
            2 => format!("scrape_configs: [{{job_name: a, {key}: {value}}}]"),
            _ => format!("scrape_configs: [{{job_name: a, relabel_configs: [{{action: {key}, regex: {value}}}]}}]"),
        };
        let _ = parse(&yaml);
        let _ = groups_from_yaml(&yaml);
    }
}
