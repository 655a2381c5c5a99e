//! Metrics that other programs leave in files: `*.prom` in the folders that were named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use indexmap::IndexMap;
use model::MetricKind;
use wire::exposition::{Format, Item, Page, Parser, label_pairs};

use super::{Host, read};

/// The largest file that is taken in, bytes.
const MOST_BYTES: u64 = 8 << 20;

type Sample = (String, Vec<(String, String)>, f64);

/// A family as files spell it: samples by their whole name.
#[derive(Default)]
struct Spelt {
    kind: Option<MetricKind>,
    help: Option<String>,
    /// What stands behind the family's name, the labels, the value.
    samples: Vec<Sample>,
}

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut families: IndexMap<String, Spelt> = IndexMap::new();
    let mut times: BTreeMap<String, f64> = BTreeMap::new();
    let mut failed = false;
    let mut paths = Vec::new();
    for folder in host.settings.textfile_folders() {
        match files(folder) {
            Some(found) => paths.extend(found),
            None => failed = true,
        }
    }
    for path in paths {
        let outcome = modified(&path).and_then(|time| Ok((time, take_in(&path)?)));
        match outcome {
            Ok((time, taken)) => {
                times.insert(path.display().to_string(), time);
                merge(&mut families, taken, page);
            }
            Err(why) => {
                failed = true;
                tracing::warn!(file = %path.display(), "a text file of metrics was left out: {why}");
            }
        }
    }
    for (name, family) in &families {
        write(page, name, family);
    }
    if !times.is_empty() {
        let help = "When a text file was written, in seconds since 1970.";
        let mut family = page.family("node_textfile_mtime_seconds", MetricKind::Gauge, help);
        for (file, time) in &times {
            family.sample(&[("file", file)], *time);
        }
    }
    let help = "Whether a text file could not be taken in.";
    page.gauge("node_textfile_scrape_error", help, f64::from(u8::from(failed)));
    Ok(())
}

/// The `*.prom` files of a folder, or of the folders that a pattern finds; `None` if there is no such folder.
fn files(folder: &str) -> Option<Vec<PathBuf>> {
    let folders: Vec<PathBuf> = glob::glob(folder).into_iter().flatten().flatten().collect();
    if folders.is_empty() {
        return None;
    }
    let entries =
        folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "prom")).collect();
    files.sort();
    Some(files)
}

fn modified(path: &Path) -> Result<f64, String> {
    let metadata = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if metadata.len() > MOST_BYTES {
        return Err(format!("it is larger than {} MiB", MOST_BYTES >> 20));
    }
    let time = metadata.modified().map_err(|e| e.to_string())?;
    Ok(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64())
}

fn take_in(path: &Path) -> Result<IndexMap<String, Spelt>, String> {
    let text = read::read(path)?;
    let mut out: IndexMap<String, Spelt> = IndexMap::new();
    let items = Parser::new(text.as_bytes(), Format::Text).map_err(|e| e.to_string())?;
    for item in items {
        match item.map_err(|e| e.to_string())? {
            Item::Help { family, text } => {
                out.entry(family.into_owned()).or_default().help = Some(text.into_owned());
            }
            Item::Type { family, kind } => out.entry(family.into_owned()).or_default().kind = Some(kind),
            Item::Unit { .. } => {}
            Item::Sample(point) => {
                if point.timestamp_ms.is_some() {
                    return Err(format!("line {}: a sample with a time of its own", point.line()));
                }
                let mut labels = Vec::new();
                let mut name = String::new();
                for (label, value) in label_pairs(point.series)? {
                    match label.as_ref() {
                        "__name__" => name = value.into_owned(),
                        _ => labels.push((label.into_owned(), value.into_owned())),
                    }
                }
                let (family, suffix) = family(&out, &name);
                out.entry(family).or_default().samples.push((suffix, labels, point.value));
            }
        }
    }
    Ok(out)
}

/// The family that a sample of this name belongs to, and the rest of the name.
fn family(known: &IndexMap<String, Spelt>, name: &str) -> (String, String) {
    for suffix in ["_bucket", "_sum", "_count"] {
        if let Some(base) = name.strip_suffix(suffix)
            && let Some(Spelt { kind: Some(MetricKind::Histogram | MetricKind::Summary), .. }) =
                known.get(base)
        {
            return (base.to_owned(), suffix.to_owned());
        }
    }
    (name.to_owned(), String::new())
}

/// Families of several files become one; one that this page has already is the host's own and stays so.
fn merge(families: &mut IndexMap<String, Spelt>, taken: IndexMap<String, Spelt>, page: &Page) {
    for (name, spelt) in taken {
        if page.as_str().contains(&format!("# TYPE {name} ")) {
            tracing::debug!(family = name, "a text file names a family of the host's own: left out");
            continue;
        }
        let family = families.entry(name).or_default();
        family.kind = family.kind.or(spelt.kind);
        if family.help.is_none() {
            family.help = spelt.help;
        }
        family.samples.extend(spelt.samples);
    }
}

fn write(page: &mut Page, name: &str, family: &Spelt) {
    let help = family.help.as_deref().unwrap_or("From a text file.");
    let mut written = page.family(name, family.kind.unwrap_or(MetricKind::Unknown), help);
    for (suffix, labels, value) in &family.samples {
        let labels: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        written.suffixed(suffix, &labels, *value);
    }
}
