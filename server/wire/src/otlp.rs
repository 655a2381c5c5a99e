//! OTLP: the values, resources and scopes that logs, metrics and traces share, in both of their encodings; the frames of
//! gRPC around them; one module a signal. <https://opentelemetry.io/docs/specs/otlp/>

mod json;
mod names;
mod proto;
mod values;

pub mod grpc;
pub mod logs;
pub mod metrics;

use bytes::Bytes;

use crate::{Error, Result, compression};

pub use names::label_name;
pub use values::{Attribute, Resource, Scope, Value};

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Binary protobuf.
    Protobuf,
    /// Protobuf's JSON form, with ids in hexadecimal.
    Json,
}

impl Encoding {
    /// The encoding that a `Content-Type` names; protobuf where it names none.
    pub fn of(content_type: &str) -> Result<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Ok(Encoding::Json),
            "" | "application/x-protobuf" | "application/protobuf" | "application/octet-stream" => {
                Ok(Encoding::Protobuf)
            }
            _ => Err(Error::malformed(
                "OTLP request",
                format!("content type {kind:?}: application/x-protobuf or application/json is read"),
            )),
        }
    }
}

/// Undoes a request's `Content-Encoding` (none, gzip, deflate); at most `limit` bytes come out.
pub fn decompress(content_encoding: &str, body: Bytes, limit: usize) -> Result<Bytes> {
    match content_encoding.trim() {
        "" | "identity" if body.len() > limit => Err(Error::TooLarge { limit }),
        "" | "identity" => Ok(body),
        "gzip" => Ok(compression::gzip(&body, limit)?.into()),
        "deflate" => Ok(compression::deflate(&body, limit)?.into()),
        other => Err(Error::malformed("OTLP request", format!("unknown encoding {other:?}"))),
    }
}

/// The answer of every `Export` method: how many items were not taken, and why. Empty where all were.
pub fn export_response(encoding: Encoding, rejected: u64, message: &str, items: &str) -> Vec<u8> {
    let nothing = rejected == 0 && message.is_empty();
    match encoding {
        Encoding::Protobuf if nothing => Vec::new(),
        Encoding::Protobuf => {
            let mut response = crate::protobuf::Writer::default();
            response.message(1, |partial| {
                partial.varint(1, rejected);
                partial.bytes(2, message.as_bytes());
            });
            response.bytes
        }
        Encoding::Json if nothing => b"{\"partialSuccess\":{}}".to_vec(),
        Encoding::Json => {
            let partial = serde_json::json!({items: rejected.to_string(), "errorMessage": message});
            serde_json::json!({"partialSuccess": partial}).to_string().into_bytes()
        }
    }
}

/// An error's body over HTTP: `google.rpc.Status` with a gRPC code.
pub fn status(encoding: Encoding, code: u32, message: &str) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => {
            let mut status = crate::protobuf::Writer::default();
            status.varint(1, u64::from(code));
            status.bytes(2, message.as_bytes());
            status.bytes
        }
        Encoding::Json => serde_json::json!({"code": code, "message": message}).to_string().into_bytes(),
    }
}
