//! Errors of Pharos' own API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::ErrorKind;
use serde_json::{Value, json};

/// An error with its kind, and where in the query it is.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        ApiError { kind, message: message.into() }
    }

    /// `{"kind": …, "message": …}`
    pub(crate) fn json(&self) -> Value {
        json!({"kind": name(self.kind), "message": self.message})
    }
}

fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadInput => "bad_input",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Limit => "limit",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Internal => "internal",
    }
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadInput => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Limit => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Timeout | ErrorKind::Cancelled | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Corrupt | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<model::Error> for ApiError {
    fn from(error: model::Error) -> Self {
        ApiError::new(error.kind(), error.message())
    }
}

impl From<promql::Error> for ApiError {
    fn from(error: promql::Error) -> Self {
        ApiError::new(error.kind(), error.to_string())
    }
}

impl From<logql::Error> for ApiError {
    fn from(error: logql::Error) -> Self {
        ApiError::new(error.kind(), error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (status(self.kind), axum::Json(json!({"error": self.json()}))).into_response()
    }
}
