//! Rotations of all kinds, with restarts between them: every line once.

use super::*;

/// Writes numbered lines and counts what arrived.
struct Writer {
    next: usize,
}

impl Writer {
    fn some(&mut self, n: usize) -> String {
        let text = (self.next..self.next + n).map(|i| format!("line {i}\n")).collect();
        self.next += n;
        text
    }

    fn check(&self, bench: &Bench) {
        let mut got: Vec<usize> = bench.lines().iter().map(|line| line[5..].parse().unwrap()).collect();
        got.sort_unstable();
        let missing: Vec<usize> = (0..self.next).filter(|i| got.binary_search(i).is_err()).collect();
        let doubled: Vec<usize> = got.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]).collect();
        assert!(missing.is_empty() && doubled.is_empty(), "missing {missing:?}, doubled {doubled:?}");
        assert_eq!(got.len(), self.next);
    }
}

fn copy_truncate(bench: &Bench, to: &str) {
    std::fs::copy(bench.path("app.log"), bench.path(to)).unwrap();
    OpenOptions::new().write(true).truncate(true).open(bench.path("app.log")).unwrap();
}

/// Moves `app.log.1` to `app.log.2` and so on.
fn shift(bench: &Bench, keep: usize) {
    for i in (1..keep).rev() {
        let (from, to) = (format!("app.log.{i}"), format!("app.log.{}", i + 1));
        if bench.path(&from).exists() {
            bench.rename(&from, &to);
        }
    }
}

fn rotate(bench: &mut Bench, writer: &mut Writer, kind: usize) {
    shift(bench, 5);
    match kind {
        0 => {
            bench.rename("app.log", "app.log.1");
            bench.write("app.log", writer.some(3));
        }
        // The writer goes on in the old file for a while.
        1 => {
            let mut old = bench.open("app.log");
            bench.rename("app.log", "app.log.1");
            bench.write("app.log", writer.some(2));
            bench.pass(700);
            old.write_all(writer.some(4).as_bytes()).unwrap();
        }
        2 => copy_truncate(bench, "app.log.1"),
        // The copy is seen before the file is truncated.
        3 => {
            std::fs::copy(bench.path("app.log"), bench.path("app.log.1")).unwrap();
            bench.pass(1_000);
            OpenOptions::new().write(true).truncate(true).open(bench.path("app.log")).unwrap();
            bench.write("app.log", writer.some(40));
        }
        // The new file comes later.
        _ => {
            bench.rename("app.log", "app.log.1");
            bench.pass(1_500);
        }
    }
}

fn all_kinds(pattern: &str, restarts: bool) {
    let mut bench = Bench::new(pattern, "[]");
    let mut writer = Writer { next: 0 };
    bench.write("app.log", writer.some(5));
    bench.pass(0);
    for round in 0..50 {
        bench.write("app.log", writer.some(round % 7 + 1));
        match round % 3 {
            0 => bench.pass(1_000),
            1 if restarts => bench.restart(),
            _ => {}
        }
        if round % 4 == 1 {
            bench.write("app.log", writer.some(2));
        }
        rotate(&mut bench, &mut writer, round % 5);
        bench.write("app.log", writer.some(3));
        if restarts && round % 2 == 0 {
            bench.restart();
        }
        bench.pass(300);
        bench.pass(1_000);
        if round % 6 == 5 {
            bench.pass(30_000);
        }
    }
    bench.pass(2_000);
    bench.pass(30_000);
    bench.pass(2_000);
    writer.check(&bench);
}

#[test]
fn every_line_once_with_one_path() {
    all_kinds("app.log", false);
}

#[test]
fn every_line_once_with_one_path_and_restarts() {
    all_kinds("app.log", true);
}

#[test]
fn every_line_once_where_rotated_files_match_too() {
    all_kinds("app.log*", false);
}

#[test]
fn every_line_once_where_rotated_files_match_too_with_restarts() {
    all_kinds("app.log*", true);
}

#[test]
fn new_content_as_long_as_the_old_is_noticed() {
    let mut bench = Bench::new("a.log", "[]");
    bench.write("a.log", "old 1\nold 2\n");
    bench.pass(0);
    std::fs::write(bench.path("a.log"), "new 1\nnew 2\nnew 3\n").unwrap();
    bench.pass(1_000);
    bench.check_lines(&["old 1", "old 2", "new 1", "new 2", "new 3"]);
    // Also while nobody looks.
    std::fs::write(bench.path("a.log"), "other\nand much more than there was before\n").unwrap();
    bench.restart();
    bench.pass(1_000);
    assert_eq!(bench.lines().len(), 7);
}

#[test]
fn a_first_line_that_stays_the_same_hides_nothing() {
    let banner = format!("{}\n", "=".repeat(2_000));
    let mut bench = Bench::new("a.log", "[]");
    bench.write("a.log", format!("{banner}one\ntwo\n"));
    bench.pass(0);
    std::fs::write(bench.path("a.log"), format!("{banner}six\nseven\neight\n")).unwrap();
    bench.pass(1_000);
    assert_eq!(bench.lines()[4..], ["six", "seven", "eight"]);
}

/// As when a new file gets the inode of one that was read: a copy written over it is still a copy.
#[test]
fn a_copy_over_a_file_that_was_read() {
    for restarted in [false, true] {
        for truncated in [false, true] {
            let mut bench = Bench::new("app.log*", "[]");
            bench.write("app.log.1", "a 1\na 2\n");
            bench.write("app.log", "b 1\nb 2\n");
            bench.pass(0);
            bench.write("app.log", "b 3\n");
            std::fs::copy(bench.path("app.log"), bench.path("app.log.1")).unwrap();
            if truncated {
                std::fs::write(bench.path("app.log"), "c\n").unwrap();
            }
            if restarted {
                bench.restart();
            }
            bench.pass(1_000);
            bench.write("app.log", "d\n");
            bench.pass(1_000);
            bench.pass(30_000);
            bench.pass(1_000);
            let mut lines = bench.lines();
            lines.sort();
            let mut expect = vec!["a 1", "a 2", "b 1", "b 2", "b 3", "c", "d"];
            expect.retain(|line| truncated || *line != "c");
            assert_eq!(lines, expect, "restarted {restarted}, truncated {truncated}");
        }
    }
}

