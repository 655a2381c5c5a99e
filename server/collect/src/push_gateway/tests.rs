//! Pushes, deletions, restarts.

use model::{Appended, CommitTicket, ManualClock, is_stale};

use super::*;

#[derive(Default)]
struct Sink(Mutex<Vec<String>>);

impl MetricSink for Sink {
    fn append(&self, batch: &MetricBatch) -> model::Result<Appended> {
        let mut lines = self.0.lock();
        for (index, series) in batch.series.iter().enumerate() {
            for sample in batch.samples_of(series) {
                let value = if is_stale(sample.value) { "stale".into() } else { sample.value.to_string() };
                lines.push(format!("{} {value} @{}", series.labels, sample.t_ms));
            }
            for (_, t_ms, h) in batch.histograms.iter().filter(|(of, ..)| *of == index as u32) {
                lines.push(format!("{} histogram of {} @{t_ms}", series.labels, h.count));
            }
        }
        Ok(Appended { accepted: 0, rejected: Vec::new(), commit: CommitTicket::done() })
    }
}

#[derive(Default)]
struct Store(Mutex<BTreeMap<String, Vec<u8>>>);

impl GroupStore for Store {
    fn load(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        Ok(self.0.lock().clone().into_iter().collect())
    }

    fn save(&self, id: &str, document: Option<&[u8]>) -> Result<(), String> {
        match document {
            Some(bytes) => drop(self.0.lock().insert(id.to_owned(), bytes.to_vec())),
            None => drop(self.0.lock().remove(id)),
        }
        Ok(())
    }
}

struct Fixture {
    sink: Arc<Sink>,
    store: Arc<Store>,
    clock: Arc<ManualClock>,
    gateway: PushGateway,
}

fn fixture() -> Fixture {
    let (sink, store, clock) =
        (Arc::new(Sink::default()), Arc::new(Store::default()), Arc::new(ManualClock::new(1_000)));
    let gateway = PushGateway::open(sink.clone(), store.clone(), clock.clone());
    Fixture { sink, store, clock, gateway }
}

const TEXT: PushFormat = PushFormat::Lines(wire::exposition::Format::Text);

impl Fixture {
    fn push(&self, path: &str, mode: PushMode, body: &str) -> Result<(), PushError> {
        self.gateway.push(grouping_key(path).unwrap(), mode, (body.as_bytes(), TEXT))
    }

    /// What was stored since the last call, the gateway's own series left out.
    fn stored(&self) -> Vec<String> {
        let mut lines = std::mem::take(&mut *self.sink.0.lock());
        lines.retain(|line| !line.contains("\"push_"));
        lines.sort();
        lines
    }
}

#[test]
fn puts_replace_and_posts_add() {
    let f = fixture();
    f.push("job/a", PushMode::Replace, "# TYPE x counter\nx 1\ny{job=\"mine\",instance=\"i\"} 2\n").unwrap();
    assert_eq!(
        f.stored(),
        [r#"{__name__="x", job="a"} 1 @1000"#, r#"{__name__="y", instance="i", job="a"} 2 @1000"#,]
    );
    f.clock.set(2_000);
    f.push("job/a", PushMode::Update, "# TYPE x counter\nx{l=\"1\"} 3\n").unwrap();
    assert_eq!(
        f.stored(),
        [
            r#"{__name__="x", job="a", l="1"} 3 @2000"#,
            r#"{__name__="x", job="a"} stale @2000"#,
            r#"{__name__="y", instance="i", job="a"} 2 @2000"#,
        ]
    );
    f.clock.set(3_000);
    f.push("job/a", PushMode::Replace, "z 4\n").unwrap();
    assert_eq!(
        f.stored(),
        [
            r#"{__name__="x", job="a", l="1"} stale @3000"#,
            r#"{__name__="y", instance="i", job="a"} stale @3000"#,
            r#"{__name__="z", job="a"} 4 @3000"#,
        ]
    );
    f.clock.set(18_000);
    f.gateway.tick();
    assert_eq!(f.stored(), [r#"{__name__="z", job="a"} 4 @18000"#]);
    f.gateway.delete(&grouping_key("job/a").unwrap()).unwrap();
    assert_eq!(f.stored(), [r#"{__name__="z", job="a"} stale @18000"#]);
    assert!(f.store.0.lock().is_empty());
}

#[test]
fn groups_survive_a_restart() {
    let f = fixture();
    f.push("job/a/instance/b", PushMode::Replace, "# HELP x Help.\n# TYPE x gauge\nx 1.5\n").unwrap();
    let before = f.gateway.groups();
    let again = PushGateway::open(f.sink.clone(), f.store.clone(), f.clock.clone());
    assert_eq!(again.groups(), before);
    assert_eq!(before[0].families["x"].about.help, "Help.");
    f.store.0.lock().insert("broken".into(), b"{".to_vec());
    assert_eq!(PushGateway::open(f.sink.clone(), f.store.clone(), f.clock.clone()).groups(), before);
}

#[test]
fn refused_pushes_change_only_the_time_of_failure() {
    let f = fixture();
    f.push("job/a", PushMode::Replace, "# TYPE x counter\nx 1\n").unwrap();
    f.clock.set(5_000);
    let check = |path: &str, body: &str, expect: &str| {
        let refused = f.push(path, PushMode::Replace, body);
        assert_eq!(refused, Err(PushError::Bad(expect.to_owned())), "{body}");
    };
    check("job/a", "x 1 1234\n", "line 1: pushed metrics must not have timestamps");
    check("job/a", "x 1\nx 2\n", r#"the series {__name__="x", job="a"} appears twice in the push"#);
    check("job/a", "x\n", r#"line 1: a value was expected: "x""#);
    check("job/b", "# TYPE x gauge\nx 1\n", {
        r#"the metric "x" is pushed as gauge, another group has it as counter"#
    });
    let groups = f.gateway.groups();
    assert_eq!((groups[0].push_ms, groups[0].failure_ms), (1_000, 5_000));
    assert_eq!(groups[0].families["x"].series[0].1, Value::Float(1.0));
    let own: Vec<String> = f.sink.0.lock().iter().filter(|l| l.contains("failure_time")).cloned().collect();
    assert!(own.last().unwrap().ends_with("job=\"b\"} 5 @5000"), "{own:?}");
}

#[test]
fn families_of_histograms_stay_together() {
    let f = fixture();
    let page = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
    f.push("job/a", PushMode::Replace, page).unwrap();
    let group = &f.gateway.groups()[0];
    assert_eq!(group.families.keys().collect::<Vec<_>>(), ["h"]);
    assert_eq!(group.families["h"].series.len(), 4);
    f.push("job/a", PushMode::Update, "# TYPE h histogram\nh_sum 9\n").unwrap();
    assert_eq!(f.gateway.groups()[0].families["h"].series.len(), 1);
}
