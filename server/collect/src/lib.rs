//! Brings metrics in: reads `prometheus.yml`, finds targets, scrapes them on time, and watches this host.
//! Knows nothing of stores beyond [`model::MetricSink`] and [`model::SeriesSource`], and nothing of queries.

mod collector;
mod discovery;
mod duration;
mod error;
mod http_client;
mod rows;
mod scrape;
mod section;
mod status;

pub mod config;
pub mod found;
pub mod gpu;
pub mod host;
pub mod push_gateway;
pub mod relabel;
pub mod report;
pub mod tail;

pub use collector::{CollectConfig, Collector, Gatherer, InProcess, Stores};
pub use duration::{format_duration_ms, parse_duration_ms};
pub use error::{Error, Result};
pub use status::{CollectStatus, DiscoveryError, DroppedTarget, Health, TargetStatus};
