//! Whole collectors: against a small HTTP server, and under a clock that stands still between scrapes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::{
    Appended, CommitTicket, Control, Metadata, MetricBatch, MetricStats, Result, Select, Selector, Series,
    SeriesSet, is_stale,
};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::*;
use crate::config::PrometheusConfig;
use crate::status::Health;

/// Keeps everything in a map, tells of each batch, and gives the samples out again.
struct Store {
    samples: Mutex<BTreeMap<Labels, Vec<(i64, f64)>>>,
    batches: mpsc::UnboundedSender<()>,
}

impl MetricSink for Store {
    fn append(&self, batch: &MetricBatch) -> Result<Appended> {
        let mut samples = self.samples.lock();
        for series in &batch.series {
            let kept = samples.entry(series.labels.clone()).or_default();
            kept.extend(batch.samples_of(series).iter().map(|s| (s.t_ms, s.value)));
        }
        let _ = self.batches.send(());
        Ok(Appended { accepted: 0, rejected: Vec::new(), commit: CommitTicket::done() })
    }
}

struct Whole(Vec<Series>);

impl SeriesSet for Whole {
    fn batches(&self) -> usize {
        1
    }
    fn read(&self, _: usize, _: &Control) -> Result<Vec<Series>> {
        Ok(self.0.clone())
    }
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

impl SeriesSource for Store {
    fn select(&self, select: &Select, _: &Control) -> Result<Box<dyn SeriesSet>> {
        let mut out = Vec::new();
        for (labels, samples) in self.samples.lock().iter() {
            let within = samples.iter().filter(|(t, _)| (select.start_ms..=select.end_ms).contains(t));
            let (timestamps, values): (Vec<i64>, Vec<f64>) = within.copied().unzip();
            if model::matches_all(&select.matchers, labels) && !values.is_empty() {
                let (histograms, starts) = (Vec::new(), Vec::new());
                out.push(Series {
                    labels: labels.clone(),
                    timestamps: timestamps.into(),
                    values,
                    histograms,
                    starts,
                });
            }
        }
        Ok(Box::new(Whole(out)))
    }
    fn series(&self, _: &[Selector], _: i64, _: i64, _: usize, _: &Control) -> Result<Vec<Labels>> {
        Ok(Vec::new())
    }
    fn label_names(&self, _: &[Selector], _: i64, _: i64, _: &Control) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    fn label_values(&self, _: &str, _: &[Selector], _: i64, _: i64, _: &Control) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    fn metadata(&self, _: Option<&str>) -> Result<Vec<Metadata>> {
        Ok(Vec::new())
    }
    fn stats(&self) -> MetricStats {
        MetricStats::default()
    }
}

/// Follows tokio's clock, which tests stop.
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now_ms(&self) -> i64 {
        1_000_000_000 + self.0.elapsed().as_millis() as i64
    }
}

struct Bench {
    store: Arc<Store>,
    batches: mpsc::UnboundedReceiver<()>,
    clock: Arc<dyn Clock>,
}

impl Bench {
    fn new() -> Self {
        let (sender, batches) = mpsc::unbounded_channel();
        let store = Arc::new(Store { samples: Mutex::default(), batches: sender });
        Bench { store, batches, clock: Arc::new(RuntimeClock(Instant::now())) }
    }

    fn start(&self, config: CollectConfig) -> Collector {
        let stores = Stores { sink: self.store.clone(), source: self.store.clone() };
        Collector::start(config, stores, self.clock.clone())
    }

    async fn batch(&mut self) {
        let waited = tokio::time::timeout(Duration::from_secs(60), self.batches.recv()).await;
        assert_eq!(waited, Ok(Some(())), "a batch was expected");
    }

    /// The last samples of all series of a metric: labels, value (or `stale`).
    fn last(&self, metric: &str) -> String {
        let samples = self.store.samples.lock();
        let of_metric = samples.iter().filter(|(labels, _)| labels.metric_name() == metric);
        let show = |(labels, all): (&Labels, &Vec<(i64, f64)>)| {
            let value = all.last().expect("no empty series").1;
            let value = if is_stale(value) { "stale".to_owned() } else { value.to_string() };
            format!("{} {value}", labels.without_metric_name())
        };
        of_metric.map(show).collect::<Vec<_>>().join("\n")
    }

