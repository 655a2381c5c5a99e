//! Prometheus' exposition text (0.0.4 and 1.0.0) and OpenMetrics 1.0.
//!
//! [`Parser`] walks a page line by line without copying. A sample's series stays raw text until
//! [`Point::labels`] is asked, so that a scraper which keeps what it made of the same text last time parses only
//! what is new.

mod page;
mod parser;
mod series;

pub use page::{Family, Page};
pub use parser::{Format, Item, NORMAL_NAN_BITS, Parser, Point, RawExemplar};
