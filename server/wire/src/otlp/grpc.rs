//! The frames of gRPC: a flag, a length in four bytes, a message.
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>

use bytes::Bytes;

use crate::{Error, Result, compression};

const WHAT: &str = "gRPC request";
/// Bytes before a message.
const HEAD: usize = 5;

/// The one message of a unary call's body, at most `limit` bytes of it; `encoding` is the header `grpc-encoding`.
pub fn unary(body: &Bytes, encoding: &str, limit: usize) -> Result<Bytes> {
    let Some((&[flag, a, b, c, d], rest)) = body.split_first_chunk::<HEAD>() else {
        return Err(Error::malformed(WHAT, "it has no message"));
    };
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    if rest.len() != len {
        let why = format!("its message claims {len} bytes, {} follow", rest.len());
        return Err(Error::malformed(WHAT, why));
    }
    let message = body.slice(HEAD..);
    match (flag, encoding) {
        (0, _) if len > limit => Err(Error::TooLarge { limit }),
        (0, _) => Ok(message),
        (1, "gzip") => Ok(compression::gzip(&message, limit)?.into()),
        (1, "deflate") => Ok(compression::deflate(&message, limit)?.into()),
        (1, other) => Err(Error::malformed(WHAT, format!("unknown encoding {other:?}"))),
        _ => Err(Error::malformed(WHAT, "its flag is neither 0 nor 1")),
    }
}

/// A message in its frame.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let len = u32::try_from(message.len()).expect("an answer has less than 4 GiB");
    let mut out = Vec::with_capacity(HEAD + message.len());
    out.push(0);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(message);
    out
}

/// A text as the header `grpc-message` holds it: percent-encoded but for visible ASCII.
pub fn message_header(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The gRPC code of an error.
pub fn code(kind: model::ErrorKind) -> u32 {
    match kind {
        model::ErrorKind::BadInput => 3,
        model::ErrorKind::Timeout => 4,
        model::ErrorKind::NotFound => 5,
        model::ErrorKind::Limit => 8,
        model::ErrorKind::Cancelled | model::ErrorKind::Unavailable => 14,
        model::ErrorKind::Corrupt => 15,
        model::ErrorKind::Internal => 13,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames() {
        let body = Bytes::from(frame(b"hello"));
        assert_eq!(unary(&body, "", 5).unwrap(), "hello");
        assert_eq!(unary(&body, "", 4), Err(Error::TooLarge { limit: 4 }));
        for (bytes, part) in [
            (&b""[..], "no message"),
            (b"\0\0\0\0\x02a", "claims 2 bytes, 1 follow"),
            (b"\x01\0\0\0\x01a", "unknown encoding \"br\""),
            (b"\x02\0\0\0\x01a", "neither 0 nor 1"),
        ] {
            let error = unary(&Bytes::copy_from_slice(bytes), "br", 10).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(message_header("50% ü\n"), "50%25 %C3%BC%0A");
    }
}
