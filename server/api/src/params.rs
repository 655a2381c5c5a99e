//! Request parameters as Prometheus and Loki read them: from the query string and a form body together.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Names and values in the order they came: the query string's first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The first value of `name`, if it is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// All values of `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    #[cfg(test)]
    pub(crate) fn of(query: &str) -> Self {
        Params(serde_urlencoded::from_str(query).expect("a query string"))
    }
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let form = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let has_form = form.starts_with("application/x-www-form-urlencoded");
        let wrong = |e: serde_urlencoded::de::Error| {
            (axum::http::StatusCode::BAD_REQUEST, format!("the parameters cannot be read: {e}"))
                .into_response()
        };
        let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(&query).map_err(wrong)?;
        if has_form {
            let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
            let more: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).map_err(wrong)?;
            pairs.extend(more);
        }
        Ok(Params(pairs))
    }
}

/// A time as the Prometheus API takes it, in ms: seconds with a fraction, or RFC 3339.
pub(crate) fn time_ms(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = (seconds * 1000.0).round();
        return (ms.is_finite() && ms.abs() < 9.2e18).then_some(ms as i64);
    }
    text.parse::<jiff::Timestamp>().ok().map(|t| t.as_millisecond())
}

/// A duration in ms: seconds with a fraction, or Prometheus' `1h30m`.
pub(crate) fn duration_ms(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = (seconds * 1000.0).round();
        return (ms.is_finite() && ms.abs() < 9.2e15).then_some(ms as i64);
    }
    collect::parse_duration_ms(text).ok()
}

/// A time as the Loki API takes it, in ns: an integer of ns (or of seconds, if it has at most ten digits), seconds
/// with a fraction, or RFC 3339.
pub(crate) fn time_ns(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        let is_seconds = text.trim_start_matches('-').len() <= 10;
        return if is_seconds { number.checked_mul(1_000_000_000) } else { Some(number) };
    }
    if let Ok(seconds) = text.parse::<f64>() {
        let ns = seconds * 1e9;
        return (ns.is_finite() && ns.abs() < 9.2e18).then_some(ns as i64);
    }
    let timestamp = text.parse::<jiff::Timestamp>().ok()?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations() {
        assert_eq!(time_ms("1435781430.781"), Some(1_435_781_430_781));
        assert_eq!(time_ms("2015-07-01T20:10:30.781Z"), Some(1_435_781_430_781));
        assert_eq!(time_ms("-5"), Some(-5000));
        assert_eq!(time_ms("now"), None);
        assert_eq!(duration_ms("15"), Some(15_000));
        assert_eq!(duration_ms("0.5"), Some(500));
        assert_eq!(duration_ms("1h30m"), Some(5_400_000));
        assert_eq!(duration_ms("500ms"), Some(500));
        for wrong in ["", "1", "m", "1m1h", "1x", "5mm"] {
            assert_eq!(duration_ms(wrong), wrong.parse().ok().map(|s: i64| s * 1000), "{wrong}");
        }
        assert_eq!(time_ns("1700000000"), Some(1_700_000_000_000_000_000));
        assert_eq!(time_ns("1700000000000000001"), Some(1_700_000_000_000_000_001));
        assert_eq!(time_ns("1.5"), Some(1_500_000_000));
        assert_eq!(time_ns("1970-01-01T00:00:01Z"), Some(1_000_000_000));
    }

    #[test]
    fn empty_values_are_absent() {
        let params = Params::of("a=1&b=&match[]=x&match[]=y%7B%7D");
        assert_eq!((params.get("a"), params.get("b")), (Some("1"), None));
        assert_eq!(params.all("match[]").collect::<Vec<_>>(), ["x", "y{}"]);
    }
}
