//! Long and hard: only with PHAROS_SOAK (`make soak`). Prints its figures.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::{Labels, MetricBatch, Sample};

use crate::server::{Server, encode};

const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];
/// New series a minute.
const CHURN: u64 = 100_000;
const MINUTES: u64 = 10;
const DASHBOARDS: usize = 200;
/// The most memory that the server may hold, MB.
const MAX_MB: u64 = 1_500;

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

fn memory_mb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|kb| kb.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

/// Series come and go as pods do while many people look: every write is answered in time, queries go on, memory is
/// bounded, and nothing is lost.
#[test]
fn soak_churn_while_dashboards_query() {
    if std::env::var_os("PHAROS_SOAK").is_none() {
        return println!("skipped: set PHAROS_SOAK (make soak)");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    let (stop, queries, failed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let (server, stop, queries, failed) = (&server, &stop, &queries, &failed);
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut written = 0u64;
    std::thread::scope(|scope| {
        for at in 0..DASHBOARDS {
            scope.spawn(move || {
                let expr =
                    ["sum(churn)", "count by (shard) (churn)", "rate(churn[5m])", "topk(5, churn)"][at % 4];
                while !stop.load(Ordering::Relaxed) {
                    let end = now_ms() / 1_000;
                    let path = format!(
                        "/api/v1/query_range?start={}&end={end}&step=15&limit=100&query={}",
                        end - 300,
                        encode(expr)
                    );
                    let status = server.get(&path).0;
                    queries.fetch_add(1, Ordering::Relaxed);
                    failed.fetch_add(u64::from(status != 200), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_secs(5));
                }
            });
        }
        const EACH: u64 = 1_000;
        let total = CHURN * MINUTES;
        while written < total {
            let mut batch = MetricBatch::default();
            let t_ms = now_ms();
            for i in written..written + EACH {
                let labels = Labels::from_pairs([
                    ("__name__", "churn".to_owned()),
                    ("pod", format!("pod-{i:08}")),
                    ("shard", (i % 16).to_string()),
                ]);
                batch.push(labels, [Sample { t_ms, value: i as f64 }]);
            }
            let sent = Instant::now();
            let (status, text) = server.post("/api/v1/write", &HEADERS, wire::remote_write::encode(&batch));
            assert_eq!(status, 204, "{text}");
            slowest = slowest.max(sent.elapsed());
            written += EACH;
            let due = Duration::from_secs_f64(written as f64 * 60.0 / CHURN as f64);
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let window = began.elapsed().as_secs() + 60;
    let counted = server.query(&format!("sum(count_over_time(churn[{window}s]))"));
    let (asked, refused) = (queries.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
    let peak = memory_mb(server.pid());
    println!(
        "{written} series in {:.0} s; slowest write {slowest:?}; {asked} queries, {refused} refused; peak {peak} MB",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(counted[0]["value"][1], written.to_string(), "nothing is lost");
    assert!(slowest < Duration::from_secs(10), "a write took {slowest:?}");
    assert!(refused * 20 <= asked, "{refused} of {asked} queries were refused");
    assert!(peak <= MAX_MB, "{peak} MB");
}

/// A page of 10,000 series, scraped often: what a scrape costs, the store included.
#[test]
fn soak_a_large_page() {
    if std::env::var_os("PHAROS_SOAK").is_none() {
        return println!("skipped: set PHAROS_SOAK (make soak)");
    }
    let mut page = String::from("# TYPE big gauge\n");
    for i in 0..10_000 {
        page.push_str(&format!("big{{a=\"{}\",b=\"{}\",c=\"value {i}\"}} {}\n", i % 7, i % 100, i * 3));
    }
    let target = crate::scrape::Target::start(&page);
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("prometheus.yml");
    crate::server::write(
        &config,
        &format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n\
         scrape_configs: [{{job_name: big, static_configs: [{{targets: ['{}']}}]}}]\n",
            target.address
        ),
    );
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    crate::server::eventually("a scrape", || (!server.query("big{c=\"value 7\"}").is_empty()).then_some(()));
    let cpu = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        (ticks(11) + ticks(12)) * 10
    };
    let scrapes = || {
        let count = server.query("sum(count_over_time(up{job=\"big\"}[10m]))");
        count.first().and_then(|row| row["value"][1].as_str()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let (from, before) = (scrapes(), cpu());
    std::thread::sleep(Duration::from_secs(30));
    let (after, to) = (cpu(), scrapes());
    let each = (after - before) as f64 / (to - from).max(1) as f64;
    println!("{} scrapes of 10,000 series: {each:.1} ms CPU each", to - from);
    assert!(to > from, "it was scraped");
}
