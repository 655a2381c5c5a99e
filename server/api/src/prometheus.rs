//! Prometheus' HTTP API, `/api/v1/*` (also below `/prometheus`). Source: Prometheus documentation, "HTTP API".

pub(crate) mod admin;
pub(crate) mod exemplars;
pub(crate) mod features;
pub(crate) mod federate;
pub(crate) mod histogram;
pub(crate) mod labels;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod reply;
mod request;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod tree;
pub(crate) mod value;
pub(crate) mod write;
