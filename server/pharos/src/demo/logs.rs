//! The demo's logs: JSON lines of the replicas, their jobs' output, and what operators note down.

use std::fmt::Write;

use bytes::Bytes;
use model::{Entry, Labels, LogBatch, StreamEntries};

use super::cluster::{Health, Moment, NODES, Node, noise};

/// The lines of the `seconds` before `moment`; `before` is how each replica was then.
pub(super) fn lines(moment: &Moment, before: [Health; 2], seconds: f64) -> LogBatch {
    let mut batch = LogBatch::default();
    for (i, node) in moment.nodes.iter().enumerate() {
        if node.serves() {
            requests(&mut batch, moment, (i, node), seconds);
        }
        if node.health != before[i] {
            turn(&mut batch, moment.t_ms, i, node.health);
        }
    }
    batch
}

fn requests(batch: &mut LogBatch, moment: &Moment, (i, node): (usize, &Node), seconds: f64) {
    // A line for one request in four keeps the log readable.
    let count = ((node.arrivals * seconds / 4.0) as i64).clamp(0, 200);
    for n in 0..count {
        let t_ms = moment.t_ms - (seconds * 1000.0) as i64 * (count - n) / (count + 1);
        let (a, b) = (noise(t_ms, n as u64), noise(t_ms, 50 + n as u64));
        let slow = 1.0 + node.waiting / 12.0 + f64::from(u8::from(node.health == Health::Hot));
        let took = (2.6 + 2.0 * a) * slow;
        let (level, status, message) = if took > 25.0 {
            ("error", 504, "request timed out")
        } else if b > 0.996 {
            ("error", 500, "engine returned an error")
        } else if took > 12.0 {
            ("warning", 200, "slow request")
        } else {
            ("info", 200, "request finished")
        };
        let id = (noise(t_ms, 90 + n as u64).to_bits() >> 8) & 0xffff_ffff;
        let line = format!(
            "{{\"level\":\"{level}\",\"logger\":\"vllm.api\",\"message\":\"{message}\",\"request_id\":\"req-{id:08x}\",\
             \"status\":{status},\"duration_s\":{took:.3},\"prompt_tokens\":{},\"generated_tokens\":{}}}",
            (820.0 + 600.0 * b) as i64,
            (260.0 + 200.0 * a) as i64,
        );
        push(batch, &[("job", "vllm"), ("instance", NODES[i]), ("level", level)], t_ms, line);
    }
    let mut line = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        line,
        "INFO: Avg generation throughput: {:.1} tokens/s, Running: {} reqs, Waiting: {} reqs, GPU KV cache usage: {:.1}%",
        node.arrivals * 260.0,
        (node.busy * 180.0).round(),
        node.waiting,
        node.busy * 90.0
    );
    output(batch, moment.t_ms, i, line);
}

/// What a replica that changes its state, and those who look after it, write.
fn turn(batch: &mut LogBatch, t_ms: i64, i: usize, health: Health) {
    let (level, line, note) = match health {
        Health::Hot => (
            "warning",
            "GPU 2: temperature 84 C, clocks throttled (SW thermal slowdown)",
            "GPU 2 of gpu-02 runs hot",
        ),
        Health::Down => (
            "error",
            "NVRM: Xid (PCI:0000:a1:00): 79, GPU has fallen off the bus. EngineDeadError: worker died, replica exits",
            "replica on gpu-02 is down, traffic moves to gpu-01",
        ),
        Health::Loading => {
            ("info", "Starting to load model weights (8 shards)", "node drained, GPU reset, replica starts")
        }
        Health::Well => ("info", "Application startup complete.", "replica on gpu-02 serves again"),
    };
    let json = format!("{{\"level\":\"{level}\",\"logger\":\"vllm.engine\",\"message\":\"{line}\"}}");
    push(batch, &[("job", "vllm"), ("instance", NODES[i]), ("level", level)], t_ms, json);
    output(batch, t_ms, i, format!("{}: {line}", level.to_ascii_uppercase()));
    push(batch, &[("job", "operations"), ("kind", "incident")], t_ms, note.to_owned());
}

/// The output file of the replica's job.
fn output(batch: &mut LogBatch, t_ms: i64, i: usize, line: String) {
    let file = format!("/logs/vllm-replicas_{}_{}.out", 7001 + i, NODES[i]);
    push(batch, &[("job", "slurm-stdout"), ("filename", &file)], t_ms, line);
}

fn push(batch: &mut LogBatch, labels: &[(&str, &str)], t_ms: i64, line: String) {
    let labels = Labels::from_pairs(labels.iter().copied());
    let entry = Entry { t_ns: t_ms * 1_000_000, line: Bytes::from(line), metadata: Labels::empty() };
    match batch.streams.iter_mut().find(|stream| stream.labels == labels) {
        Some(stream) => stream.entries.push(entry),
        None => batch.streams.push(StreamEntries { labels, entries: vec![entry] }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cluster::Story;
    use super::*;

    #[test]
    fn the_incident_is_told_in_the_logs() {
        let story = Story { incident_ms: 0 };
        let mut before = [Health::Well; 2];
        let mut told = Vec::new();
        for step in -4..60 {
            let moment = story.at(step * 15_000);
            let batch = lines(&moment, before, 15.0);
            before = moment.nodes.map(|node| node.health);
            for stream in batch.streams.iter().filter(|s| s.labels.value("job") == "operations") {
                told.extend(stream.entries.iter().map(|e| String::from_utf8_lossy(&e.line).into_owned()));
            }
            let json =
                batch.streams.iter().filter(|s| s.labels.value("job") == "vllm").flat_map(|s| &s.entries);
            assert!(json.clone().all(|e| serde_json::from_slice::<serde_json::Value>(&e.line).is_ok()));
        }
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[1].contains("is down"));
    }
}
