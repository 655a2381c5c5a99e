//! Bytes to model values and back: exposition text, OpenMetrics, remote write, Loki push, OTLP. Pure functions over
//! bytes: no I/O, no clock, no knowledge of HTTP beyond content types.
//!
//! | format | in | out |
//! |---|---|---|
//! | exposition text 0.0.4 and 1.0.0, OpenMetrics 1.0 | [`exposition::Parser`] | [`exposition::Page`] (text) |
//! | exposition as protocol buffers | [`exposition::read_protobuf`] | [`exposition::ProtoWriter`] |
//! | remote write 1.0, 2.0 | [`remote_write::Decoder`] | [`remote_write::encode`], [`remote_write::encode_v2`] |
//! | remote read | [`remote_read::decode`] | [`remote_read::Sampled`], [`remote_read::frames`] |
//! | Loki push, JSON and protobuf | [`loki_push::Decoder`] | [`loki_push::encode`] |
//! | OTLP logs, protobuf and JSON, in gRPC's frames or not | [`otlp::logs::decode`] | |

mod error;
mod label_cache;
mod native;
mod protobuf;

pub mod compression;
pub mod exposition;
pub mod loki_push;
pub mod otlp;
pub mod remote_read;
pub mod remote_write;

pub use error::{Error, Result};
pub use label_cache::LabelCache;
