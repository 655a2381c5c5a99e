//! A JSON log tailed as a Promtail file says, over rotation, restart and `kill -9`.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::server::{Server, command, eventually, write};

#[test]
fn a_json_log_is_tailed_once_over_rotations_and_kills() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("app.log");
    let config = folder.path().join("promtail.yml");
    let text = format!(
        "positions: {{filename: /tmp/positions.yaml}}\nclients: [{{url: 'http://loki:3100/loki/api/v1/push'}}]\n\
         scrape_configs:\n  - job_name: app\n    static_configs:\n      - targets: [localhost]\n        labels:\n          \
         job: app\n          __path__: {}\n    pipeline_stages:\n      - json: {{expressions: {{timestamp: ts, level: level}}}}\n      \
         - labels: {{level: }}\n      - timestamp: {{source: timestamp, format: RFC3339Nano}}\n",
        log.display()
    );
    write(&config, &text);
    let append = |from: usize, to: usize| {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&log).expect("opened");
        for n in from..to {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
            let ts = now.as_secs() / 60 * 60 - 60;
            let ts = model_time(ts as i64, n);
            writeln!(file, r#"{{"ts": "{ts}", "level": "INFO", "n": "line-{n}-"}}"#).expect("written");
        }
    };
    let args = ["--no-collect", "--promtail-config", config.to_str().expect("UTF-8")];
    let data = folder.path().join("data");
    let selector = format!("{{job=\"app\", level=\"INFO\", filename=\"{}\"}}", log.display());
    let expect = |server: &Server, count: usize| {
        let lines =
            eventually("all lines", || Some(server.lines(&selector)).filter(|lines| lines.len() >= count));
        for n in 0..count {
            let found = lines.iter().filter(|line| line.contains(&format!("line-{n}-"))).count();
            assert_eq!(found, 1, "line {n} of {count}");
        }
        assert_eq!(lines.len(), count);
    };
    append(0, 50);
    let server = Server::start(&data, &args);
    expect(&server, 50);
    append(50, 100);
    expect(&server, 100);
    std::fs::rename(&log, folder.path().join("app.log.1")).expect("renamed");
    append(100, 150);
    expect(&server, 150);
    server.kill();
    append(150, 200);
    let server = Server::start(&data, &args);
    expect(&server, 200);
    let file = std::fs::OpenOptions::new().write(true).open(&log).expect("opened");
    file.set_len(0).expect("truncated");
    append(200, 250);
    expect(&server, 250);
    let home = server.json("/api/pharos/v1/home");
    assert_eq!(home["tails"][0]["state"], "reading", "{home}");
}

