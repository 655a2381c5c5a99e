//! Protobuf pages, made by hand and damaged.

use model::{CUSTOM_BUCKETS, Span};

use super::*;
use crate::protobuf::Writer;

/// Name, type and what writes the metrics of a family.
type FamilyOf<'a> = (&'a str, u64, &'a dyn Fn(&mut Writer));

fn page(families: &[FamilyOf<'_>]) -> Vec<u8> {
    let mut out = Writer::default();
    for (name, kind, fill) in families {
        let mut m = Writer::default();
        m.bytes(1, name.as_bytes());
        m.bytes(2, b"Help.");
        m.varint(3, *kind);
        m.message(4, |m| {
            m.message(1, |m| {
                m.bytes(1, b"a");
                m.bytes(2, b"x\"y");
            });
            fill(m);
        });
        out.raw_varint(m.bytes.len() as u64);
        out.bytes.extend_from_slice(&m.bytes);
    }
    out.bytes
}

fn show(page: &[u8], native: bool, classic_too: bool) -> String {
    let mut lines = Vec::new();
    let done = read_protobuf::<Error>(page, ProtoOptions { native, classic_too }, &mut |item| {
        lines.push(match item {
            ProtoItem::Family(family) => format!("{} {:?}", family.name, family.kind),
            ProtoItem::Sample(point) => {
                let value = match point.value {
                    ProtoValue::Float(value) => value.to_string(),
                    ProtoValue::Histogram(h) => {
                        format!("n={} sum={} {:?}", h.count, h.sum, h.positive_buckets)
                    }
                };
                let exemplars = point.exemplars.len();
                format!("{} {value} start={} ex={exemplars}", point.series, point.start_ms)
            }
        });
        Ok(())
    });
    if let Err(error) = done {
        lines.push(format!("error: {error}"));
    }
    lines.join("\n")
}

fn start(m: &mut Writer, number: u32) {
    m.message(number, |m| {
        m.varint(1, 3);
        m.varint(2, 5_000_000);
    });
}

#[test]
fn numbers_and_summaries() {
    let counter = |m: &mut Writer| {
        m.message(3, |m| {
            m.double(1, 5.0);
            m.message(2, |m| m.double(2, 1.0));
            start(m, 3);
        });
    };
    let summary = |m: &mut Writer| {
        m.message(4, |m| {
            m.varint(1, 7);
            m.double(2, 2.5);
            m.message(3, |m| {
                m.double(1, 0.99);
                m.double(2, 4.0);
            });
        });
    };
    insta::assert_snapshot!(show(&page(&[("hits_total", 0, &counter), ("größe", 2, &summary)]), true, false), @r#"
    hits_total Counter
    hits_total{a="x\"y"} 5 start=3005 ex=1
    größe Summary
    {"größe_count",a="x\"y"} 7 start=0 ex=0
    {"größe_sum",a="x\"y"} 2.5 start=0 ex=0
    {"größe",a="x\"y",quantile="0.99"} 4 start=0 ex=0
    "#);
}

fn both(m: &mut Writer) {
    m.message(7, |m| {
        m.varint(1, 6);
        m.double(2, 9.0);
        m.message(3, |m| {
            m.varint(1, 2);
            m.double(2, 1.0);
        });
        m.sint(5, 1);
        m.double(6, 0.001);
        m.message(12, |m| {
            m.sint(1, -1);
            m.varint(2, 2);
        });
        m.sint(13, 2);
        m.sint(13, 2);
        start(m, 15);
    });
}

#[test]
fn histograms_are_native_classic_or_both() {
    let page = page(&[("took", 4, &both)]);
    insta::assert_snapshot!(show(&page, true, false), @r#"
    took Histogram
    took{a="x\"y"} n=6 sum=9 [2.0, 4.0] start=3005 ex=0
    "#);
    insta::assert_snapshot!(show(&page, false, false), @r#"
    took Histogram
    took_bucket{a="x\"y",le="1.0"} 2 start=3005 ex=0
    took_bucket{a="x\"y",le="+Inf"} 6 start=3005 ex=0
    took_count{a="x\"y"} 6 start=3005 ex=0
    took_sum{a="x\"y"} 9 start=3005 ex=0
    "#);
    assert_eq!(show(&page, true, true).lines().count(), 6);
}

#[test]
fn wrong_pages_say_why() {
    let mut m = Writer::default();
    m.raw_varint(9);
    assert_eq!(show(&m.bytes, true, true), "error: protobuf page cannot be decoded: a message is cut short");
    let misfit = |m: &mut Writer| {
        m.message(7, |m| m.message(12, |m| m.varint(2, 3)));
    };
    assert!(
        show(&page(&[("h", 4, &misfit)]), true, false).ends_with(
            "error: protobuf page cannot be decoded: h: a histogram's spans do not fit its buckets"
        )
    );
}

#[test]
fn pages_are_read_as_they_were_written() {
    let exponential = Histogram {
        count: 4.5,
        sum: 9.0,
        schema: 1,
        zero_threshold: 0.001,
        zero_count: 0.5,
        positive_spans: vec![Span { offset: -1, length: 2 }],
        positive_buckets: vec![1.5, 0.5],
        negative_spans: vec![Span { offset: 3, length: 1 }],
        negative_buckets: vec![2.0],
        ..Histogram::default()
    };
    let custom = Histogram {
        count: 3.0,
        sum: 4.0,
        schema: CUSTOM_BUCKETS,
        positive_spans: vec![Span { offset: 0, length: 1 }, Span { offset: 1, length: 1 }],
        positive_buckets: vec![1.0, 2.0],
        custom_bounds: vec![0.5, 2.5],
        ..Histogram::default()
    };
    let mut writer = ProtoWriter::default();
    let labels = [("a", "x\"y")];
    writer.family("größe", MetricKind::Unknown);
    writer.metric(labels, 1_500, ProtoValue::Float(-0.5));
    writer.metric([], -7, ProtoValue::Float(f64::INFINITY));
    writer.family("took", MetricKind::Histogram);
    writer.metric(labels, 2, ProtoValue::Histogram(&exponential));
    writer.metric(labels, 3, ProtoValue::Histogram(&Histogram::default()));
    writer.metric(labels, 4, ProtoValue::Histogram(&custom));
    let page = writer.finish();
    let mut histograms = Vec::new();
    let options = ProtoOptions { native: true, classic_too: false };
    read_protobuf::<Error>(&page, options, &mut |item| {
        if let ProtoItem::Sample(ProtoPoint { value: ProtoValue::Histogram(h), timestamp_ms, .. }) = item {
            histograms.push((timestamp_ms, h.clone()));
        }
        Ok(())
    })
    .expect("a page");
    assert_eq!(histograms, [(Some(2), exponential), (Some(3), Histogram::default())]);
    insta::assert_snapshot!(show(&page, true, false), @r#"
    größe Unknown
    {"größe",a="x\"y"} -0.5 start=0 ex=0
    {"größe"} inf start=0 ex=0
    took Histogram
    took{a="x\"y"} n=4.5 sum=9 [1.5, 0.5] start=0 ex=0
    took{a="x\"y"} n=0 sum=0 [] start=0 ex=0
    took_bucket{a="x\"y",le="0.5"} 1 start=0 ex=0
    took_bucket{a="x\"y",le="2.5"} 1 start=0 ex=0
    took_bucket{a="x\"y",le="+Inf"} 3 start=0 ex=0
    took_count{a="x\"y"} 3 start=0 ex=0
    took_sum{a="x\"y"} 4 start=0 ex=0
    "#);
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        show(&bytes, true, true);
    }

    #[test]
    fn damaged_pages_never_panic(at in 0usize..1_000, byte in proptest::prelude::any::<u8>()) {
        let mut page = page(&[("took", 4, &both)]);
        let at = at % page.len();
        page[at] = byte;
        show(&page, true, true);
    }
}
