//! Pushes of both forms, and refusals.

use model::{Entry, StreamEntries};
use proptest::prelude::*;

use super::*;

fn decoder() -> Decoder {
    Decoder::new(100, 1 << 20)
}

fn show(batch: &LogBatch) -> String {
    let mut out = String::new();
    for stream in &batch.streams {
        out += &format!("{}\n", stream.labels);
        for entry in &stream.entries {
            let line = String::from_utf8_lossy(&entry.line);
            out += &format!("  {} {:?} {}\n", entry.t_ns, line, entry.metadata);
        }
    }
    out
}

fn check(json: &str, expect: &str) {
    let got =
        decoder().decode("application/json; charset=utf-8", "", Bytes::copy_from_slice(json.as_bytes()));
    let got = got.map_or_else(|error| error.to_string(), |batch| show(&batch));
    assert_eq!(got.trim_end(), expect, "{json}");
}

#[test]
fn json() {
    check(
        r#"{"streams":[{"stream":{"b":"2","a":"1"},"values":[["1","plain"],["-2","esc\n\"",{"k":"v"}],[3,"n"]]}]}"#,
        "{a=\"1\", b=\"2\"}\n  1 \"plain\" {}\n  -2 \"esc\\n\\\"\" {k=\"v\"}\n  3 \"n\" {}",
    );
    check(r#"{"streams":[]}"#, "");
    check(
        r#"{"streams":[{"stream":{},"values":[["1","x"]]}]}"#,
        "stream 1 {}: a stream needs at least one label",
    );
    for (name, shown) in [("1bad", "\"1bad\"=\"x\""), ("a-b", "\"a-b\"=\"x\""), ("größe", "\"größe\"=\"x\"")]
    {
        check(
            &format!(r#"{{"streams":[{{"stream":{{"{name}":"x"}},"values":[["1","x"]]}}]}}"#),
            &format!(
                "stream 1 {{{shown}}}: label name {name:?}: letters, digits and _ make one, and it does not begin \
                 with a digit"
            ),
        );
    }
    for (json, part) in [
        (r#"{"streams":[{"stream":{"a":"1"},"values":[["x","y"]]}]}"#, "nanoseconds since 1970"),
        (r#"{"streams":[{"stream":{"a":"1"},"values":[["1"]]}]}"#, "an array of time, line"),
        (r#"{"streams":[{"stream":{"a":"1"},"values":[["1","x",{"a":1}]]}]}"#, "expected a string"),
        (r#"{"streams":[{"stream":{"a":1}}]}"#, "expected a string"),
        (r#"{"streams":"#, "EOF"),
        ("", "EOF"),
    ] {
        let error = decoder().decode_json(Bytes::copy_from_slice(json.as_bytes())).unwrap_err();
        assert_eq!(error.kind(), model::ErrorKind::BadInput);
        assert!(error.to_string().contains(part), "{json}: {error}");
    }
}

#[test]
fn lines_are_slices_of_the_body() {
    let body = Bytes::from_static(br#"{"streams":[{"stream":{"a":"1"},"values":[["1","plain"]]}]}"#);
    let batch = decoder().decode_json(body.clone()).unwrap();
    let line = &batch.streams[0].entries[0].line;
    assert!(body.as_ptr_range().contains(&line.as_ptr()));
}

#[test]
fn protobuf() {
    let entry =
        |t_ns, line: &'static [u8], metadata| Entry { t_ns, line: Bytes::from_static(line), metadata };
    let batch = LogBatch {
        streams: vec![StreamEntries {
            labels: Labels::from_pairs([("a", "x\"\\\nü"), ("b", "2")]),
            entries: vec![
                entry(1_500_000_000_000_000_001, b"one", Labels::from_pairs([("trace", "7")])),
                entry(-1, b"not \xff UTF-8", Labels::empty()),
            ],
        }],
        cursors: Vec::new(),
    };
    let got = decoder().decode("application/x-protobuf", "", encode(&batch).into()).unwrap();
    assert_eq!(got.streams[0].labels, batch.streams[0].labels);
    assert_eq!(got.streams[0].entries, batch.streams[0].entries);
}

#[test]
fn refused_protobuf_names_the_stream() {
    let mut m = crate::protobuf::Writer::default();
    m.message(1, |m| m.bytes(1, b"{a=\"1\"}"));
    m.message(1, |m| m.bytes(1, b"{a=1}"));
    let error = decoder().decode_protobuf(m.bytes.into()).unwrap_err();
    assert_eq!(error.to_string(), r#"stream 2 {a=1}: label "a": a quoted value was expected"#);
    assert!(decoder().decode("", "br", Bytes::new()).unwrap_err().to_string().contains("unknown encoding"));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in ".{0,80}") {
        let _ = decoder().decode("", "", Bytes::from(bytes.clone()));
        let _ = decoder().decode_protobuf(Bytes::from(bytes.clone()));
        let _ = decoder().decode_json(Bytes::from(bytes));
        let _ = stream_labels::parse(&text);
        let _ = stream_labels::parse(&format!("{{a=\"{text}"));
    }
}
