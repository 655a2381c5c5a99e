//! First lines, lengths of files and functions, names of files.

use std::path::Path;

use crate::{files, root};

/// Lines of a file without its tests.
const MOST_LINES: usize = 600;
/// Lines of a function.
const MOST_FUNCTION_LINES: usize = 70;
/// Names that say nothing of what is inside.
const DRAWERS: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager", "misc", "mod"];

fn rust_files() -> Vec<(String, String)> {
    let root = root();
    let all = ["server", "migrations", "tests"].iter().flat_map(|folder| files(&root.join(folder), &[".rs"]));
    all.map(|path| {
        let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        (name, std::fs::read_to_string(&path).expect("text"))
    })
    .collect()
}

/// The text before the file's tests.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

fn report(what: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{what}:\n  {}", broken.join("\n  "));
}

#[test]
fn files_say_first_what_they_are() {
    let all = rust_files();
    assert!(all.len() > 100, "{} files", all.len());
    let broken: Vec<_> =
        all.iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(name, _)| name.clone()).collect();
    report("the first line must be `//! What this is`", &broken);
}

#[test]
fn files_fit_in_the_head() {
    let is_test =
        |name: &str| name.starts_with("tests/") || name.ends_with("tests.rs") || name.contains("/tests/");
    let long = rust_files().into_iter().filter(|(name, _)| !is_test(name)).filter_map(|(name, text)| {
        let lines = without_tests(&text).lines().count();
        (lines > MOST_LINES).then(|| format!("{name}: {lines} lines"))
    });
    report(
        &format!("longer than {MOST_LINES} lines without tests: split by meaning"),
        &long.collect::<Vec<_>>(),
    );
}

#[test]
fn functions_fit_on_a_screen() {
    let mut broken = Vec::new();
    for (name, text) in rust_files() {
        let mut open: Option<(usize, usize, String)> = None;
        for (number, line) in without_tests(&text).lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            // rustfmt closes a function at the indent that it opened at.
            match &open {
                Some((from, at, head))
                    if *at == indent && line.trim_end() == format!("{}}}", " ".repeat(indent)) =>
                {
                    let lines = number - from + 1;
                    if lines > MOST_FUNCTION_LINES {
                        broken.push(format!("{name}:{}: {lines} lines: {}", from + 1, head.trim()));
                    }
                    open = None;
                }
                None if is_function(line)
                    && !line.trim_end().ends_with(';')
                    && !line.trim_end().ends_with('}') =>
                {
                    open = Some((number, indent, line.to_owned()));
                }
                _ => {}
            }
        }
    }
    report(&format!("functions longer than {MOST_FUNCTION_LINES} lines"), &broken);
}

fn is_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let first =
        words.by_ref().find(|word| !word.starts_with("pub") && !["async", "unsafe", "const"].contains(word));
    first == Some("fn")
}

#[test]
fn no_drawers() {
    let broken: Vec<_> = rust_files()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| {
            Path::new(name).file_stem().is_some_and(|stem| DRAWERS.contains(&&*stem.to_string_lossy()))
        })
        .collect();
    report("a file's name says what is inside", &broken);
}

#[test]
fn the_interface_keeps_to_its_rooms() {
    let root = root();
    let src = root.join("web/src");
    let read = |path: &Path| std::fs::read_to_string(path).expect("text");
    let named = |path: &Path| path.strip_prefix(&src).unwrap_or(path).display().to_string();
    let all = files(&src, &[".ts", ".tsx"]);
    let outside = |folder: &str, marks: &[&str]| -> Vec<String> {
        let tests = |name: &str| name.contains(".test.") || name.contains("playground");
        let broken = all.iter().filter(|path| {
            let name = named(path);
            !name.starts_with(folder) && !tests(&name) && marks.iter().any(|mark| read(path).contains(mark))
        });
        broken.map(|path| named(path)).collect()
    };
    report("only charts/ imports uPlot", &outside("charts/", &["from 'uplot'", "from \"uplot\""]));
    report("only api/ calls fetch", &outside("api/", &[" fetch(", "(fetch(", "window.fetch"]));
    let long = all.iter().filter(|path| !named(path).contains(".test.")).filter_map(|path| {
        let lines = read(path).lines().count();
        (lines > MOST_LINES).then(|| format!("{}: {lines} lines", named(path)))
    });
    report(&format!("longer than {MOST_LINES} lines: split by meaning"), &long.collect::<Vec<_>>());
}
