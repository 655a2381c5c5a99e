//! What files may hold, and a store that does not take it.

use super::*;
use crate::tail::TailState;
use crate::tail::file::{MAX_LINE_BYTES, PARTIAL_MS};

#[test]
fn lines_as_they_are() {
    let mut bench = Bench::new("a.log", "[]");
    bench.write("a.log", b"one\ntwo\r\n\n\xff\xfe raw\npart");
    bench.pass(0);
    assert_eq!(bench.sink.inner.lock().entries[3].2, b"\xff\xfe raw");
    assert_eq!(bench.lines()[..3], ["one", "two", ""]);
    assert_eq!(bench.lines().len(), 4);
    assert_eq!(bench.streams()[0], r#"{filename="a.log"} one"#.to_owned());
    // The rest of a line within the time-out.
    bench.pass(PARTIAL_MS - 100);
    bench.write("a.log", "ial\nlast");
    bench.pass(1_000);
    assert_eq!(bench.lines()[4..], ["partial"]);
    // And without it.
    bench.pass(PARTIAL_MS - 1_000);
    assert_eq!(bench.lines().len(), 5);
    bench.pass(1_001);
    assert_eq!(bench.lines()[5..], ["last"]);
    bench.pass(60_000);
    assert_eq!(bench.lines().len(), 6);
    let file = &bench.status().files[0];
    assert_eq!((file.lines, file.offset, file.size), (6, 29, 29));
}

#[test]
fn equal_lines_of_one_moment_are_all_kept() {
    let mut bench = Bench::new("a.log", "[]");
    bench.write("a.log", "x\n".repeat(1_000));
    bench.pass(0);
    assert_eq!(bench.lines().len(), 1_000);
}

#[test]
fn long_lines_are_cut() {
    let mut bench = Bench::new("a.log", "[]");
    bench.write("a.log", vec![b'x'; 3 * MAX_LINE_BYTES / 2]);
    bench.write("a.log", "\nshort\n");
    bench.write("a.log", vec![b'y'; MAX_LINE_BYTES - 1_000]);
    bench.write("a.log", "\n");
    bench.pass(0);
    let lengths: Vec<usize> = bench.lines().iter().map(String::len).collect();
    assert_eq!(lengths, [MAX_LINE_BYTES, 5, MAX_LINE_BYTES - 1_000]);
    assert!(bench.status().last_error.contains("longer than 4 MiB"));
}

#[test]
fn an_endless_line_is_bounded() {
    let mut bench = Bench::new("a.log", "[]");
    for _ in 0..5 {
        bench.write("a.log", vec![b'x'; MAX_LINE_BYTES]);
        bench.pass(1_000);
    }
    bench.pass(PARTIAL_MS * 2);
    assert_eq!(bench.lines().len(), 1);
}

#[test]
fn what_holds_no_lines_is_reported() {
    let mut bench = Bench::new("*", "[]");
    bench.write("a.bin", b"\x7fELF\0\0\n\n");
    bench.write("b.gz", b"\x1f\x8b\x08more\n");
    std::fs::create_dir(bench.path("folder")).unwrap();
    bench.pass(0);
    bench.check_lines(&[]);
    let status = bench.status();
    assert_eq!(status.state, TailState::Error);
    assert!(status.files[0].last_error.contains("binary"), "{status:?}");
    assert!(status.files[1].last_error.contains("gzip"), "{status:?}");
    // A writer that goes on at its old place after a truncation leaves a hole.
    bench.write("c.log", b"\0\0\0\0after\n");
    bench.pass(1_000);
    bench.check_lines(&["after"]);
    assert_eq!(bench.status().state, TailState::Reading);
}

#[test]
fn what_cannot_be_read_is_reported() {
    let mut bench = Bench::new("sub/*.log", "[]");
    bench.pass(0);
    let status = bench.status();
    assert_eq!(status.state, TailState::Waiting);
    assert!(status.hint.starts_with("no such folder: ") && status.hint.ends_with("/sub"), "{}", status.hint);
    std::fs::create_dir(bench.path("sub")).unwrap();
    bench.pass(1_000);
    assert!(bench.status().hint.starts_with("no file matches"), "{}", bench.status().hint);
    bench.write("sub/a.log", "one\n");
    std::os::unix::fs::symlink("missing", bench.path("sub/b.log")).unwrap();
    bench.pass(1_000);
    bench.check_lines(&["one"]);
    assert_eq!(bench.status().hint, "");
}

#[test]
fn no_permission_is_reported_until_it_is_given() {
    use std::os::unix::fs::PermissionsExt;
    let mut bench = Bench::new("a.log", "[]");
    bench.write("a.log", "one\n");
    let set = |bench: &Bench, mode| {
        std::fs::set_permissions(bench.path("a.log"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&bench, 0);
    if File::open(bench.path("a.log")).is_ok() {
        println!("skipped: this user may read every file");
        return;
    }
    bench.pass(0);
    assert_eq!(bench.status().state, TailState::Error);
    assert!(bench.status().hint.contains("no permission"), "{}", bench.status().hint);
    set(&bench, 0o644);
    bench.pass(1_000);
    bench.check_lines(&["one"]);
}

#[test]
fn globs_find_files_that_appear_later() {
    let mut bench = Bench::new("**/*.{log,out}", "[]");
    bench.write("a.log", "a\n");
    bench.pass(0);
    std::fs::create_dir_all(bench.path("x/y")).unwrap();
    bench.write("x/y/vllm:1.out", "b\n");
    bench.write("x/y/c.txt", "c\n");
    bench.pass(1_000);
    let streams = bench.streams();
    assert_eq!(streams, [r#"{filename="a.log"} a"#, r#"{filename="x/y/vllm:1.out"} b"#]);
    assert_eq!(bench.status().files_total, 2);
}

#[test]
fn nothing_is_lost_while_the_store_refuses() {
    let mut bench = Bench::new("a.log", "[]");
    bench.pass(0);
    bench.sink.inner.lock().refuses = true;
    bench.write("a.log", "one\n");
    bench.pass(1_000);
    assert!(bench.engine.status().sink_error.contains("disk is full"));
    let appends = bench.sink.inner.lock().appends;
    bench.write("a.log", "two\n");
    bench.pass(10);
    assert_eq!(bench.sink.inner.lock().appends, appends, "a retry waits");
    bench.sink.inner.lock().refuses = false;
    bench.pass(10_000);
    bench.pass(1_000);
    bench.check_lines(&["one", "two"]);
    assert_eq!(bench.engine.status().sink_error, "");
    assert_eq!(bench.engine.status().in_flight_bytes, 0);
    // A commit that fails: the batch is handed over again.
    bench.sink.inner.lock().commits_fail = true;
    bench.write("a.log", "three\n");
    bench.pass(1_000);
    bench.sink.inner.lock().commits_fail = false;
    bench.pass(10_000);
    bench.check_lines(&["one", "two", "three"]);
}

#[test]
fn reading_holds_while_much_is_under_way() {
    let mut bench = Bench::new("*.log", "[]");
    bench.sink.inner.lock().refuses = true;
    for i in 0..20 {
        bench.write(&format!("{i}.log"), format!("{}\n", "x".repeat(999)).repeat(1_000));
    }
    bench.pass(0);
    bench.pass(20_000);
    assert!(bench.engine.status().in_flight_bytes < 10 << 20);
    bench.sink.inner.lock().refuses = false;
    bench.pass(20_000);
    bench.pass(1_000);
    assert_eq!(bench.lines().len(), 20_000);
}

#[test]
fn a_reload_goes_on_where_it_stood() {
    let mut bench = Bench::new("a.log", "[]");
    bench.write("a.log", "one\n");
    bench.pass(0);
    let at = bench.folder.path().display().to_string();
    let config = format!(
        "scrape_configs: [{{job_name: j, static_configs: [{{labels: {{__path__: '{at}/*.log', x: y}}}}]}}]"
    );
    bench.reload(&config);
    bench.write("a.log", "two\n");
    bench.write("b.log", "three\n");
    bench.pass(1_000);
    bench.check_lines(&["one", "two", "three"]);
    assert!(bench.streams()[1].ends_with(r#"x="y"} two"#));
    bench.restart();
    bench.pass(1_000);
    assert_eq!(bench.lines().len(), 3);
}

#[test]
fn the_threads_follow_and_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    std::fs::write(&path, "one\ntwo\n").unwrap();
    let yaml = format!(
        "scrape_configs: [{{job_name: j, static_configs: [{{labels: {{__path__: '{}'}}}}]}}]",
        path.display()
    );
    let sink = Arc::new(Sink::default());
    let config = TailConfig::parse(&yaml, &selectors).unwrap().0;
    let tailer = crate::tail::Tailer::start(config, sink.clone(), Arc::new(model::SystemClock)).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while sink.inner.lock().entries.len() < 2 || tailer.status().targets.is_empty() {
        assert!(std::time::Instant::now() < deadline, "no lines came");
        std::thread::yield_now();
    }
    tailer.stop();
    assert_eq!(sink.inner.lock().cursors.values().next().unwrap().offset, 8);
}

#[test]
fn lines_of_other_encodings() {
    let with = |encoding: &str| {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display().to_string();
        let config = format!(
            "scrape_configs: [{{job_name: j, encoding: '{encoding}', static_configs: [{{labels: {{__path__: '{at}/a.log'}}}}]}}]"
        );
        Bench::with_config(folder, config)
    };
    let mut bench = with("iso-8859-1");
    bench.write("a.log", b"na\xefve\r\nna");
    bench.pass(0);
    bench.write("a.log", b"\xefve too\n");
    bench.pass(1_000);
    bench.check_lines(&["na\u{ef}ve", "na\u{ef}ve too"]);
    for (name, mark, to_bytes) in [
        ("UTF-16LE", false, u16::to_le_bytes as fn(u16) -> [u8; 2]),
        ("UTF-16BE", true, u16::to_be_bytes),
        ("UTF-16", true, u16::to_be_bytes),
        ("UTF-16", true, u16::to_le_bytes),
    ] {
        let mut bench = with(name);
        // U+0A0A, U+010A and U+0A00 hold the byte of a newline and are none.
        let text = format!("{}one \u{a0a}\u{10a}\u{a00}\r\ntwo\n\nrest", if mark { "\u{feff}" } else { "" });
        let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
        // Half a character is there at first.
        bench.write("a.log", &bytes[..bytes.len() - 1]);
        bench.pass(0);
        let expect = ["one \u{a0a}\u{10a}\u{a00}", "two", ""];
        bench.check_lines(&expect);
        bench.restart();
        bench.write("a.log", &bytes[bytes.len() - 1..]);
        bench.pass(1_000);
        bench.check_lines(&expect);
        bench.pass(PARTIAL_MS + 1);
        assert_eq!(bench.lines()[3..], ["rest"], "{name}");
        assert_eq!(bench.status().lag_bytes, 0, "{name}");
    }
    let (_, report) =
        TailConfig::parse("scrape_configs: [{job_name: j, encoding: utf-99}]", &selectors).unwrap();
    assert!(report.warnings().any(|f| f.to_string().contains("\"utf-99\" is not known")), "{report:?}");
}
