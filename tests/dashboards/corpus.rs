//! Real dashboards from public repositories, where there are some: every one loads, with what its index says it has.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dashboards::{Kind, import};
use serde_json::Value;

fn corpus() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("PHAROS_TEST_DATA")?).join("dashboards/corpus");
    folder.is_dir().then_some(folder)
}

/// Panels without rows, rows, and variables by name, as the UI gets them.
fn counts(dashboard: &Value) -> (u64, u64, BTreeMap<String, String>) {
    let top = dashboard["panels"].as_array().expect("panels");
    let all = top.iter().flat_map(|p| std::iter::once(p).chain(p["panels"].as_array().into_iter().flatten()));
    let (rows, panels): (Vec<_>, Vec<_>) = all.partition(|p| p["type"] == "row");
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
    let list = dashboard["templating"]["list"].as_array().expect("variables");
    let variables = list.iter().map(|v| (text(v, "name"), text(v, "type"))).collect();
    (panels.len() as u64, rows.len() as u64, variables)
}

/// No row is shown where none of an old file's `rows[]` has a title, is folded or repeated; the index counts them.
fn untitled_rows(bytes: &[u8]) -> Option<u64> {
    let raw: Value = serde_json::from_slice(bytes).ok()?;
    let rows = raw["rows"].as_array().filter(|rows| !rows.is_empty())?;
    let shown =
        |row: &Value| row["collapse"] == true || row["showTitle"] == true || row["repeat"].is_string();
    (!rows.iter().any(shown)).then_some(0)
}

#[test]
fn every_file_loads_with_what_its_index_says() {
    let Some(folder) = corpus() else { return println!("skipped: PHAROS_TEST_DATA has no dashboards") };
    let index = std::fs::read(folder.join("index.json")).expect("an index");
    let index: BTreeMap<String, Value> = serde_json::from_slice(&index).expect("JSON");
    let mut totals: BTreeMap<Kind, [usize; 3]> = BTreeMap::new();
    let (mut wrong, mut unknown) = (Vec::new(), BTreeMap::<String, usize>::new());
    let mut all = (0, 0, 0);
    for (file, expect) in &index {
        let bytes = std::fs::read(folder.join(file)).expect("a file of the index");
        let imported = match import(&bytes, file.trim_end_matches(".json")) {
            Ok(imported) => imported,
            Err(error) => {
                wrong.push(format!("{file}: {error}"));
                continue;
            }
        };
        let (panels, rows, variables) = counts(&imported.dashboard);
        all = (all.0 + panels, all.1 + rows, all.2 + variables.len());
        let expected: BTreeMap<String, String> =
            serde_json::from_value(expect["variables"].clone()).expect("variables");
        let rows_shown = untitled_rows(&bytes).map_or(expect["rows"].as_u64(), Some);
        let (expected_panels, expected_rows) = (expect["panels"].as_u64(), rows_shown);
        if Some(panels) != expected_panels || Some(rows) != expected_rows || variables != expected {
            wrong.push(format!(
                "{file}: {panels} panels, {rows} rows, {variables:?}; the index has {expected_panels:?}, \
                 {expected_rows:?}, {expected:?}"
            ));
        }
        for (kind, [used, approximated, lost]) in imported.report.totals() {
            let total = totals.entry(kind).or_default();
            *total = [total[0] + used, total[1] + approximated, total[2] + lost];
        }
        for item in &imported.report.unknown {
            let text = item.text.rsplit_once("\": ").map_or(item.text.as_str(), |(_, text)| text);
            *unknown.entry(format!("{:?}: {text}", item.kind)).or_default() += 1;
        }
    }
    println!("{} files: {} panels, {} rows, {} variables", index.len(), all.0, all.1, all.2);
    for (kind, [used, approximated, unknown]) in &totals {
        println!("{kind:?}: {used} used, {approximated} approximated, {unknown} unknown");
    }
    let mut unknown: Vec<_> = unknown.into_iter().collect();
    unknown.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (text, count) in unknown.iter().take(40) {
        println!("{count:5} {text}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
