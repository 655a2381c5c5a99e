//! Prometheus' HTTP API, `/api/v1/*` (also below `/prometheus`). Source: Prometheus documentation, "HTTP API".

pub(crate) mod histogram;
pub(crate) mod labels;
pub(crate) mod query;
pub(crate) mod reply;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod value;
pub(crate) mod write;
