//! Prometheus' exposition text (0.0.4 and 1.0.0), OpenMetrics 1.0, and protocol buffers.
//!
//! [`Parser`] walks a page line by line without copying. A sample's series stays raw text until
//! [`Point::labels`] is asked, so that a scraper which keeps what it made of the same text last time parses only
//! what is new.

mod page;
mod parser;
mod proto;
mod series;

use std::borrow::Cow;

pub use page::{Family, Page};
pub use parser::{Format, Item, NORMAL_NAN_BITS, Parser, Point, RawExemplar};
pub use proto::{
    ProtoFamily, ProtoItem, ProtoOptions, ProtoPoint, ProtoValue, ProtoWriter, normal_bound, read_protobuf,
};

/// Name and value of a label, unescaped.
pub type LabelPair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The labels of a series text as pairs sorted by name, labels with empty values included; the error says why there
/// are none.
pub fn label_pairs(series: &str) -> Result<Vec<LabelPair<'_>>, String> {
    series::series_pairs(series).map_err(|why| why.into_owned())
}
