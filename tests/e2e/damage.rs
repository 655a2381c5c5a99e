//! Bytes that a disk gave back wrong.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use model::{Labels, MetricBatch, Sample};

use crate::server::{Server, eventually};

const SERIES: i64 = 300;
const SAMPLES: i64 = 400;
/// A window that ended long ago, so that it is sealed at once.
const FIRST_MS: i64 = 1_700_006_400_000;

fn partitions(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(partitions(&path)),
            false => found.extend(Some(path).filter(|path| path.extension().is_some_and(|e| e == "redb"))),
        }
    }
    found.retain(|path| path.file_name().is_some_and(|name| name != "meta.redb"));
    found
}

/// Values that no codec makes small: the partition is mostly samples.
fn batch() -> MetricBatch {
    let mut batch = MetricBatch::default();
    let mut state = 1_u64;
    for series in 0..SERIES {
        let pairs =
            [("__name__".to_owned(), "damaged".to_owned()), ("series".to_owned(), series.to_string())];
        let samples = (0..SAMPLES).map(|i| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Sample { t_ms: FIRST_MS + i * 15_000, value: (state >> 11) as f64 / 1e6 }
        });
        batch.push(Labels::from_pairs(pairs), samples);
    }
    batch
}

#[test]
fn a_damaged_chunk_is_left_out_with_a_warning_that_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];
    assert_eq!(server.post("/api/v1/write", &headers, wire::remote_write::encode(&batch())).0, 204);
    let file = eventually("a sealed partition", || partitions(&folder.path().join("metrics")).pop());
    assert!(server.terminate().0.success());

    let path = format!(
        "/api/v1/query?time={}&query=sum(count_over_time(damaged[3h]))",
        (FIRST_MS + SAMPLES * 15_000) / 1000
    );
    let ask = || {
        let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
        let answer = server.json(&path);
        let count = answer["data"]["result"][0]["value"][1].as_str().and_then(|n| n.parse::<i64>().ok());
        (count.expect("a count"), answer["warnings"].to_string())
    };
    assert_eq!(ask(), (SERIES * SAMPLES, "null".to_owned()));
    let disk = std::fs::OpenOptions::new().read(true).write(true).open(&file).expect("opened");
    let middle = 300_000;
    let mut byte = [0];
    disk.read_exact_at(&mut byte, middle).expect("read");
    disk.write_all_at(&[byte[0] ^ 0x10], middle).expect("written");
    let (count, warnings) = ask();
    assert!(count < SERIES * SAMPLES && count > 0, "{count} samples are left");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(warnings.contains(&name), "{name} is not named in {warnings}");
}
