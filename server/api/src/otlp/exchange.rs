//! A request's message out of HTTP or gRPC, and the answer back into it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::StreamBody;
use model::ErrorKind;
use wire::otlp::{self, Encoding, grpc};

/// The largest message, decompressed.
const MOST_BYTES: usize = 256 << 20;
const GRPC_STATUS: &str = "grpc-status";
const GRPC_MESSAGE: &str = "grpc-message";

/// How a caller speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Over HTTP, in one of the encodings.
    Http(Encoding),
    /// Over gRPC, in protobuf.
    Grpc,
}

/// What was taken of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    /// Items that were not.
    pub(crate) rejected: u64,
    /// Why not.
    pub(crate) message: String,
}

impl Dialect {
    /// Reads it from a request's headers.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Box<Response>> {
        let kind = text(headers, header::CONTENT_TYPE.as_str());
        if kind.starts_with("application/grpc") {
            return Ok(Dialect::Grpc);
        }
        Encoding::of(kind).map(Dialect::Http).map_err(|error| {
            // Whoever sends something else reads text at best.
            Box::new((StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()).into_response())
        })
    }

    /// How the message is written.
    pub(crate) fn encoding(self) -> Encoding {
        match self {
            Dialect::Http(encoding) => encoding,
            Dialect::Grpc => Encoding::Protobuf,
        }
    }

    /// The message of a request. May decompress: not for a thread that serves.
    pub(crate) fn message(self, headers: &HeaderMap, body: Bytes) -> model::Result<Bytes> {
        let message = match self {
            Dialect::Http(_) => otlp::decompress(text(headers, "content-encoding"), body, MOST_BYTES),
            Dialect::Grpc => grpc::unary(&body, text(headers, "grpc-encoding"), MOST_BYTES),
        };
        Ok(message?)
    }

    /// The answer of an `Export`; `items` is the JSON name of the count of what was rejected.
    pub(crate) fn answer(self, result: model::Result<Taken>, items: &str) -> Response {
        match (self, result) {
            (Dialect::Http(encoding), Ok(taken)) => {
                let body = otlp::export_response(encoding, taken.rejected, &taken.message, items);
                http(StatusCode::OK, encoding, body)
            }
            (Dialect::Http(encoding), Err(error)) => {
                let body = otlp::status(encoding, grpc::code(error.kind()), &shortened(&error));
                http(http_status(error.kind()), encoding, body)
            }
            (Dialect::Grpc, Ok(taken)) => {
                let body = otlp::export_response(Encoding::Protobuf, taken.rejected, &taken.message, items);
                grpc_reply(Some(grpc::frame(&body)), 0, "")
            }
            (Dialect::Grpc, Err(error)) => grpc_reply(None, grpc::code(error.kind()), &shortened(&error)),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn shortened(error: &model::Error) -> String {
    model::shorten(error.message(), 2_000).into_owned()
}

/// What OTLP's clients try again is 503, what they drop is 400.
fn http_status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadInput | ErrorKind::Limit => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Cancelled | ErrorKind::Unavailable | ErrorKind::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Corrupt | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn http(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response {
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A message and a trailer, or, without a message, the status among the headers.
fn grpc_reply(message: Option<Vec<u8>>, code: u32, why: &str) -> Response {
    let mut status = HeaderMap::new();
    status.insert(GRPC_STATUS, HeaderValue::from(code));
    if !why.is_empty() {
        let why = HeaderValue::try_from(grpc::message_header(why));
        status.insert(GRPC_MESSAGE, why.expect("percent-encoded text is a header's value"));
    }
    let mut response = match message {
        None => {
            let mut response = Response::new(Body::empty());
            response.headers_mut().extend(status);
            response
        }
        Some(message) => {
            let frames = [http_body::Frame::data(Bytes::from(message)), http_body::Frame::trailers(status)];
            let frames = frames.map(Ok::<_, std::convert::Infallible>);
            Response::new(Body::new(StreamBody::new(futures_util::stream::iter(frames))))
        }
    };
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(kind: &'static str) -> Result<Dialect, StatusCode> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Dialect::of(&headers).map_err(|response| response.status())
    }

    #[test]
    fn dialects() {
        assert_eq!(dialect("application/grpc+proto"), Ok(Dialect::Grpc));
        assert_eq!(dialect("application/json; charset=utf-8"), Ok(Dialect::Http(Encoding::Json)));
        assert_eq!(dialect("application/x-protobuf"), Ok(Dialect::Http(Encoding::Protobuf)));
        assert_eq!(dialect("text/html"), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }

    #[test]
    fn errors_say_whether_to_try_again() {
        let status =
            |dialect: Dialect, kind| dialect.answer(Err(model::Error::new(kind, "50% ü")), "rejected");
        let http = Dialect::Http(Encoding::Json);
        assert_eq!(status(http, ErrorKind::BadInput).status(), StatusCode::BAD_REQUEST);
        assert_eq!(status(http, ErrorKind::Unavailable).status(), StatusCode::SERVICE_UNAVAILABLE);
        let response = status(Dialect::Grpc, ErrorKind::Unavailable);
        let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
        assert_eq!((header(GRPC_STATUS), header(GRPC_MESSAGE)), (Some("14"), Some("50%25 %C3%BC")));
    }
}
