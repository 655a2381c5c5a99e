//! Where a dashboard's JSON comes from: a file, a ConfigMap's entries, or a source folder
//! (`<name>/dashboard.json` with `panels/*.json` beside it).

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::provisioning::{has_ending, list};

/// A dashboard file larger than this is refused: real ones stay below 2 MB.
const MOST_BYTES: u64 = 32 << 20;
/// Files of a source folder.
const MOST_PARTS: usize = 1_000;

/// One dashboard's bytes.
pub(crate) struct Found {
    /// File name without its ending.
    pub(crate) name: String,
    /// The JSON, or why there is none.
    pub(crate) raw: Result<Vec<u8>, String>,
    /// The folder that the file itself names.
    pub(crate) folder: Option<String>,
}

/// Whether `folder` holds a dashboard in parts.
pub(crate) fn is_source(folder: &Path) -> bool {
    folder.join("dashboard.json").is_file() && folder.join("panels").is_dir()
}

/// The files whose change changes what `path` holds.
pub(crate) fn parts(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let panels = list(&path.join("panels")).unwrap_or_default();
    let mut parts = vec![path.join("dashboard.json")];
    parts.extend(panels.into_iter().filter(|part| has_ending(part, &["json"])).take(MOST_PARTS));
    parts
}

/// The dashboards that `path` holds.
pub(crate) fn read(path: &Path) -> Vec<Found> {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if path.is_dir() {
        // `src/service/dashboard.json` is the dashboard "service".
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return vec![Found { name, raw: assemble(path), folder: None }];
    }
    match has_ending(path, &["yml", "yaml"]) {
        true => config_map(path, &stem(path)),
        false => vec![Found { name: stem(path), raw: read_file(path), folder: None }],
    }
}

fn read_file(file: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(file).map_err(|e| format!("cannot be read: {e}"))?.len();
    if size > MOST_BYTES {
        return Err(format!("is {} MiB large; the limit is {} MiB", size >> 20, MOST_BYTES >> 20));
    }
    std::fs::read(file).map_err(|e| format!("cannot be read: {e}"))
}

fn read_json(file: &Path) -> Result<Value, String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let bytes = read_file(file).map_err(|e| format!("{name} {e}"))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    serde_json::from_slice(text).map_err(|e| format!("{name}: {e}"))
}

/// `dashboard.json` with the panels of `panels/*.json` in it: behind its own, in the order of their names, or where
/// its `panels` name the files.
fn assemble(folder: &Path) -> Result<Vec<u8>, String> {
    let mut document = read_json(&folder.join("dashboard.json"))?;
    let wrapped = document["dashboard"].is_object();
    let dashboard = if wrapped { &mut document["dashboard"] } else { &mut document };
    if !dashboard.is_object() {
        return Err("dashboard.json: the top level is not an object".into());
    }
    let files: Vec<PathBuf> = parts(folder).into_iter().skip(1).collect();
    let own = dashboard["panels"].as_array().cloned().unwrap_or_default();
    let mut named = Vec::new();
    let mut panels = Vec::new();
    for panel in own {
        let file = panel.as_str().and_then(|name| find(&files, name)).cloned();
        match file {
            Some(file) => {
                add(&mut panels, read_json(&file)?);
                named.push(file);
            }
            None if panel.is_string() => return Err(format!("panels: there is no file {panel}")),
            None => panels.push(panel),
        }
    }
    for file in files.iter().filter(|file| !named.contains(file)) {
        add(&mut panels, read_json(file)?);
    }
    dashboard["panels"] = Value::Array(panels);
    serde_json::to_vec_pretty(&document).map_err(|e| e.to_string())
}

fn find<'a>(files: &'a [PathBuf], name: &str) -> Option<&'a PathBuf> {
    let name = Path::new(name).file_name()?;
    files.iter().find(|file| file.file_name() == Some(name) || file.file_stem() == Some(name))
}

