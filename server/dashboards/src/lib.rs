//! Dashboards: Grafana's JSON brought to one current schema, and the folders they are provisioned from.
//!
//! Knows files and JSON. It must never know stores, query engines or HTTP.

mod error;
pub mod import;
mod library;
pub mod provisioning;
mod source;

pub use error::{Error, Result};
pub use import::{DataSource, Imported, Item, Kind, Report, import, import_with};
pub use library::{BuiltIn, Dashboard, Library, Meta};
pub use provisioning::{Provider, Provisioning};
