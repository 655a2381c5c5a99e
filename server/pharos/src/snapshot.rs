//! `admin/tsdb/snapshot`: the metric store's files in a folder of their own, as links where the disk can.

use std::fs;
use std::path::Path;

use metric_store::MetricStore;
use model::{Error, ErrorKind, Result};

/// The folder of all snapshots, below the data folder.
const FOLDER: &str = "snapshots";

/// Takes a snapshot below `data` and returns its name. It is a data folder itself: `pharos serve --data` opens it.
pub(crate) fn take(metrics: &MetricStore, data: &Path, now_ms: i64) -> Result<String> {
    let failed = |what: &Path, error: std::io::Error| {
        Error::new(ErrorKind::Unavailable, format!("{}: {error}", what.display()))
    };
    let name = name(now_ms);
    let unfinished = data.join(FOLDER).join(format!("{name}.tmp"));
    fs::create_dir_all(unfinished.join("metrics")).map_err(|e| failed(&unfinished, e))?;
    let taken = metrics.snapshot(&mut |from, path| {
        let to = unfinished.join("metrics").join(path);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        // The files never change: a link is as good as a copy, and costs nothing.
        fs::hard_link(from, &to).or_else(|_| fs::copy(from, &to).map(|_| ()))
    });
    if let Err(error) = taken {
        let _ = fs::remove_dir_all(&unfinished);
        return Err(error.into());
    }
    let whole = data.join(FOLDER).join(&name);
    fs::rename(&unfinished, &whole).map_err(|e| failed(&whole, e))?;
    Ok(name)
}

/// `20261124T144003Z-3f2`: the time, with its milliseconds in hexadecimal.
fn name(now_ms: i64) -> String {
    let seconds = jiff::Timestamp::from_second(now_ms.div_euclid(1000)).unwrap_or_default();
    format!("{}-{:03x}", seconds.strftime("%Y%m%dT%H%M%SZ"), now_ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_times() {
        assert_eq!(super::name(1_700_000_000_255), "20231114T221320Z-0ff");
    }
}