#[test]
fn links_that_are_swapped() {
    let mut bench = Bench::new("current.log", "[]");
    let link = |bench: &Bench, to: &str| {
        std::os::unix::fs::symlink(bench.path(to), bench.path("next")).unwrap();
        bench.rename("next", "current.log");
    };
    bench.write("run-1", "one\n");
    link(&bench, "run-1");
    bench.pass(0);
    bench.write("run-1", "two\n");
    bench.write("run-2", "three\n");
    link(&bench, "run-2");
    bench.pass(1_000);
    bench.write("run-1", "late\n");
    bench.pass(1_000);
    let mut lines = bench.lines();
    lines.sort();
    assert_eq!(lines, ["late", "one", "three", "two"]);
    assert!(bench.streams().iter().all(|stream| stream.starts_with(r#"{filename="current.log"}"#)));
}

#[test]
fn a_second_name_gives_no_second_lines() {
    let mut bench = Bench::new("*.log", "[]");
    bench.write("a.log", "one\n");
    std::os::unix::fs::symlink(bench.path("a.log"), bench.path("b.log")).unwrap();
    bench.pass(0);
    bench.pass(1_000);
    bench.check_lines(&["one"]);
}

#[test]
fn a_deleted_file_is_read_to_its_end_and_forgotten() {
    let mut bench = Bench::new("*.log", "[]");
    bench.write("a.log", "one\n");
    bench.pass(0);
    let mut open = bench.open("a.log");
    std::fs::remove_file(bench.path("a.log")).unwrap();
    open.write_all(b"two\nthree").unwrap();
    bench.pass(1_000);
    bench.check_lines(&["one", "two"]);
    bench.pass(30_000);
    bench.pass(1_000);
    bench.pass(30_000);
    bench.check_lines(&["one", "two", "three"]);
    assert_eq!(bench.status().files_total, 0);
    assert!(bench.sink.inner.lock().cursors.is_empty());
}

#[test]
fn a_renamed_file_goes_on_under_its_new_name() {
    let mut bench = Bench::new("*.log", "[]");
    bench.write("a.log", "one\n");
    bench.pass(0);
    bench.rename("a.log", "b.log");
    bench.pass(1_000);
    bench.pass(30_000);
    bench.write("b.log", "two\n");
    bench.pass(1_000);
    assert_eq!(bench.streams(), [r#"{filename="a.log"} one"#, r#"{filename="b.log"} two"#]);
    bench.restart();
    bench.pass(1_000);
    assert_eq!(bench.lines().len(), 2);
}

/// Files that had the name for a while and lost it again before anybody looked.
#[test]
fn rotations_that_nobody_saw() {
    // Which of three rotations copy and truncate; the others rename.
    let none: fn(u64) -> bool = |_| false;
    let kinds = [none, |_| true, |k| k == 1, |k| k == 2, |k| k != 2];
    let cases = [false, true].into_iter().flat_map(|restarts| kinds.map(|copies| (restarts, copies)));
    for (restarts, copies) in cases {
        let mut bench = Bench::new("app.log", "[]");
        let mut writer = Writer { next: 0 };
        // Neither old rotations, nor what only looks like one, are read.
        for name in ["app.log.9", "app.log-errors"] {
            bench.write(name, "line 1000000\n");
        }
        let age = |bench: &Bench, name: &str, seconds: u64| {
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_767_268_800 + seconds);
            OpenOptions::new().append(true).open(bench.path(name)).unwrap().set_modified(at).unwrap();
        };
        age(&bench, "app.log.9", 0);
        bench.write("app.log", writer.some(3));
        age(&bench, "app.log", 10);
        bench.pass(0);
        for round in 0..4 {
            bench.write("app.log", writer.some(2));
            age(&bench, "app.log", 20 + round * 100);
            for k in 1..=3 {
                for n in (1..8).rev() {
                    if bench.path(&format!("app.log.{n}")).exists() {
                        bench.rename(&format!("app.log.{n}"), &format!("app.log.{}", n + 1));
                    }
                }
                if copies(k) {
                    std::fs::copy(bench.path("app.log"), bench.path("app.log.1")).unwrap();
                    age(&bench, "app.log.1", 20 + round * 100 + k * 10);
                    OpenOptions::new().write(true).truncate(true).open(bench.path("app.log")).unwrap();
                } else {
                    bench.rename("app.log", "app.log.1");
                }
                bench.write("app.log", writer.some(4));
                age(&bench, "app.log", 25 + round * 100 + k * 10);
            }
            age(&bench, "app.log-errors", 500);
            if restarts {
                bench.restart();
            }
            bench.pass(1_000);
            bench.pass(30_000);
            bench.pass(1_000);
        }
        writer.check(&bench);
    }
}

#[test]
fn names_of_rotations() {
    use crate::tail::identity::is_rotated_name;
    for name in ["a.log.1", "a.log-20260101", "a.log.2026-01-01_10:00", "a.log~3", "a.log-2026-01-01T10"] {
        assert!(is_rotated_name(name, "a.log"), "{name}");
    }
    for name in ["a.log", "a.log.1.gz", "a.log-errors", "a.log.old", "a.log..1", "b.log.1", "a.log1"] {
        assert!(!is_rotated_name(name, "a.log"), "{name}");
    }
}
