//! The client's side of remote read, written from the description of the formats alone.

use std::sync::Arc;

use model::{CUSTOM_BUCKETS, CounterResetHint, Labels, Span, stale_nan};
use proptest::prelude::*;

use super::bits::VARBIT_SIZES;
use super::*;

/// A sample of a chunk: its time, and the bits of a float or of a histogram's numbers.
#[derive(Debug, Clone, PartialEq)]
enum Read {
    Float(i64, u64),
    Histogram(i64, Histogram),
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> u64 {
        (0..count).fold(0, |value, _| {
            let bit = self.bytes[self.at / 8] >> (7 - self.at % 8) & 1;
            self.at += 1;
            value << 1 | u64::from(bit)
        })
    }

    fn ones(&mut self, most: usize) -> usize {
        (0..most).take_while(|_| self.take(1) == 1).count()
    }

    fn varint(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.take(8);
            value |= (byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    fn signed(&mut self, size: u32) -> i64 {
        let raw = self.take(size);
        let negative = size > 0 && size < 64 && raw > 1 << (size - 1);
        if negative { raw as i64 - (1_i64 << size) } else { raw as i64 }
    }

    fn varbit_uint(&mut self) -> u64 {
        let class = self.ones(8);
        self.take(VARBIT_SIZES[class])
    }

    fn varbit_int(&mut self) -> i64 {
        let class = self.ones(8);
        self.signed(VARBIT_SIZES[class])
    }

    /// A value XORed with the one before; the window is (leading, trailing).
    fn change(&mut self, value: &mut u64, window: &mut (u32, u32)) {
        if self.take(1) == 0 {
            return;
        }
        if self.take(1) == 1 {
            let leading = self.take(5) as u32;
            let significant = match self.take(6) as u32 {
                0 => 64,
                n => n,
            };
            *window = (leading, 64 - leading - significant);
        }
        *value ^= self.take(64 - window.0 - window.1) << window.1;
    }

    fn spans(&mut self) -> Vec<Span> {
        let count = self.varbit_uint();
        let span = |_| {
            let length = self.varbit_uint() as u32;
            Span { offset: self.varbit_int() as i32, length }
        };
        (0..count).map(span).collect()
    }
}

fn floats(bytes: &[u8]) -> Vec<Read> {
    let mut bits = Bits { bytes, at: 0 };
    let (count, mut out) = (bits.take(16), Vec::new());
    let (mut t, mut delta, mut value, mut window) = (0_i64, 0_i64, 0_u64, (0, 0));
    for i in 0..count {
        match i {
            0 => {
                let raw = bits.varint();
                t = (raw >> 1) as i64 ^ -((raw & 1) as i64);
                value = bits.take(64);
            }
            _ => {
                if i == 1 {
                    delta = bits.varint() as i64;
                } else {
                    let size = [0, 14, 17, 20, 64][bits.ones(4)];
                    delta = delta.wrapping_add(bits.signed(size));
                }
                t = t.wrapping_add(delta);
                bits.change(&mut value, &mut window);
            }
        }
        out.push(Read::Float(t, value));
    }
    out
}

fn histograms(bytes: &[u8]) -> Vec<Read> {
    let mut bits = Bits { bytes, at: 0 };
    let count = bits.take(16);
    let reset_hint = match bits.take(8) >> 6 {
        0b10 => CounterResetHint::Reset,
        0b11 => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    };
    let zero_threshold = match bits.take(8) {
        0 => 0.0,
        255 => f64::from_bits(bits.take(64)),
        exponent => 2.0_f64.powi(exponent as i32 - 244),
    };
    let schema = bits.varbit_int() as i32;
    let (positive_spans, negative_spans) = (bits.spans(), bits.spans());
    let mut custom_bounds = Vec::new();
    if schema == CUSTOM_BUCKETS {
        for _ in 0..bits.varbit_uint() {
            custom_bounds.push(match bits.varbit_uint() {
                0 => f64::from_bits(bits.take(64)),
                n => (n - 1) as f64 / 1000.0,
            });
        }
    }
    let buckets = |spans: &[Span]| spans.iter().map(|span| span.length as usize).sum::<usize>();
    let (positive, negative) = (buckets(&positive_spans), buckets(&negative_spans));
    let mut numbers = vec![(0_u64, (0, 0)); 3 + positive + negative];
    let (mut t, mut delta, mut out) = (0_i64, 0_i64, Vec::new());
    for i in 0..count {
        let number = bits.varbit_int();
        delta = if i < 2 { number } else { delta.wrapping_add(number) };
        t = t.wrapping_add(delta);
        for (value, window) in &mut numbers {
            if i == 0 {
                *value = bits.take(64);
            } else {
                bits.change(value, window);
            }
        }
        let float = |at: usize| f64::from_bits(numbers[at].0);
        let histogram = Histogram {
            reset_hint: if i == 0 || reset_hint == CounterResetHint::Gauge {
                reset_hint
            } else {
                CounterResetHint::Unknown
            },
            schema,
            zero_threshold,
            zero_count: float(1),
            count: float(0),
            sum: float(2),
            positive_spans: positive_spans.clone(),
            positive_buckets: (3..3 + positive).map(float).collect(),
            negative_spans: negative_spans.clone(),
            negative_buckets: (3 + positive..numbers.len()).map(float).collect(),
            custom_bounds: custom_bounds.clone(),
        };
        out.push(Read::Histogram(t, histogram));
    }
    out
}

#[derive(Debug, Default)]
struct Frame {
    query: u64,
    labels: Vec<(String, String)>,
    /// One a chunk.
    encodings: Vec<u64>,
    /// Of all chunks.
    samples: Vec<Read>,
}

/// The frames of an answer.
fn read(mut bytes: &[u8]) -> Vec<Frame> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let mut reader = Reader::new(bytes);
        let length = reader.varint().expect("a length") as usize;
        let (crc, rest) = bytes[bytes.len() - reader.remaining()..].split_at(4);
        let (message, rest) = rest.split_at(length);
        assert_eq!(crc, crc32c(message).to_be_bytes());
        bytes = rest;
        let mut frame = Frame::default();
        let mut fields = Reader::new(message);
        while let Some((number, value)) = fields.field().expect("a field") {
            if number == 2 {
                frame.query = value.varint().expect("a number");
                continue;
            }
            let mut fields = Reader::new(value.bytes().expect("a series"));
            while let Some((number, value)) = fields.field().expect("a field") {
                let (mut ints, mut texts) = (Vec::new(), Vec::new());
                let mut fields = Reader::new(value.bytes().expect("a label or chunk"));
                while let Some((_, value)) = fields.field().expect("a field") {
                    match value {
                        Value::Varint(n) => ints.push(n),
                        value => texts.push(value.bytes().expect("bytes").to_vec()),
                    }
                }
                if number == 1 {
                    let [name, value] = &texts[..] else { panic!("a label is a pair") };
                    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
                    frame.labels.push((text(name), text(value)));
                    continue;
                }
                let of_chunk = if ints[2] == XOR { floats(&texts[0]) } else { histograms(&texts[0]) };
                let time = |read: &Read| match read {
                    Read::Float(t, _) | Read::Histogram(t, _) => *t as u64,
                };
                assert_eq!(
                    (of_chunk.first().map(time), of_chunk.last().map(time)),
                    (Some(ints[0]), Some(ints[1]))
                );
                frame.encodings.push(ints[2]);
                frame.samples.extend(of_chunk);
            }
        }
        out.push(frame);
    }
    out
}