    fn values_of(&self, metric: &str, job: &str) -> Vec<String> {
        let samples = self.store.samples.lock();
        let mut found = samples.iter().filter(|(l, _)| l.metric_name() == metric && l.value("job") == job);
        found.next().map(|(_, all)| all.iter().map(|(_, v)| v.to_string()).collect()).unwrap_or_default()
    }

    fn times(&self, metric: &str) -> Vec<i64> {
        let samples = self.store.samples.lock();
        let mut of_metric = samples.iter().filter(|(labels, _)| labels.metric_name() == metric);
        of_metric.next().map(|(_, all)| all.iter().map(|(t, _)| *t).collect()).unwrap_or_default()
    }
}

fn jobs(yaml: &str) -> CollectConfig {
    let (config, _) =
        PrometheusConfig::parse(&format!("scrape_configs: {yaml}"), Path::new("")).expect("valid");
    CollectConfig { scrape_configs: config.scrape_configs, in_process: Vec::new() }
}

type Answers = Arc<Mutex<BTreeMap<&'static str, (&'static str, Vec<u8>)>>>;

/// Serves `answers` by path: header lines and body. Requests' heads land in the list.
async fn serve(answers: Answers) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match socket.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            // What is left unread when the socket closes could cost the client the answer.
            let length =
                head.to_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            let _ = socket.read_exact(&mut body).await;
            let path =
                head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
            seen.lock().push(head);
            let (headers, body) =
                answers.lock().get(path.as_str()).cloned().unwrap_or(("", b"up 1\n".to_vec()));
            let status = if headers.starts_with("HTTP") { "" } else { "HTTP/1.1 200 OK\r\n" };
            let head =
                format!("{status}{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = socket.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    });
    (address, heads)
}

fn answers(list: &[(&'static str, &'static str, &[u8])]) -> Answers {
    let all = list.iter().map(|(path, headers, body)| (*path, (*headers, body.to_vec()))).collect();
    Arc::new(Mutex::new(all))
}

