//! OTLP: `Export` over HTTP (protobuf, JSON) and over gRPC, on the same port. One module a signal; `exchange` is what
//! they share.

pub(crate) mod exchange;
pub(crate) mod logs;
pub(crate) mod metrics;