fn series(samples: &[Read]) -> Series {
    let time = |sample: &Read| match sample {
        Read::Float(t, _) | Read::Histogram(t, _) => *t,
    };
    let value = |sample: &Read| match sample {
        Read::Float(_, bits) => f64::from_bits(*bits),
        Read::Histogram(_, histogram) => histogram.sum,
    };
    let histogram = |(i, sample): (usize, &Read)| match sample {
        Read::Float(..) => None,
        Read::Histogram(_, histogram) => Some((i as u32, Arc::new(histogram.clone()))),
    };
    Series {
        labels: Labels::from_pairs([("__name__", "took"), ("job", "a")]),
        timestamps: samples.iter().map(time).collect(),
        values: samples.iter().map(value).collect(),
        histograms: samples.iter().enumerate().filter_map(histogram).collect(),
        starts: Vec::new(),
    }
}

/// What comes back of samples, and the encodings of its chunks.
fn there_and_back(samples: &[Read]) -> (Vec<Read>, Vec<u64>) {
    let frames = read(&frames(3, &series(samples)));
    let labels =
        [("__name__", "took"), ("job", "a")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (mut back, mut encodings) = (Vec::new(), Vec::new());
    for frame in frames {
        assert_eq!((frame.query, &frame.labels[..]), (3, &labels[..]));
        back.extend(frame.samples);
        encodings.extend(frame.encodings);
    }
    (back, encodings)
}

fn matcher_message(m: &mut Writer, kind: u64, name: &str, value: &str) {
    m.message(3, |m| {
        m.varint(1, kind);
        m.bytes(2, name.as_bytes());
        m.bytes(3, value.as_bytes());
    });
}

#[test]
fn requests() {
    let mut message = Writer::default();
    message.message(1, |m| {
        m.varint(1, 5);
        m.varint(2, 9);
        matcher_message(m, 2, "__name__", "up.*");
    });
    let decoded = decode(&compression::to_snappy(&message.bytes), 1_000).expect("valid");
    assert!(!decoded.streamed);
    assert_eq!((decoded.queries[0].start_ms, decoded.queries[0].end_ms), (5, 9));
    assert!(decoded.queries[0].matchers[0].matches("upper"));
    message.bytes(2, &[1, 0]);
    let decoded = decode(&compression::to_snappy(&message.bytes), 1_000).expect("valid");
    assert!(decoded.streamed);
    let mut unknown = Writer::default();
    unknown.bytes(2, &[7]);
    assert!(decode(&compression::to_snappy(&unknown.bytes), 1_000).is_err());
    let mut bad = Writer::default();
    bad.message(1, |m| matcher_message(m, 2, "a", "("));
    assert!(decode(&compression::to_snappy(&bad.bytes), 1_000).is_err());
    assert!(decode(b"no snappy", 1_000).is_err());
}

#[test]
fn checksums_are_castagnolis() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}

