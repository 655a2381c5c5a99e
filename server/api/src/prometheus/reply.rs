//! Answers and errors in Prometheus' envelope.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ErrorKind;

use crate::json;

/// An error as Prometheus' API gives it: a status, a type and a message.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ApiError {
    /// 400 `bad_data`.
    pub(crate) fn bad_data(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::BAD_REQUEST, kind: "bad_data", message: message.into() }
    }

    /// 400 `bad_data` for a parameter.
    pub(crate) fn parameter(name: &str, why: impl std::fmt::Display) -> Self {
        ApiError::bad_data(format!("invalid parameter \"{name}\": {why}"))
    }

    /// 404 `not_found`.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::NOT_FOUND, kind: "not_found", message: message.into() }
    }
}

impl From<model::Error> for ApiError {
    fn from(error: model::Error) -> Self {
        let (status, kind) = match error.kind() {
            ErrorKind::BadInput => (StatusCode::BAD_REQUEST, "bad_data"),
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            ErrorKind::Limit => (StatusCode::UNPROCESSABLE_ENTITY, "execution"),
            ErrorKind::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
            ErrorKind::Cancelled => (StatusCode::SERVICE_UNAVAILABLE, "canceled"),
            ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            ErrorKind::Corrupt | ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        ApiError { status, kind, message: error.message().to_owned() }
    }
}

impl From<promql::Error> for ApiError {
    fn from(error: promql::Error) -> Self {
        match error {
            promql::Error::Source(error) => error.into(),
            promql::Error::Query(why) => ApiError::parameter("query", why),
            error if error.is_parse() => ApiError::bad_data(error.to_string()),
            error => ApiError {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                kind: "execution",
                message: error.to_string(),
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = String::from("{\"status\":\"error\",\"errorType\":");
        json::string(&mut body, self.kind);
        body.push_str(",\"error\":");
        json::string(&mut body, &model::shorten(&self.message, 10_000));
        body.push('}');
        (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}

/// A successful answer: `data` is JSON.
pub(crate) fn success(data: &str, warnings: &[String], infos: &[String]) -> Response {
    let mut body = String::with_capacity(data.len() + 64);
    body.push_str("{\"status\":\"success\",\"data\":");
    body.push_str(data);
    for (key, texts) in [("warnings", warnings), ("infos", infos)] {
        if !texts.is_empty() {
            body.push_str(",\"");
            body.push_str(key);
            body.push_str("\":");
            json::strings(&mut body, texts.iter().map(String::as_str));
        }
    }
    body.push('}');
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A successful answer of anything that serialises.
pub(crate) fn success_of(data: &impl serde::Serialize) -> Response {
    match serde_json::to_string(data) {
        Ok(data) => success(&data, &[], &[]),
        Err(error) => ApiError::from(model::Error::internal(error.to_string())).into_response(),
    }
}
