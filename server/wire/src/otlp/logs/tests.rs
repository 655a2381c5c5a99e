//! OTLP logs in both encodings, and bytes that are none.

use proptest::prelude::*;

use super::*;
use crate::protobuf::Writer;

const NOW: i64 = 77;

fn show(batch: &LogBatch) -> String {
    let mut out = String::new();
    for stream in &batch.streams {
        out.push_str(&format!("{}\n", stream.labels));
        for entry in &stream.entries {
            let line = String::from_utf8_lossy(&entry.line);
            out.push_str(&format!("  {} {line:?} {}\n", entry.t_ns, entry.metadata));
        }
    }
    out
}

fn json(text: &str) -> String {
    let decoded = decode(Encoding::Json, &Bytes::copy_from_slice(text.as_bytes()), NOW);
    decoded.map_or_else(|error| error.to_string(), |batch| show(&batch))
}

fn text_attribute(key: &str, value: &str) -> Vec<u8> {
    let mut m = Writer::default();
    m.bytes(1, key.as_bytes());
    m.message(2, |m| m.bytes(1, value.as_bytes()));
    m.bytes
}

const EXPECTED: &str = "{service_name=\"shop\", service_namespace=\"eu\"}\n  \
    5 \"paid\" {flags=\"1\", host_name=\"a\", http_status=\"200\", http_url_path=\"/x\", observed_timestamp=\"6\", \
    scope_name=\"lib\", scope_version=\"2\", severity_number=\"9\", severity_text=\"INFO\", \
    span_id=\"0102030405060708\", trace_id=\"000102030405060708090a0b0c0d0e0f\"}\n";

#[test]
fn json_and_protobuf_say_the_same() {
    let text = r#"{"resourceLogs":[{"resource":{"attributes":[
        {"key":"service.name","value":{"stringValue":"shop"}},{"key":"service.namespace","value":{"stringValue":"eu"}},
        {"key":"host.name","value":{"stringValue":"a"}}]},
      "scopeLogs":[{"scope":{"name":"lib","version":"2"},"logRecords":[{"timeUnixNano":"5","observedTimeUnixNano":"6",
        "severityNumber":9,"severityText":"INFO","body":{"stringValue":"paid"},"flags":1,
        "attributes":[{"key":"http.status","value":{"intValue":"200"}},
          {"key":"http","value":{"kvlistValue":{"values":[{"key":"url.path","value":{"stringValue":"/x"}}]}}}],
        "traceId":"000102030405060708090A0B0C0D0E0F","spanId":"0102030405060708"}]}]}]}"#;
    assert_eq!(json(text), EXPECTED);

    let mut request = Writer::default();
    request.message(1, |logs| {
        logs.message(1, |resource| {
            for (key, value) in [("service.name", "shop"), ("service.namespace", "eu"), ("host.name", "a")] {
                resource.bytes(1, &text_attribute(key, value));
            }
        });
        logs.message(2, |scope_logs| {
            scope_logs.message(1, |scope| {
                scope.bytes(1, b"lib");
                scope.bytes(2, b"2");
            });
            scope_logs.message(2, |record| {
                record.fixed64(1, 5);
                record.fixed64(11, 6);
                record.varint(2, 9);
                record.bytes(3, b"INFO");
                record.message(5, |body| body.bytes(1, b"paid"));
                record.message(6, |attribute| {
                    attribute.bytes(1, b"http.status");
                    attribute.message(2, |value| value.varint(3, 200));
                });
                record.message(6, |attribute| {
                    attribute.bytes(1, b"http");
                    attribute.message(2, |value| {
                        value.message(6, |map| map.bytes(1, &text_attribute("url.path", "/x")));
                    });
                });
                record.fixed32(8, 1);
                record.bytes(9, &(0..16).collect::<Vec<u8>>());
                record.bytes(10, &(1..9).collect::<Vec<u8>>());
            });
        });
    });
    let message = Bytes::from(request.bytes);
    let batch = decode(Encoding::Protobuf, &message, NOW).unwrap();
    assert_eq!(show(&batch), EXPECTED);
    let line = &batch.streams[0].entries[0].line;
    assert!(message.as_ptr_range().contains(&line.as_ptr()), "a line stays a slice of the request");
}

#[test]
fn what_is_left_out_is_made_up_for() {
    let bare = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"container.name","value":{"stringValue":"db"}}]},
        "scopeLogs":[{"logRecords":[{"body":{"arrayValue":{"values":[{"intValue":1},{"boolValue":true},
          {"doubleValue":0.5},{"bytesValue":"AAE="},{}]}}},{"observedTimeUnixNano":9}]}]},
        {"scopeLogs":[{"logRecords":[{"timeUnixNano":1,"body":{"stringValue":"x"}}]}]}, {"scopeLogs":[]}]}"#;
    assert_eq!(
        json(bare),
        "{container_name=\"db\", service_name=\"db\"}\n  77 \"[1,true,0.5,\\\"AAE=\\\",null]\" {}\n  \
         9 \"\" {observed_timestamp=\"9\"}\n{service_name=\"unknown_service\"}\n  1 \"x\" {}\n"
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (text, part) in [
        ("[]", "request: an object was expected"),
        ("{", "OTLP logs request cannot be decoded: EOF"),
        (r#"{"resourceLogs":{}}"#, "resourceLogs: an array was expected"),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"x"}]}]}]}"#, "timeUnixNano"),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"x"}]}]}]}"#, "is no id"),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":"x"}}]}]}]}"#, "intValue"),
    ] {
        let got = json(text);
        assert!(got.contains(part), "{text}: {got}");
    }
    let mut deep = Writer::default();
    for _ in 0..100 {
        let mut outer = Writer::default();
        outer.message(5, |list| list.bytes(1, &deep.bytes));
        deep = outer;
    }
    assert_eq!(proto::any_value(&deep.bytes), Err("values lie too deep in values"));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,80}") {
        let body = Bytes::from(bytes);
        let _ = decode(Encoding::Protobuf, &body, NOW);
        let _ = decode(Encoding::Json, &body, NOW);
        let _ = decode(Encoding::Json, &Bytes::from(format!("{{\"resourceLogs\":[{text}]}}")), NOW);
        let _ = super::super::grpc::unary(&body, "gzip", 100);
    }
}
