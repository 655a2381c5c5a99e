//! Licences of everything that is built in, and dependencies that nobody uses.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::{files, root};

/// The licences that `deny.toml` allows.
fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let (_, rest) = text.split_once("allow = [").expect("an allow list");
    let (list, _) = rest.split_once(']').expect("its end");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with allowed licences alone.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let text = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // In these expressions AND binds parts that all must be met; OR gives a choice between neighbours.
    text.split(" AND ").all(|part| part.split(" OR ").any(|licence| allowed.contains(licence.trim())))
}

#[test]
fn licences_are_allowed() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        // What other systems would need is neither built nor on this machine.
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo metadata ran");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "{} packages", packages.len());
    let allowed = allowed();
    let broken: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(|licence| is_met(licence, &allowed)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(broken.is_empty(), "licences that deny.toml does not allow:\n  {}", broken.join("\n  "));
}

#[test]
fn no_dependency_is_unused() {
    let mut broken = Vec::new();
    for manifest in files(&root(), &["Cargo.toml"]) {
        let text = std::fs::read_to_string(&manifest).expect("a manifest");
        let folder = manifest.parent().expect("a folder");
        let mut sources = files(folder, &[".rs"]);
        let outside = text.lines().filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"'));
        for path in outside.filter(|path| path.ends_with(".rs")) {
            let path = folder.join(path);
            sources.extend(files(path.parent().expect("a folder"), &[".rs"]));
        }
        let code: String = sources.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
        let sections = text
            .split("\n[")
            .filter(|s| s.starts_with("dependencies]") || s.starts_with("dev-dependencies]"));
        for line in sections.flat_map(|section| section.lines().skip(1)) {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if !name.is_empty() && !name.starts_with('#') && !code.contains(&name.replace('-', "_")) {
                broken.push(format!("{}: {name}", manifest.display()));
            }
        }
    }
    assert!(broken.is_empty(), "nobody uses:\n  {}", broken.join("\n  "));
}

#[test]
fn expressions_are_understood() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    for (expression, met) in [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND ISC", true),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