/// RFC 3339 of a second, with `n` as its nanoseconds.
fn model_time(seconds: i64, n: usize) -> String {
    let time = jiff::Timestamp::new(seconds, n as i32).expect("in range");
    time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

#[test]
fn sources_are_shown_with_their_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("promtail.yml");
    let at = folder.path().display();
    // A free port, as far as can be known.
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let text = format!(
        "scrape_configs:\n- job_name: files\n  static_configs: [{{labels: {{__path__: '{at}/no/*.log'}}}}]\n\
         - job_name: net\n  syslog: {{listen_address: '127.0.0.1:{port}', listen_protocol: udp}}\n  \
         relabel_configs: [{{source_labels: [__syslog_message_hostname], target_label: host}}]\n  \
         pipeline_stages: [{{metrics: {{seen: {{type: Counter, config: {{match_all: true, action: inc}}}}}}}}]\n\
         - job_name: box\n  docker_sd_configs: [{{host: 'unix://{at}/no.sock'}}]\n"
    );
    write(&config, &text);
    let args = ["--no-collect", "--promtail-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let tail = |job: &str| {
        let home = server.json("/api/pharos/v1/home");
        home["tails"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|tail| tail["job"] == job)
            .cloned()
            .unwrap_or_default()
    };
    eventually("syslog listens", || (tail("net")["state"] == "reading").then_some(()));
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let message = b"<13>1 2026-01-01T00:00:00Z h app - - - hello";
    socket.send_to(message, ("127.0.0.1", port)).expect("sent");
    eventually("the message", || (server.lines(r#"{job="net", host="h"}"#) == ["hello"]).then_some(()));
    let net = eventually("its figures", || Some(tail("net")).filter(|net| net["lines"] == 1));
    assert!(
        net["path"].as_str().is_some_and(|path| path.starts_with("syslog udp")) && net["last_line_ms"] != 0
    );
    let page = server.get("/metrics").1;
    assert!(page.contains(r#"promtail_custom_seen{host="h",job="net"} 1"#), "{page}");
    assert!(page.contains(r#"pharos_tail_lines_total{tail_job="net""#), "{page}");
    assert!(
        tail("files")["hint"].as_str().is_some_and(|hint| hint.contains("no such folder")),
        "{}",
        tail("files")
    );
    eventually("a daemon that is not there", || (tail("box")["state"] == "error").then_some(()));
}

fn push(args: &[&str]) -> Child {
    let mut command = command(&[&["push"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
}

#[test]
fn a_programs_output_is_pushed_and_passed_on() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--no-collect"]);
    let mut child = push(&["--url", &server.url, "--label", "job=bench", "--label", "run=7"]);
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"first\nsame\nsame\nno end").expect("written");
    // What was written is passed on while the program runs, without waiting for the line's end.
    let mut passed = [0; 22];
    child.stdout.as_mut().expect("piped").read_exact(&mut passed).expect("passed on");
    assert_eq!(&passed, b"first\nsame\nsame\nno end");
    drop(input);
    assert!(child.wait().expect("ended").success());
    let lines = server.lines(r#"{job="bench", run="7"}"#);
    assert_eq!(lines, ["no end", "same", "same", "first"]);
}

#[test]
fn a_pipe_never_breaks_while_the_server_is_away() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let mut child = push(&["--url", &format!("http://127.0.0.1:{port}"), "--wait", "60s"]);
    let mut input = child.stdin.take().expect("piped");
    let text: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    let mut output = child.stdout.take().expect("piped");
    let written = text.clone();
    let writer = std::thread::spawn(move || input.write_all(written.as_bytes()));
    // The reader behind sees the end, while lines still wait for the server.
    let mut passed = Vec::new();
    output.read_to_end(&mut passed).expect("passed on");
    assert!(writer.join().expect("no panic").is_ok() && passed == text.as_bytes());
    // The input has ended; what is left goes to a server that comes now.
    let data = tempfile::tempdir().expect("a folder");
    let listen = format!("127.0.0.1:{port}");
    let server = Server::start(data.path(), &["--no-collect", "--listen", &listen]);
    assert!(child.wait().expect("ended").success());
    let count = server.json("/loki/api/v1/query?query=sum(count_over_time(%7Bjob%3D%22push%22%7D%5B1h%5D))");
    assert_eq!(count["data"]["result"][0]["value"][1], "20000", "{count}");
}

/// More than may wait: the oldest lines are left out and counted, what is passed on is whole.
#[test]
fn a_pipe_is_whole_whatever_waits() {
    let nobody = "http://127.0.0.1:9";
    let mut child = push(&["--url", nobody, "--wait", "0s"]);
    let mut input = child.stdin.take().expect("piped");
    let line = format!("{}\n", "x".repeat(999));
    let writer = std::thread::spawn(move || (0..40_000).all(|_| input.write_all(line.as_bytes()).is_ok()));
    let mut passed = Vec::new();
    child.stdout.take().expect("piped").read_to_end(&mut passed).expect("passed on");
    assert!(writer.join().expect("no panic"), "the pipe stays open");
    assert_eq!(passed.len(), 40_000_000);
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("read");
    assert!(child.wait().expect("ended").success() && said.contains("40000 lines were not stored"), "{said}");
}

#[test]
fn a_sample_is_taken_through_the_stages() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, log) = (folder.path().join("promtail.yml"), folder.path().join("app.log"));
    write(
        &config,
        "scrape_configs: [{job_name: a, static_configs: [{labels: {__path__: /x/*.log}}], pipeline_stages: \
         [{json: {expressions: {level: }}}, {labels: {level: }}, {drop: {source: level, value: DEBUG}}]}]\n",
    );
    write(&log, "{\"level\": \"WARN\"}\n{\"level\": \"DEBUG\"}\n");
    let check = |more: &[&str]| {
        let (config, log) = (config.to_str().expect("UTF-8"), log.to_str().expect("UTF-8"));
        let output = command(&[&["check", config, "--sample", log], more].concat()).output().expect("ran");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let text = check(&[]);
    assert!(text.contains("json    extracted level=\"WARN\""), "{text}");
    assert!(text.contains("drop    dropped\n  = not stored"), "{text}");
    assert!(text.contains("(time of reading)") && text.contains("level=\"WARN\"}"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&check(&["--json"])).expect("JSON");
    let lines = &json[1]["jobs"][0]["lines"];
    assert!(lines[0]["stored"][0]["line"].is_string(), "{json}");
    assert_eq!(lines[1]["stored"], serde_json::json!([]), "{json}");
}

/// The stages that a file may have.
const STAGES: [&str; 32] = [
    "cri",
    "decolorize",
    "docker",
    "drop",
    "eventlogmessage",
    "json",
    "label_drop",
    "label_keep",
    "labelallow",
    "labeldrop",
    "labels",
    "limit",
    "logfmt",
    "luhn",
    "match",
    "metrics",
    "multiline",
    "output",
    "pack",
    "pattern",
    "regex",
    "replace",
    "sampling",
    "split_json",
    "static_labels",
    "structured_metadata",
    "structured_metadata_drop",
    "template",
    "tenant",
    "timestamp",
    "truncate",
    "windowsevent",
];

/// Every stage there is, and what each makes of each line. `UPDATE_GOLDEN=1` writes the file anew.
#[test]
fn every_stage_makes_of_each_line_what_is_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/promtail");
    let config = folder.join("every-stage.yml");
    let text = std::fs::read_to_string(&config).expect("read");
    for stage in STAGES {
        assert!(text.contains(&format!("- {stage}:")), "{stage} is not in the file");
    }
    let mut got = String::new();
    for job in ["app", "docker", "cri", "windows"] {
        let log = folder.join(format!("{job}.log"));
        let args = [
            "check",
            config.to_str().expect("UTF-8"),
            "--job",
            job,
            "--sample",
            log.to_str().expect("UTF-8"),
        ];
        let output = command(&args).output().expect("ran");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let report = text.split("job ").next().unwrap_or_default();
        // One tenant: nothing else is left out, or not understood.
        let noted: Vec<&str> =
            report.lines().filter(|line| line.contains("pipeline_stages")).map(str::trim).collect();
        assert!(noted.len() == 1 && noted[0].contains("tenant: ignored"), "{report}");
        got.push_str(&text[report.len()..]);
    }
    let golden = folder.join("every-stage.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &got).expect("written");
    }
    let expect = std::fs::read_to_string(&golden).unwrap_or_default();
    for (at, (got, expect)) in got.lines().zip(expect.lines()).enumerate() {
        assert_eq!(got, expect, "line {} of every-stage.txt", at + 1);
    }
    assert_eq!(got.lines().count(), expect.lines().count());
}

/// Docker's `json-file` logs: a folder a container, rotated by the daemon as it does.
#[test]
fn folders_of_docker_are_read_with_their_times_and_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("promtail.yml");
    let at = folder.path().display();
    let text = format!(
        "scrape_configs: [{{job_name: docker, path_labels: '{{container}}/{{file}}-json.log', static_configs: \
         [{{labels: {{__path__: '{at}/containers/*/*-json.log'}}}}], pipeline_stages: [{{docker: {{}}}}, \
         {{labeldrop: [filename, file]}}]}}]\n"
    );
    write(&config, &text);
    let line = |n: usize, stream: &str| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let time = model_time(now.as_secs() as i64 / 60 * 60 - 60, n);
        format!(
            "{{\"log\":\"line-{n} \\u001b[1m\\\"x\\\"\\u001b[0m\\n\",\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n"
        )
    };
    let log = |id: &str| folder.path().join(format!("containers/{id}/{id}-json.log"));
    write(&log("aaa"), &(line(1, "stdout") + &line(2, "stderr")));
    let args = ["--no-collect", "--promtail-config", config.to_str().expect("UTF-8")];
    let data = folder.path().join("data");
    let server = Server::start(&data, &args);
    let lines = |server: &Server, query: &str, n: usize| {
        eventually("lines", || Some(server.lines(query)).filter(|lines| lines.len() >= n))
    };
    let all = r#"{job="docker", container="aaa"}"#;
    let text = |n: usize| format!("line-{n} \u{1b}[1m\"x\"\u{1b}[0m\n");
    assert_eq!(lines(&server, all, 2), [text(2), text(1)]);
    assert_eq!(lines(&server, r#"{container="aaa", stream="stderr"}"#, 1), [text(2)]);
    std::fs::rename(log("aaa"), folder.path().join("containers/aaa/aaa-json.log.1")).expect("renamed");
    write(&log("aaa"), &line(3, "stdout"));
    assert_eq!(lines(&server, all, 3).len(), 3);
    server.kill();
    write(&log("bbb"), &line(4, "stdout"));
    let server = Server::start(&data, &args);
    assert_eq!(lines(&server, r#"{container="bbb"}"#, 1), [text(4)]);
    assert_eq!(lines(&server, all, 3), [text(3), text(2), text(1)]);
}

/// A journal as `journalctl` gives it, over a kill: by a program of the test's own in its place.
#[test]
fn the_journal_is_read_once_over_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().display();
    let (program, journal) = (folder.path().join("journalctl"), folder.path().join("journal"));
    // All of the journal from the beginning, then what comes: as with a cursor that is gone.
    write(&program, &format!("#!/bin/sh\nexec tail -n +1 -f {at}/journal\n"));
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("set");
    let config = folder.path().join("promtail.yml");
    let text = format!(
        "scrape_configs: [{{job_name: journal, journal: {{journalctl: {at}/journalctl, labels: {{host: me}}}}, \
         relabel_configs: [{{source_labels: [__journal__systemd_unit], target_label: unit}}, \
         {{source_labels: [__journal_priority_keyword], target_label: level}}]}}]\n"
    );
    write(&config, &text);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let start_us = (now.as_secs() / 60 * 60 - 60) * 1_000_000;
    let entries = |range: std::ops::Range<u64>| -> String {
        let entry = |n: u64| {
            format!(
                "{{\"__CURSOR\":\"c{n}\",\"__REALTIME_TIMESTAMP\":\"{}\",\"_SYSTEMD_UNIT\":\"vllm.service\",\"PRIORITY\":\"3\",\"MESSAGE\":\"line-{n}\"}}\n",
                start_us + n
            )
        };
        range.map(entry).collect()
    };
    write(&journal, &entries(0..100));
    let args = ["--no-collect", "--promtail-config", config.to_str().expect("UTF-8")];
    let data = folder.path().join("data");
    let query = r#"{job="journal", host="me", unit="vllm.service", level="error"}"#;
    let server = Server::start(&data, &args);
    eventually("the first hundred", || (server.lines(query).len() == 100).then_some(()));
    server.kill();
    write(&journal, &entries(0..150));
    let server = Server::start(&data, &args);
    eventually("all", || (server.lines(query).len() >= 150).then_some(()));
    let mut lines = server.lines(query);
    lines.dedup();
    assert_eq!((lines.len(), lines[0].as_str(), lines[149].as_str()), (150, "line-149", "line-0"));
}

/// Many files under one pattern: each is read, and none needs a watch of the kernel's, of which there are too few.
#[test]
fn ten_thousand_files_are_followed_without_watches() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).expect("made");
    let path = |n: usize| logs.join(format!("vllm:replica_{n}_{}.out", n % 7));
    const FILES: usize = 10_000;
    for n in 0..FILES {
        std::fs::write(path(n), format!("line-{n}\n")).expect("written");
    }
    let config = folder.path().join("promtail.yml");
    let text = format!(
        "scrape_configs: [{{job_name: slurm, path_labels: '{{service}}_{{job_id}}_{{replica}}.{{stream}}', static_configs: \
         [{{labels: {{__path__: '{}/*.out'}}}}], pipeline_stages: [{{labeldrop: [filename, job_id]}}]}}]\n",
        logs.display()
    );
    write(&config, &text);
    let args = ["--no-collect", "--promtail-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let count = |more: &str| {
        let query = crate::server::encode(&format!(r#"sum(count_over_time({{job="slurm"{more}}}[1h]))"#));
        let answer = server.json(&format!("/loki/api/v1/query?query={query}"));
        answer["data"]["result"][0]["value"][1].as_str().and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    // A debug binary on a busy machine takes a minute: each look is patient, and each but the last saw more lines.
    let mut before = 0;
    while before < FILES {
        before = eventually("more lines", || Some(count("")).filter(|now| *now > before));
    }
    assert_eq!(before, FILES);
    assert_eq!(
        count(r#", service="vllm:replica", replica="3", stream="out""#),
        1_428 + usize::from(3 < 10_000 % 7)
    );
    let mut one = std::fs::OpenOptions::new().append(true).open(path(7_777)).expect("opened");
    one.write_all(b"one more\n").expect("written");
    eventually("a line in one of them", || (count("") == 10_001).then_some(()));
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("listed").flatten();
    let links: Vec<_> = open.filter_map(|fd| std::fs::read_link(fd.path()).ok()).collect();
    assert!(!links.iter().any(|link| link.to_string_lossy().contains("inotify")), "{links:?}");
    assert!(links.len() < 2_000, "{} open files", links.len());
    let home = server.json("/api/pharos/v1/home");
    assert_eq!(
        (&home["tails"][0]["files_total"], &home["tails"][0]["lag_bytes"]),
        (&10_000.into(), &0.into())
    );
}

#[test]
fn metrics_of_lines_are_in_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, log) = (folder.path().join("promtail.yml"), folder.path().join("app.log"));
    write(&log, "0.5\n2\n");
    let text = format!(
        "scrape_configs: [{{job_name: app, static_configs: [{{labels: {{__path__: '{}'}}}}], pipeline_stages: \
         [{{labeldrop: [filename]}}, {{regex: {{expression: '^(?P<took>.*)'}}}}, {{metrics: {{took: {{type: Histogram, \
         source: took, config: {{buckets: [1]}}}}}}}}]}}]\n",
        log.display()
    );
    write(&config, &text);
    let args = ["--promtail-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let found = eventually("the series", || {
        let found = server.query(r#"promtail_custom_took_bucket{le="1.0"}"#);
        found.first().filter(|one| one["value"][1] == "1").cloned()
    });
    let page = server.get("/metrics").1;
    assert!(page.contains(r#"promtail_custom_took_count{job="app"} 2"#), "{page}");
    assert_eq!(found["metric"]["job"], "pharos", "{found}");
    assert_eq!(found["metric"]["exported_job"], "app", "{found}");
}
