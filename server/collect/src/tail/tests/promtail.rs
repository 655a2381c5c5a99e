//! Promtail files: what is used of them, and what lines become.

use super::*;
use crate::report::Status;
use crate::tail::TailState;

#[test]
fn every_key_is_reported() {
    let yaml = r"
server: {http_listen_port: 9080}
positions: {filename: /tmp/positions.yaml}
clients: [{url: 'http://loki:3100/loki/api/v1/push'}]
scrape_config: []
scrape_configs:
- job_name: a
  static_configs:
  - targets: [localhost]
    labels: {app: x, __path__: /x/*.log, __path_exclude__: /x/a.log}
  - labels: {app: y}
  relabel_configs:
  - {source_labels: [app], regex: x, target_label: service, replacement: 'the-${0}'}
  pipeline_stages:
  - jsn: {expressions: {a: b}}
  - json: {expressions: {a: b}, sorce: c}
  - regex: {expression: '('}
  - docker
  - tenant: {value: z}
  - match: {selector: '{app=`x`}', stages: [{geoip: {}}, {labels: {a: null}}]}
- job_name: b
  journal: {path: /var/log/journal, matches: _TRANSPORT=kernel}
  kafka: {topics: [a]}
- {job_name: c, syslog: {listen_address: '127.0.0.1:1514'}, docker_sd_configs: [{host: 'unix:///x', refresh_interval: 5s}]}
- {job_name: d, syslog: {}, docker_sd_configs: [{host: 'https://x'}], journal: {matches: x}}
";
    let (config, report) = TailConfig::parse(yaml, &selectors).unwrap();
    let noted: Vec<String> =
        report.findings.iter().filter(|f| f.status != Status::Used).map(|f| f.to_string()).collect();
    let has = |part: &str| assert!(noted.iter().any(|n| n.contains(part)), "{part} is not in {noted:#?}");
    has("server: ignored");
    has("positions: approximated");
    has("clients: ignored");
    has("scrape_config: unknown: did you mean scrape_configs?");
    has("pipeline_stages[0].jsn: unknown");
    has("pipeline_stages[1].json.sorce: unknown: did you mean source?");
    has("pipeline_stages[2].regex: ignored: the stage is skipped");
    has("pipeline_stages[4].tenant: ignored");
    has("stages[0].geoip: ignored");
    has("static_configs[1].labels.__path__: ignored: there is no __path__");
    has("scrape_configs[1].kafka: ignored");
    has("syslog needs a listen_address");
    has("a daemon behind TLS");
    has("is not FIELD=value");
    let sources: Vec<String> = config.jobs.iter().flat_map(|job| &job.sources).map(|s| s.name()).collect();
    assert_eq!(sources, ["journal /var/log/journal", "syslog tcp 127.0.0.1:1514", "docker unix:///x"]);
    assert_eq!(config.jobs.len(), 4);
    assert_eq!(config.jobs[0].paths.len(), 1);
    assert_eq!(config.jobs[0].pipeline.stages.len(), 3);
    assert_eq!(config.jobs[0].paths[0].labels.to_string(), r#"{app="x", job="a", service="the-x"}"#);
    assert_eq!(config.jobs[0].paths[0].path(), "/x/*.log");
}

#[test]
fn what_is_no_configuration_is_an_error() {
    let error = |yaml| TailConfig::parse(yaml, &selectors).unwrap_err().to_string();
    assert!(error("a: [").contains("line"), "{}", error("a: ["));
    assert!(error("scrape_configs: 1").contains("scrape_configs"));
    assert!(TailConfig::parse("", &selectors).unwrap().0.jobs.is_empty());
}

const STAGES: &str = "[{json: {expressions: {timestamp: , level: , request_id: }}}, \
                      {labels: {level: , request_id: }}, {timestamp: {source: timestamp, format: RFC3339}}]";

#[test]
fn json_labels_and_timestamps() {
    let mut bench = Bench::new("a.log", STAGES);
    bench.write("a.log", "before\n");
    bench.write(
        "a.log",
        "{\"timestamp\":\"2025-11-22T10:00:00.5Z\",\"level\":\"INFO\",\"request_id\":null}\n",
    );
    bench.write("a.log", "{\"timestamp\":\"no time\",\"level\":\"WARN\",\"request_id\":7}\nnot JSON\n");
    bench.pass(0);
    let t = 1_763_805_600_500_000_000;
    let times: Vec<i64> = bench.entries().iter().map(|(t, _, _)| *t).collect();
    assert_eq!(times[0], bench.now_ns());
    // Streams are listed as they come; times stay with their lines.
    assert_eq!(bench.streams()[0], r#"{filename="a.log"} before"#);
    let entries = bench.entries();
    let time_of = |part: &str| entries.iter().find(|(_, line, _)| line.contains(part)).unwrap().0;
    assert_eq!((time_of("INFO"), time_of("WARN"), time_of("not JSON")), (t, t + 1, t + 2));
    let stream_of = |part: &str| bench.streams().into_iter().find(|s| s.contains(part)).unwrap();
    assert!(stream_of("INFO").starts_with(r#"{filename="a.log", level="INFO"} "#));
    assert!(stream_of("WARN").starts_with(r#"{filename="a.log", level="WARN", request_id="7"} "#));
    let failures = bench.status().stage_failures;
    assert_eq!((failures[0].stage.as_str(), failures[0].count), ("json", 2));
    assert_eq!((failures[1].stage.as_str(), failures[1].count), ("timestamp", 3));
}

#[test]
fn held_lines_survive_a_restart() {
    let mut bench = Bench::new("a.log", "[{multiline: {firstline: '^\\S', max_wait_time: 3s}}]");
    bench.write("a.log", "one\n  a\n  b\ntwo\n  c\n");
    bench.pass(0);
    bench.check_lines(&["one\n  a\n  b"]);
    bench.restart();
    bench.pass(1_000);
    bench.write("a.log", "  d\n");
    bench.pass(1_000);
    bench.check_lines(&["one\n  a\n  b"]);
    bench.pass(3_001);
    bench.check_lines(&["one\n  a\n  b", "two\n  c\n  d"]);
    bench.restart();
    bench.pass(10_000);
    assert_eq!(bench.lines().len(), 2);
}

#[test]
fn a_users_file() {
    let Some(data) = std::env::var_os("PHAROS_TEST_DATA") else {
        println!("skipped: PHAROS_TEST_DATA is not set");
        return;
    };
    let path = PathBuf::from(data).join("users/batch-server/monitoring/promtail-config.yml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (config, report) = TailConfig::read(&path, &selectors).unwrap();
    assert_eq!(config.jobs.len(), 3);
    assert!(report.findings.iter().all(|f| f.status != Status::Unknown), "{report:?}");
    assert_eq!(config.jobs[0].paths[0].path(), "/var/log/vllm/api_server.log");
    let folder = tempfile::tempdir().unwrap();
    let text = text.replace("/var/log/vllm", &folder.path().display().to_string());
    let mut bench = Bench::with_config(folder, text);
    let line = r#"{"timestamp":"2025-11-22T10:00:00Z","level":"INFO","logger":"api","message":"m","request_id":"r1"}"#;
    bench.write("api_server.log", format!("{line}\n"));
    bench.pass(0);
    let expect = r#"{filename="api_server.log", job="vllm-batch-api", level="INFO", logger="api", request_id="r1", service="vllm-batch-server"}"#;
    assert_eq!(bench.streams(), [format!("{expect} {line}")]);
    assert_eq!(bench.entries()[0].0, 1_763_805_600_000_000_000);
    assert_eq!(bench.engine.status().targets[1].state, TailState::Waiting);
}

#[test]
fn positions_of_a_promtail_are_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    std::fs::write(folder.path().join("a.log"), "one\ntwo\n").unwrap();
    std::fs::write(folder.path().join("b.log"), "short\n").unwrap();
    std::fs::write(
        folder.path().join("positions.yml"),
        format!("positions:\n  {at}/a.log: \"4\"\n  {at}/b.log: \"400\"\n"),
    )
    .unwrap();
    let config = format!(
        "{{positions: {{filename: {at}/positions.yml}}, scrape_configs: [{{job_name: j, static_configs: \
         [{{labels: {{__path__: '{at}/*.log'}}}}]}}]}}"
    );
    let mut bench = Bench::with_config(folder, config);
    bench.pass(0);
    let sorted = |bench: &Bench| {
        let mut lines = bench.lines();
        lines.sort();
        lines
    };
    // What cannot be right, past the end, is not believed.
    assert_eq!(sorted(&bench), ["short", "two"]);
    bench.restart();
    bench.write("c.log", "c\n");
    bench.write("a.log", "three\n");
    bench.pass(1_000);
    assert_eq!(sorted(&bench), ["c", "short", "three", "two"]);
    // A new file under the old name is another one, whatever the positions file says.
    std::fs::remove_file(bench.path("a.log")).unwrap();
    bench.pass(20_000);
    bench.restart();
    bench.write("a.log", "new one\nnew two\n");
    bench.pass(1_000);
    assert_eq!(sorted(&bench), ["c", "new one", "new two", "short", "three", "two"]);
}

#[test]
fn labels_from_paths() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    let config = format!(
        "scrape_configs: [{{job_name: j, path_labels: '{{service}}_{{job_id}}_{{replica}}.{{stream}}', static_configs: \
         [{{labels: {{__path__: '{at}/logs/*'}}}}, {{labels: {{__path__: '{at}/other/*', __path_labels__: '{{name}}-{{id}}.out'}}}}], \
         pipeline_stages: [{{labeldrop: [filename]}}]}}]"
    );
    let mut bench = Bench::with_config(folder, config);
    std::fs::create_dir(bench.path("logs")).unwrap();
    std::fs::create_dir(bench.path("other")).unwrap();
    bench.write("logs/vllm-replicas_8812_0.out", "a\n");
    bench.write("logs/vllm:x_8812_1.err", "b\n");
    bench.write("logs/plain.log", "c\n");
    bench.write("other/train-7.out", "d\n");
    bench.pass(0);
    let mut streams = bench.streams();
    streams.sort();
    let expect = [
        r#"{id="7", job="j", name="train"} d"#,
        r#"{job="j", job_id="8812", replica="0", service="vllm-replicas", stream="out"} a"#,
        r#"{job="j", job_id="8812", replica="1", service="vllm:x", stream="err"} b"#,
        r#"{job="j"} c"#,
    ];
    let mut expect = expect.map(|text| text.replace(r#", job="j""#, "")).to_vec();
    expect.sort();
    assert_eq!(streams, expect);
}