/// A file holds one panel, a list of them, or an object with a list.
fn add(panels: &mut Vec<Value>, part: Value) {
    match part {
        Value::Array(list) => panels.extend(list),
        Value::Object(mut object)
            if !object.contains_key("type") && object.get("panels").is_some_and(Value::is_array) =>
        {
            if let Some(Value::Array(list)) = object.remove("panels") {
                panels.extend(list);
            }
        }
        panel => panels.push(panel),
    }
}

/// Every `*.json` in the `data` of the file's ConfigMaps.
fn config_map(path: &Path, stem: &str) -> Vec<Found> {
    use serde::Deserialize;
    let broken = |error: String| vec![Found { name: stem.to_owned(), raw: Err(error), folder: None }];
    let bytes = match read_file(path) {
        Ok(bytes) => bytes,
        Err(error) => return broken(error),
    };
    let mut found = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_slice(&bytes) {
        let document = match serde_yaml_ng::Value::deserialize(document) {
            Ok(document) => document,
            Err(error) => return broken(error.to_string()),
        };
        let annotations = document.get("metadata").and_then(|m| m.get("annotations"));
        let folder =
            annotations.and_then(|a| a.get("grafana_folder")).and_then(|f| f.as_str()).map(str::to_owned);
        let data = document.get("data").and_then(serde_yaml_ng::Value::as_mapping);
        for (key, value) in data.into_iter().flatten() {
            let (Some(key), Some(text)) = (key.as_str(), value.as_str()) else { continue };
            if let Some(name) = key.strip_suffix(".json") {
                let raw = Ok(text.as_bytes().to_vec());
                found.push(Found { name: name.to_owned(), raw, folder: folder.clone() });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        root
    }

    fn titles(root: &Path) -> Result<Vec<String>, String> {
        let raw = read(root).pop().expect("one").raw?;
        let value: Value = serde_json::from_slice(&raw).expect("json");
        let panels = value["panels"].as_array().expect("panels").clone();
        Ok(panels.iter().map(|p| p["title"].as_str().unwrap_or_default().to_owned()).collect())
    }

    #[test]
    fn parts_come_in_the_order_of_their_names() {
        let root = folder(&[
            ("dashboard.json", r#"{"title": "Service", "panels": [{"title": "own"}]}"#),
            ("panels/02_b.json", r#"[{"title": "b1"}, {"title": "b2"}]"#),
            ("panels/01_a.json", r#"{"title": "a", "type": "stat"}"#),
            ("panels/notes.md", "no panel"),
        ]);
        assert!(is_source(root.path()));
        assert_eq!(titles(root.path()), Ok(vec!["own".into(), "a".into(), "b1".into(), "b2".into()]));
        assert_eq!(parts(root.path()).len(), 3);
    }

    #[test]
    fn a_dashboard_may_name_its_parts() {
        let root = folder(&[
            ("dashboard.json", r#"{"title": "S", "panels": ["b.json", "panels/a"]}"#),
            ("panels/a.json", r#"{"title": "a"}"#),
            ("panels/b.json", r#"{"panels": [{"title": "b"}]}"#),
        ]);
        assert_eq!(titles(root.path()), Ok(vec!["b".into(), "a".into()]));
        std::fs::write(root.path().join("panels/a.json"), "{").expect("written");
        assert!(titles(root.path()).expect_err("broken").starts_with("a.json: "));
    }

    #[test]
    fn config_maps_hold_dashboards_and_their_folder() {
        let root = folder(&[(
            "m.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    grafana_folder: LLM\ndata:\n  a.json: |\n    \
             {\"title\": \"A\"}\n  other: x\n---\nkind: ConfigMap\ndata:\n  b.json: '{\"title\": \"B\"}'\n",
        )]);
        let found = read(&root.path().join("m.yaml"));
        let seen: Vec<_> =
            found.iter().map(|f| (f.name.as_str(), f.folder.as_deref(), f.raw.is_ok())).collect();
        assert_eq!(seen, [("a", Some("LLM"), true), ("b", None, true)]);
    }
}
