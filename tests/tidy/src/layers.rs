//! Nothing points up: which crate may use which, and which crate owns which engine.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{files, root};

/// What each crate may use of the others.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("migrations", &[]),
    ("template", &[]),
    ("promql", &["model"]),
    ("wire", &["model"]),
    ("logql", &["model", "promql", "template"]),
    ("storage", &["model", "migrations"]),
    ("metric-store", &["model", "storage"]),
    ("log-store", &["model", "storage"]),
    ("dashboards", &["model", "storage"]),
    ("access", &["model", "storage"]),
    ("collect", &["model", "wire", "template"]),
    ("api", &["model", "wire", "storage", "promql", "logql", "dashboards", "access", "collect"]),
];

/// Which crates may name an engine among their dependencies.
const OWNERS: &[(&str, &[&str])] = &[
    ("axum", &["api", "pharos"]),
    ("tower-http", &["api"]),
    ("rust-embed", &["api"]),
    ("tantivy", &["log-store"]),
    ("nvml-wrapper", &["collect"]),
    ("zstd", &["storage"]),
    ("redb", &["storage", "migrations"]),
];

/// Crates that must not know of asynchronous code.
const SYNCHRONOUS: &[&str] = &[
    "model",
    "migrations",
    "template",
    "promql",
    "wire",
    "logql",
    "storage",
    "metric-store",
    "log-store",
    "dashboards",
    "access",
];

/// Names under `[dependencies]` of a manifest.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).expect("a manifest");
    let section = text.split("\n[").find(|section| section.starts_with("dependencies]")).unwrap_or_default();
    let names = section.lines().skip(1).filter_map(|line| line.split(['.', '=', ' ']).next());
    names.filter(|name| !name.is_empty() && !name.starts_with('#')).map(str::to_owned).collect()
}

fn crates() -> Vec<(String, BTreeSet<String>)> {
    let mut manifests = files(&root().join("server"), &["Cargo.toml"]);
    manifests.push(root().join("migrations/Cargo.toml"));
    let all = manifests.iter().map(|manifest| {
        let name =
            manifest.parent().and_then(Path::file_name).expect("a folder").to_string_lossy().into_owned();
        (name, dependencies(manifest))
    });
    all.collect()
}

#[test]
fn nothing_points_up() {
    let names: BTreeSet<String> = crates().into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 12, "{names:?}");
    for (name, used) in crates() {
        if name == "pharos" {
            continue;
        }
        let (_, allowed) = MAY_USE.iter().find(|(known, _)| *known == name).unwrap_or_else(|| {
            panic!("the crate {name} has no row in MAY_USE: add it, and its layer to ARCHITECTURE.md")
        });
        for other in used.iter().filter(|other| names.contains(*other)) {
            assert!(allowed.contains(&other.as_str()), "{name} must not use {other}");
        }
    }
}

#[test]
fn engines_have_one_owner() {
    for (name, used) in crates() {
        for (engine, owners) in OWNERS {
            let allowed = owners.contains(&name.as_str()) || !used.contains(*engine);
            assert!(allowed, "{name} must not use {engine}: its owner is {}", owners[0]);
        }
        let asynchronous = used.contains("tokio") && SYNCHRONOUS.contains(&name.as_str());
        assert!(!asynchronous, "{name} is synchronous: tokio begins at collect and api");
    }
}

#[test]
fn only_the_program_names_a_store() {
    for (name, used) in crates() {
        let store = used.iter().find(|other| other.ends_with("-store"));
        assert!(name == "pharos" || store.is_none(), "{name} names {store:?}");
    }
}
