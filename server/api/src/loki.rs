//! Loki's HTTP API, `/loki/api/v1/*`. Source: Loki documentation, "HTTP API".

pub(crate) mod delete;
pub(crate) mod drilldown;
pub(crate) mod index;
pub(crate) mod labels;
pub(crate) mod push;
pub(crate) mod query;
pub(crate) mod reply;
pub(crate) mod status;
pub(crate) mod tail;
mod value;
