//! ZFS: its caches and pools, from `/proc/spl/kstat/zfs`.

use model::MetricKind::{Gauge, Unknown};
use wire::exposition::Page;

use super::{Host, Rows, number};

const FOLDER: &str = "proc/spl/kstat/zfs";

/// Files of the whole module, and the middle of the metrics' names.
const FILES: [(&str, &str); 11] = [
    ("abdstats", "abd"),
    ("arcstats", "arc"),
    ("dbufstats", "dbuf"),
    ("dmu_tx", "dmu_tx"),
    ("dnodestats", "dnode"),
    ("fm", "fm"),
    ("vdev_cache_stats", "vdev_cache"),
    ("vdev_mirror_stats", "vdev_mirror"),
    ("xuio_stats", "xuio"),
    ("zfetchstats", "zfetch"),
    ("zil", "zil"),
];

const STATES: [&str; 7] = ["degraded", "faulted", "offline", "online", "removed", "suspended", "unavail"];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let entries = host.entries(FOLDER)?;
    let mut rows = Rows::default();
    for (file, name) in FILES {
        // Releases differ in which files there are.
        for (field, value) in kstat(&host.read(&format!("{FOLDER}/{file}")).unwrap_or_default()) {
            let Ok(value) = number(value) else { continue };
            let metric = format!("node_zfs_{name}_{}", field.replace('-', "_"));
            rows.add((&metric, Unknown, &format!("{field} of {file}.")), &[], value);
        }
    }
    for pool in entries.iter().filter(|entry| host.path(&format!("{FOLDER}/{entry}")).is_dir()) {
        of_pool(host, &mut rows, pool);
    }
    rows.write(page);
    Ok(())
}

/// Names and values behind the two lines of heading; numbers and texts alike.
fn kstat(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().skip(2).filter_map(|line| {
        // A value may hold blanks.
        let (name, rest) = line.trim().split_once(char::is_whitespace)?;
        let (_, value) = rest.trim_start().split_once(char::is_whitespace)?;
        Some((name, value.trim()))
    })
}

fn of_pool(host: &Host, rows: &mut Rows, pool: &str) {
    let folder = format!("{FOLDER}/{pool}");
    let io = host.read(&format!("{folder}/io")).unwrap_or_default();
    let mut lines = io.lines().skip(1);
    let (names, values) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    for (name, value) in names.split_ascii_whitespace().zip(values.split_ascii_whitespace()) {
        if let Ok(value) = number(value) {
            let metric = format!("node_zfs_zpool_{name}");
            rows.add((&metric, Unknown, &format!("{name} of a pool.")), &[("zpool", pool)], value);
        }
    }
    if let Some(current) = host.text(&format!("{folder}/state")) {
        for state in STATES {
            let is = f64::from(u8::from(current.eq_ignore_ascii_case(state)));
            let family = ("node_zfs_zpool_state", Gauge, "Whether a pool is in a state.");
            rows.add(family, &[("state", state), ("zpool", pool)], is);
        }
    }
    for file in host.names(&folder, "objset-") {
        let text = host.read(&format!("{folder}/{file}")).unwrap_or_default();
        let Some((_, dataset)) = kstat(&text).find(|(name, _)| *name == "dataset_name") else { continue };
        for (name, value) in kstat(&text).filter(|(name, _)| *name != "dataset_name") {
            if let Ok(value) = number(value) {
                let metric = format!("node_zfs_zpool_dataset_{name}");
                let labels = [("dataset", dataset), ("zpool", pool)];
                rows.add((&metric, Unknown, &format!("{name} of a data set.")), &labels, value);
            }
        }
    }
}
