//! A JSON log tailed as a Promtail file says, over rotation, restart and `kill -9`.

use std::io::Write;

use crate::server::{Server, eventually, write};

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
