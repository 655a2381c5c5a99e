//! The JSON form: `{"streams": [{"stream": {…}, "values": [["<ns>", "<line>", {…}], …]}]}`.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use model::{Entry, Labels, LogBatch, StreamEntries};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{bad_stream, is_label_name, not_a_name, not_empty};
use crate::{Error, Result};

pub(super) fn decode(body: &Bytes) -> Result<LogBatch> {
    let request: Request<'_> =
        serde_json::from_slice(body).map_err(|e| Error::malformed("push request", e))?;
    let mut batch = LogBatch::default();
    for (i, stream) in request.streams.into_iter().enumerate() {
        let wrong = stream.stream.0.iter().find(|(name, _)| !is_label_name(name));
        let wrong = wrong.map(|(name, _)| not_a_name(name));
        let labels = Labels::from_pairs(stream.stream.0);
        let text = labels.to_string();
        let labels = wrong.map_or_else(|| not_empty(labels), Err);
        let labels = labels.map_err(|why| bad_stream(i + 1, &text, why))?;
        let entries = stream.values.into_iter().map(|entry| entry.finish(body)).collect();
        batch.streams.push(StreamEntries { labels, entries });
    }
    Ok(batch)
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    streams: Vec<Stream<'a>>,
}

#[derive(Deserialize)]
struct Stream<'a> {
    #[serde(borrow)]
    stream: Pairs<'a>,
    #[serde(borrow, default)]
    values: Vec<RawEntry<'a>>,
}

struct RawEntry<'a> {
    t_ns: i64,
    line: Cow<'a, str>,
    metadata: Pairs<'a>,
}

impl RawEntry<'_> {
    fn finish(self, body: &Bytes) -> Entry {
        let line = match self.line {
            Cow::Borrowed(line) => body.slice_ref(line.as_bytes()),
            Cow::Owned(line) => Bytes::from(line),
        };
        let metadata =
            if self.metadata.0.is_empty() { Labels::empty() } else { Labels::from_pairs(self.metadata.0) };
        Entry { t_ns: self.t_ns, line, metadata }
    }
}

/// An object of texts.
#[derive(Default)]
struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// A text, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

/// Nanoseconds, as text or as a number.
struct Nanos(i64);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of label names and string values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Pairs::default();
                while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
                    if name.0.is_empty() {
                        return Err(de::Error::custom("a label has no name"));
                    }
                    pairs.0.push((name.0, value.0));
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NanosVisitor;
        impl Visitor<'_> for NanosVisitor {
            type Value = Nanos;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nanoseconds since 1970 as a string of digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Nanos, E> {
                text.parse().map(Nanos).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Nanos, E> {
                Ok(Nanos(n))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Nanos, E> {
                i64::try_from(n).map(Nanos).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(n), &self))
            }
        }
        deserializer.deserialize_any(NanosVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawEntry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = RawEntry<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of time, line and, if any, structured metadata")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawEntry<'de>, A::Error> {
                let missing = |n| de::Error::invalid_length(n, &self);
                let t_ns = seq.next_element::<Nanos>()?.ok_or_else(|| missing(0))?.0;
                let line = seq.next_element::<Text<'de>>()?.ok_or_else(|| missing(1))?.0;
                let metadata = seq.next_element::<Pairs<'de>>()?.unwrap_or_default();
                if seq.next_element::<de::IgnoredAny>()?.is_some() {
                    return Err(missing(4));
                }
                Ok(RawEntry { t_ns, line, metadata })
            }
        }
        deserializer.deserialize_seq(EntryVisitor)
    }
}
