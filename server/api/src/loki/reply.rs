//! Answers and errors as Loki gives them: errors are plain text.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ErrorKind;

use crate::json;

/// An error with its status.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    fn of(kind: ErrorKind, message: String) -> Self {
        let status = match kind {
            ErrorKind::BadInput | ErrorKind::Limit => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Cancelled | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Corrupt | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        ApiError { status, message }
    }
}

impl From<model::Error> for ApiError {
    fn from(error: model::Error) -> Self {
        ApiError::of(error.kind(), error.message().to_owned())
    }
}

impl From<logql::Error> for ApiError {
    fn from(error: logql::Error) -> Self {
        ApiError::of(error.kind(), error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, model::shorten(&self.message, 2_000).into_owned()).into_response()
    }
}

/// `{"status":"success","data":…}`, with `warnings` where there are any.
pub(crate) fn success(data: &str, warnings: &[String]) -> Response {
    let mut body = String::with_capacity(data.len() + 64);
    body.push_str("{\"status\":\"success\",");
    if !warnings.is_empty() {
        body.push_str("\"warnings\":");
        json::strings(&mut body, warnings.iter().map(String::as_str));
        body.push(',');
    }
    body.push_str("\"data\":");
    body.push_str(data);
    body.push('}');
    ([(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body).into_response()
}