#[tokio::test]
async fn scrapes_over_http() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, b"z 1\ny 2\n").unwrap();
    let gzip = gzip.finish().unwrap();
    let answers = answers(&[
        ("/metrics", "Content-Type: text/plain\r\n", b"# TYPE a gauge\na{x=\"1\"} 5\n"),
        ("/gzip", "Content-Encoding: gzip\r\n", &gzip),
        ("/om", "Content-Type: application/openmetrics-text; version=1.0.0\r\n", b"om 1\n"),
        ("/gone", "HTTP/1.1 404 Not Found\r\n", b""),
        ("/moved", "HTTP/1.1 302 Found\r\nLocation: /metrics\r\n", b""),
    ]);
    let (address, heads) = serve(answers).await;
    let mut bench = Bench::new();
    let target = format!("static_configs: [{{targets: ['{address}']}}]");
    let yaml = format!(
        "[{{job_name: ok, basic_auth: {{username: me, password: pw}}, params: {{q: ['x y']}}, {target}}},
          {{job_name: gzip, metrics_path: /gzip, bearer_token: t0ken, {target}}},
          {{job_name: om, metrics_path: /om, {target}}},
          {{job_name: gone, metrics_path: /gone, {target}}},
          {{job_name: moved, metrics_path: /moved, {target}}},
          {{job_name: stay, metrics_path: /moved, follow_redirects: false, {target}}},
          {{job_name: big, body_size_limit: 5B, {target}}},
          {{job_name: tls, tls_config: {{ca_file: /nonexistent}}, {target}}},
          {{job_name: dead, static_configs: [{{targets: ['127.0.0.1:1']}}]}}]"
    );
    let collector = bench.start(jobs(&yaml));
    for _ in 0..9 {
        bench.batch().await;
    }
    let by_job = |name: &str| {
        let status = collector.status();
        let target = status.targets.into_iter().find(|t| t.job_name == name).expect("a target");
        let error = target.last_error.replace(&address, "ADDRESS");
        (target.health, target.samples, error)
    };
    // The last batch is in the store a moment before its status is.
    while collector.status().targets.iter().any(|target| target.health == Health::Unknown) {
        tokio::task::yield_now().await;
    }
    let up = |samples| (Health::Up, samples, String::new());
    let down = |error: &str| (Health::Down, 0, error.to_owned());
    assert_eq!(by_job("ok"), up(1));
    assert_eq!(by_job("gzip"), up(2));
    assert_eq!(by_job("moved"), up(1));
    assert_eq!(by_job("om"), (Health::Down, 1, "line 2: the page does not end in # EOF: \"\"".into()));
    assert_eq!(by_job("gone"), down("server returned HTTP status 404 Not Found"));
    assert_eq!(by_job("stay"), down("server returned HTTP status 302 Found"));
    assert_eq!(by_job("big"), down("the answer is larger than body_size_limit (5 bytes)"));
    assert!(by_job("tls").2.contains("cannot read /nonexistent"));
    assert!(by_job("dead").2.contains("refused"), "{:?}", by_job("dead"));
    assert!(bench.last("a").contains(&format!(r#"{{instance="{address}", job="ok", x="1"}} 5"#)));
    assert!(bench.last("up").contains(r#"{instance="127.0.0.1:1", job="dead"} 0"#));
    let heads = heads.lock().join("\n").to_lowercase();
    assert!(heads.contains("get /metrics?q=x+y http/1.1"), "{heads}");
    assert!(heads.contains("authorization: basic bwu6chc="), "{heads}");
    assert!(heads.contains("authorization: bearer t0ken"), "{heads}");
    assert!(heads.contains("x-prometheus-scrape-timeout-seconds: 10"), "{heads}");
    assert!(heads.contains("accept-encoding: gzip"), "{heads}");
    collector.stop().await;
}

/// The heads of requests to a path.
fn heads_of(heads: &Mutex<Vec<String>>, path: &str) -> Vec<String> {
    let of_path = |head: &&String| head.split(' ').nth(1).is_some_and(|target| target.starts_with(path));
    heads.lock().iter().filter(of_path).map(|head| head.to_lowercase()).collect()
}

#[tokio::test]
async fn formats_are_negotiated() {
    let proto = b"\x0c\x0a\x01p\x18\x01\x22\x05\x12\x03\x09\x00\x00";
    assert_eq!(proto.len(), 13, "a message that is cut");
    let mut whole = vec![0x17, 0x0a, 1, b'p', 0x18, 1, 0x22, 11, 0x12, 9, 0x09];
    whole.extend_from_slice(&2.5f64.to_bits().to_le_bytes());
    whole[0] = whole.len() as u8 - 1;
    whole[7] = whole.len() as u8 - 8;
    let answers = answers(&[
        ("/proto", "Content-Type: application/vnd.google.protobuf; encoding=delimited\r\n", &whole),
        ("/cut", "Content-Type: application/vnd.google.protobuf; encoding=delimited\r\n", proto),
    ]);
    let (address, heads) = serve(answers).await;
    let mut bench = Bench::new();
    let target = format!("static_configs: [{{targets: ['{address}']}}]");
    let yaml = format!(
        "[{{job_name: proto, metrics_path: /proto, scrape_native_histograms: true, {target}}},
          {{job_name: cut, metrics_path: /cut, {target}}},
          {{job_name: plain, metrics_path: /plain, enable_compression: false,
            scrape_protocols: [PrometheusText0.0.4], {target}}}]"
    );
    let collector = bench.start(jobs(&yaml));
    for _ in 0..3 {
        bench.batch().await;
    }
    assert_eq!(bench.last("p"), format!(r#"{{instance="{address}", job="proto"}} 2.5"#));
    let up = bench.last("up");
    assert!(up.contains(r#"job="cut"} 0"#), "{up}");
    let wanted = heads_of(&heads, "/proto");
    assert!(wanted[0].contains("accept: application/vnd.google.protobuf;"), "{wanted:?}");
    let plain = heads_of(&heads, "/plain");
    assert!(plain[0].contains("accept: text/plain;version=0.0.4;q=0.2,*/*;q=0.1"), "{plain:?}");
    assert!(plain[0].contains("accept-encoding: identity"), "{plain:?}");
    collector.stop().await;
}

#[tokio::test]
async fn oauth2_tokens_are_had_and_kept() {
    let token = br#"{"access_token": "t0k", "token_type": "bearer", "expires_in": 3600}"#;
    let answers = answers(&[
        ("/token", "Content-Type: application/json\r\n", token),
        ("/no-token", "HTTP/1.1 403 Forbidden\r\n", b""),
    ]);
    let (address, heads) = serve(answers).await;
    let mut bench = Bench::new();
    let job = |name: &str, path: &str| {
        format!(
            "{{job_name: {name}, metrics_path: /{name}, scrape_interval: 50ms, scrape_timeout: 50ms,
              oauth2: {{client_id: me, client_secret: pw, scopes: [a, b], token_url: 'http://{address}{path}'}},
              static_configs: [{{targets: ['{address}']}}]}}"
        )
    };
    let collector = bench.start(jobs(&format!("[{}, {}]", job("good", "/token"), job("bad", "/no-token"))));
    while heads_of(&heads, "/good").len() < 3 || bench.values_of("up", "bad").is_empty() {
        bench.batch().await;
    }
    let good = heads_of(&heads, "/good");
    assert!(good.iter().all(|head| head.contains("authorization: bearer t0k")), "{good:?}");
    let asked = heads_of(&heads, "/token");
    assert_eq!(asked.len(), 1, "the token is kept");
    assert!(asked[0].starts_with("post ") && asked[0].contains("authorization: basic bwu6chc="), "{asked:?}");
    assert!(bench.last("up").contains(r#"job="bad"} 0"#), "{}", bench.last("up"));
    let status = collector.status();
    let bad = status.targets.iter().find(|t| t.job_name == "bad").expect("a target");
    assert!(bad.last_error.contains("oauth2 token: server returned HTTP status 403"), "{}", bad.last_error);
    collector.stop().await;
}

/// Counts its calls.
#[derive(Default)]
struct Counting(Mutex<u64>);

impl Gatherer for Counting {
    fn gather(&self, page: &mut Page) {
        let mut calls = self.0.lock();
        *calls += 1;
        page.counter("calls_total", "Calls.", *calls as f64);
        if *calls == 1 {
            page.gauge("first", "Once.", 1.0);
        }
    }
}

fn counting(interval_ms: i64) -> CollectConfig {
    let gatherer = Arc::new(Counting::default());
    let target = InProcess { job_name: "own".into(), instance: "here".into(), interval_ms, gatherer };
    CollectConfig { scrape_configs: Vec::new(), in_process: vec![target] }
}

#[tokio::test(start_paused = true)]
async fn scrapes_on_time_and_goes_on_after_a_restart() {
    let mut bench = Bench::new();
    let collector = bench.start(counting(10_000));
    for _ in 0..5 {
        bench.batch().await;
    }
    collector.stop().await;
    let times = bench.times("up");
    assert_eq!(times.len(), 5);
    assert!(times[0] <= 1_000_000_010, "the first scrape comes at once: {times:?}");
    assert!(times.windows(2).all(|w| w[1] - w[0] == 10_000), "{times:?}");
    assert_eq!(bench.last("first"), r#"{instance="here", job="own"} stale"#);
    assert_eq!(
        bench.last("calls_total"),
        r#"{instance="here", job="own"} 5"#,
        "a stop leaves series as they are"
    );
    // The next run's first page lacks a series of the last one.
    let lost = Labels::from_pairs([("__name__", "lost"), ("instance", "here"), ("job", "own")]);
    bench.store.samples.lock().insert(lost, vec![(bench.clock.now_ms(), 1.0)]);
    let collector = bench.start(counting(10_000));
    bench.batch().await;
    assert_eq!(bench.last("lost"), r#"{instance="here", job="own"} stale"#);
    assert_eq!(bench.last("calls_total"), r#"{instance="here", job="own"} 1"#);
    collector.stop().await;
}

#[tokio::test]
async fn reload_keeps_what_stays_and_ends_what_goes() {
    let (address, heads) = serve(answers(&[("/metrics", "", b"a 1\n"), ("/b", "", b"b 1\n")])).await;
    let target = format!("static_configs: [{{targets: ['{address}']}}]");
    let mut bench = Bench::new();
    let both = format!("[{{job_name: stays, {target}}}, {{job_name: goes, {target}}}]");
    let collector = bench.start(jobs(&both));
    bench.batch().await;
    bench.batch().await;
    let asked = heads.lock().len();
    collector.reload(jobs(&format!("[{{job_name: stays, {target}}}]")).scrape_configs).await;
    bench.batch().await;
    let line = |job: &str, value: &str| format!("{{instance=\"{address}\", job=\"{job}\"}} {value}");
    for metric in ["a", "up"] {
        assert_eq!(bench.last(metric), [line("goes", "stale"), line("stays", "1")].join("\n"));
    }
    assert_eq!(heads.lock().len(), asked, "a job that stays is not asked anew");
    // Another path: the same series go on, those that are no longer there end.
    let changed = format!("[{{job_name: stays, metrics_path: /b, {target}}}]");
    collector.reload(jobs(&changed).scrape_configs).await;
    bench.batch().await;
    assert_eq!(bench.last("a"), [line("goes", "stale"), line("stays", "stale")].join("\n"));
    assert_eq!(bench.last("b"), line("stays", "1"));
    assert_eq!(bench.last("up"), [line("goes", "stale"), line("stays", "1")].join("\n"));
    assert_eq!(bench.values_of("up", "stays"), ["1", "1"], "no stale marker in between");
    assert_eq!(collector.status().targets.len(), 1);
    collector.stop().await;
    collector.reload(jobs(&both).scrape_configs).await;
    assert_eq!(collector.status().targets, [], "stopped is stopped");
}

#[tokio::test]
async fn targets_from_files_and_servers_come_and_go() {
    let (address, _) = serve(answers(&[("/metrics", "", b"a 1\n")])).await;
    let sd = format!("[{{\"targets\": [\"{address}\"], \"labels\": {{\"from\": \"http\"}}}}]");
    let listing: Answers = Arc::default();
    listing.lock().insert("/sd", ("Content-Type: application/json\r\n", sd.into_bytes()));
    let (sd_address, _) = serve(listing).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("targets.yml");
    std::fs::write(&file, format!("- targets: ['{address}', 'dropped:1']\n  labels: {{from: file}}"))
        .unwrap();
    let mut bench = Bench::new();
    let yaml = format!(
        "[{{job_name: f, file_sd_configs: [{{files: ['{}'], refresh_interval: 1s}}],
            http_sd_configs: [{{url: 'http://{sd_address}/sd'}}, {{url: 'http://127.0.0.1:1/'}}],
            relabel_configs: [{{action: drop, source_labels: [__address__], regex: 'dropped.*'}}]}}]",
        file.display()
    );
    let collector = bench.start(jobs(&yaml));
    bench.batch().await;
    bench.batch().await;
    let line =
        |from: &str, value: &str| format!("{{from=\"{from}\", instance=\"{address}\", job=\"f\"}} {value}");
    assert_eq!(bench.last("a"), [line("file", "1"), line("http", "1")].join("\n"));
    let status = collector.status();
    assert_eq!((status.targets.len(), status.dropped.len(), status.dropped_counts[0].1), (2, 1, 1));
    assert_eq!(status.dropped[0].discovered_labels.value("__address__"), "dropped:1");
    std::fs::write(&file, "[]").unwrap();
    bench.batch().await;
    assert_eq!(bench.last("a"), [line("file", "stale"), line("http", "1")].join("\n"));
    let errors = collector.status().discovery_errors;
    assert!(errors.iter().any(|e| e.origin.ends_with("http://127.0.0.1:1/")), "{errors:?}");
    collector.stop().await;
}

#[tokio::test]
async fn too_many_targets_are_refused() {
    let mut bench = Bench::new();
    let collector =
        bench.start(jobs("[{job_name: l, target_limit: 1, static_configs: [{targets: ['a:1', 'b:1']}]}]"));
    bench.batch().await;
    bench.batch().await;
    assert!(bench.last("up").lines().all(|line| line.ends_with(" 0")));
    collector.stop().await;
}
