//! `file_sd_configs`: targets in YAML or JSON files, read again when they change.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::Found;
use crate::config::{FileSd, TargetGroup, files_matching, groups_from_yaml, read_file};

/// How often the files' times are looked at, ms: changes show soon, whatever `refresh_interval` says.
const LOOK_MS: u64 = 5_000;

pub(super) async fn run(sd: FileSd, index: usize, sender: mpsc::Sender<Found>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(LOOK_MS.min(sd.refresh_ms as u64)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = None;
    loop {
        ticks.tick().await;
        let (sd, last) = (sd.clone(), seen.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let now = stamps(&sd);
            let changed = last.as_ref() != Some(&now);
            (changed.then(|| read_all(&sd, &now)), now)
        });
        let Ok((read, now)) = looked.await else { return };
        seen = Some(now);
        for found in read.into_iter().flatten() {
            if sender.send(Found { index, ..found }).await.is_err() {
                return;
            }
        }
    }
}

type Stamp = (PathBuf, Option<(SystemTime, u64)>);

/// The files with their times and sizes: equal stamps, equal content.
fn stamps(sd: &FileSd) -> Vec<Stamp> {
    let paths = sd.files.iter().flat_map(|pattern| files_matching(&sd.folder, pattern));
    let stamp = |path: &Path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    paths.map(|path| (path.clone(), stamp(&path))).collect()
}

/// One update with the groups of all files that can be read, and one for each that cannot.
fn read_all(sd: &FileSd, stamps: &[Stamp]) -> Vec<Found> {
    let mut groups: Vec<TargetGroup> = Vec::new();
    let mut out = Vec::new();
    for (path, _) in stamps {
        let origin = path.display().to_string();
        match read_file(path).and_then(|text| groups_from_yaml(&text)) {
            Ok(mut read) => {
                for group in &mut read {
                    group.labels.push(("__meta_filepath".to_owned(), origin.clone()));
                }
                groups.append(&mut read);
            }
            Err(error) => out.push(Found { index: 0, origin, groups: Err(error.to_string()) }),
        }
    }
    // While a file is broken the targets it had stay: as in Prometheus, a typing error must not end a job.
    if out.is_empty() {
        out.push(Found { index: 0, origin: sd.files.join(", "), groups: Ok(groups) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_files_and_names_the_broken_one() {
        let folder = tempfile::tempdir().unwrap();
        let sd = FileSd { files: vec!["*.json".into()], folder: folder.path().into(), refresh_ms: 1_000 };
        assert_eq!(read_all(&sd, &stamps(&sd))[0].groups, Ok(vec![]));
        std::fs::write(folder.path().join("a.json"), r#"[{"targets":["a:1"]}]"#).unwrap();
        std::fs::write(folder.path().join("b.json"), r#"[{"targets":["b:1"],"labels":{"x":"y"}}]"#).unwrap();
        let found = read_all(&sd, &stamps(&sd));
        let groups = found[0].groups.as_ref().unwrap();
        assert_eq!(groups.len(), 2);
        assert!(groups[1].labels.iter().any(|(n, v)| n == "__meta_filepath" && v.ends_with("b.json")));
        std::fs::write(folder.path().join("a.json"), "{").unwrap();
        let found = read_all(&sd, &stamps(&sd));
        assert!(found.len() == 1 && found[0].origin.ends_with("a.json") && found[0].groups.is_err());
    }
}