#[test]
fn floats_come_back() {
    let check = |samples: &[(i64, f64)]| {
        let samples: Vec<Read> = samples.iter().map(|(t, v)| Read::Float(*t, v.to_bits())).collect();
        assert_eq!(there_and_back(&samples).0, samples);
    };
    check(&[]);
    check(&[(1_700_000_000_000, 1.5)]);
    check(&[(-5, f64::NAN), (0, f64::NEG_INFINITY), (9, stale_nan())]);
    check(&[(0, 1.0), (15_000, 1.0), (30_001, 2.0), (45_000, 2.5), (1_000_000, -2.5), (9_000_000_000, 0.1)]);
    check(&[(0, 0.0), (8_191, 1e300), (24_574, -1e-300), (40_957, f64::MAX), (57_341, 5e-324)]);
    let long: Vec<_> = (0..500).map(|i| (i * 15_000 + i % 7, (i as f64).sqrt())).collect();
    check(&long);
}

fn growing(n: u32) -> Histogram {
    let n = f64::from(n);
    Histogram {
        schema: 3,
        zero_threshold: 2.0_f64.powi(-128),
        zero_count: n,
        count: 4.0 * n,
        sum: 0.1 * n,
        positive_spans: vec![Span { offset: -2, length: 1 }, Span { offset: 3, length: 1 }],
        positive_buckets: vec![n, n],
        negative_spans: vec![Span { offset: 400, length: 1 }],
        negative_buckets: vec![n],
        ..Histogram::default()
    }
}

#[test]
fn a_chunk_has_one_kind_one_layout_and_no_reset() {
    let histogram = |t: i64, n: u32| Read::Histogram(t, growing(n));
    let check = |samples: &[Read], expected: &[u64]| {
        let (back, encodings) = there_and_back(samples);
        assert_eq!(back, samples);
        assert_eq!(encodings, expected);
    };
    check(&[histogram(1, 1), histogram(16, 2), histogram(33, 2)], &[3]);
    check(&[histogram(1, 5), histogram(16, 2)], &[3, 3]);
    check(&[Read::Float(0, 1), histogram(1, 5), Read::Float(2, stale_nan().to_bits())], &[1, 3, 1]);
    let mut wider = growing(9);
    wider.zero_threshold = 0.3;
    check(&[histogram(1, 5), Read::Histogram(2, wider)], &[3, 3]);
    let gauge = |n| {
        Read::Histogram(10 - i64::from(n), Histogram { reset_hint: CounterResetHint::Gauge, ..growing(n) })
    };
    check(&[gauge(5), gauge(3)], &[3]);
    let reset = Histogram { reset_hint: CounterResetHint::Reset, ..growing(9) };
    check(&[histogram(1, 5), Read::Histogram(2, reset)], &[3, 3]);
    let many: Vec<Read> = (0..250).map(|n| histogram(i64::from(n) * 15_000, n)).collect();
    check(&many, &[3, 3, 3]);
}

#[test]
fn a_long_series_has_several_frames() {
    let bits = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1;
    let samples: Vec<Read> =
        (0..200_000).map(|i| Read::Float(i * 1_000, bits(i as u64) & !(1 << 62))).collect();
    let bytes = frames(0, &series(&samples));
    let frames = read(&bytes);
    assert!(frames.len() > 1 && bytes.len() < frames.len() * (FRAME_BYTES + 100_000));
    assert_eq!(frames.iter().map(|frame| frame.samples.len()).sum::<usize>(), samples.len());
}

fn any_histogram() -> impl Strategy<Value = Histogram> {
    let width = prop_oneof![Just(0.0), Just(2.0_f64.powi(-243)), Just(1024.0), Just(0.001), any::<f64>()];
    let number = || prop_oneof![(0..100_u32).prop_map(f64::from), any::<f64>()];
    let spans = || prop::collection::vec((-300..300_i32, 0..4_u32), 0..4);
    let schema = prop_oneof![-4..9_i32, Just(CUSTOM_BUCKETS)];
    let bounds = prop::collection::vec(
        prop_oneof![(0..5_000_u32).prop_map(|n| f64::from(n) / 100.0), any::<f64>()],
        0..5,
    );
    let hint = prop::sample::select(vec![
        CounterResetHint::Unknown,
        CounterResetHint::Reset,
        CounterResetHint::Gauge,
    ]);
    (schema, width, hint, spans(), spans(), bounds, prop::collection::vec(number(), 27)).prop_map(
        |(schema, zero_threshold, reset_hint, positive, negative, bounds, numbers)| {
            let spans = |all: Vec<(i32, u32)>| -> Vec<Span> {
                all.into_iter().map(|(offset, length)| Span { offset, length }).collect()
            };
            let (positive_spans, negative_spans) = (spans(positive), spans(negative));
            let length = |spans: &[Span]| spans.iter().map(|span| span.length as usize).sum::<usize>();
            let (positive, negative) = (length(&positive_spans), length(&negative_spans));
            Histogram {
                reset_hint,
                schema,
                zero_threshold,
                zero_count: numbers[0],
                count: numbers[1],
                sum: numbers[2],
                positive_buckets: numbers[3..3 + positive].to_vec(),
                negative_buckets: numbers[15..15 + negative].to_vec(),
                positive_spans,
                negative_spans,
                custom_bounds: if schema == CUSTOM_BUCKETS { bounds } else { Vec::new() },
            }
        },
    )
}

/// Every number of a histogram to the bit.
fn bits_of(read: &Read) -> String {
    match read {
        Read::Float(t, bits) => format!("{t} {bits}"),
        Read::Histogram(t, h) => {
            let bits = |all: &[f64]| all.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
            format!(
                "{t} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?}",
                h.reset_hint,
                h.schema,
                bits(&[h.zero_threshold, h.zero_count, h.count, h.sum]),
                h.positive_spans,
                bits(&h.positive_buckets),
                h.negative_spans,
                bits(&h.negative_buckets),
                bits(&h.custom_bounds),
            )
        }
    }
}

proptest! {
    #[test]
    fn whatever_it_is_comes_back(
        samples in prop::collection::vec((any::<i32>(), prop_oneof![
            any::<f64>().prop_map(Err), any_histogram().prop_map(Ok),
        ], 1..4_usize), 0..12)
    ) {
        let mut all = Vec::new();
        for (t, sample, times) in samples {
            // A histogram whose sum reads as a stale marker is one.
            if matches!(&sample, Ok(h) if is_stale(h.sum)) {
                continue;
            }
            for again in 0..times {
                let t = i64::from(t) * 1_000 + again as i64 * 15_000;
                all.push(match &sample {
                    Ok(h) => Read::Histogram(t, h.clone()),
                    Err(value) => Read::Float(t, value.to_bits()),
                });
            }
        }
        let back = there_and_back(&all).0;
        prop_assert_eq!(back.iter().map(bits_of).collect::<Vec<_>>(), all.iter().map(bits_of).collect::<Vec<_>>());
    }
}
