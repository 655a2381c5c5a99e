//! Asks [`access::Guard`] about every request, answers pages elsewhere that may call (CORS), sets security headers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use access::{Action, Attempt, Decision, RequestFacts};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::State;

/// Lets a request through, or answers 401, 403 or 429.
pub(crate) async fn check(state: Arc<State>, action: Action, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let decision = {
        let headers = request.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let facts = RequestFacts {
            action,
            // A peer that is not known is nobody's network.
            peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            is_get: matches!(*request.method(), Method::GET | Method::HEAD),
            host: text("host").or_else(|| request.uri().authority().map(|a| a.as_str())),
            origin: text("origin"),
            fetch_site: text("sec-fetch-site"),
            fetch_mode: text("sec-fetch-mode"),
            authorization: text("authorization"),
            now_ms: state.clock.now_ms(),
        };
        state.guard.decide(&facts)
    };
    let decision = match decision {
        Decision::Verify(attempt) => verify(&state, attempt).await,
        decision => decision,
    };
    match decision {
        Decision::Allow => next.run(request).await,
        Decision::Unauthorized(why) => {
            let mut response = refusal(StatusCode::UNAUTHORIZED, "unauthorized", &why);
            let realm = HeaderValue::from_static("Basic realm=\"Pharos\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
            response
        }
        Decision::Forbidden(why) => refusal(StatusCode::FORBIDDEN, "forbidden", &why),
        Decision::TooMany(why) => refusal(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", &why),
        Decision::Verify(_) => {
            refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the password was not verified")
        }
    }
}

/// Verifies a password away from the threads that serve, one at a time: it costs CPU and memory by design.
async fn verify(state: &Arc<State>, attempt: Attempt) -> Decision {
    let unavailable = || Decision::TooMany("the server is stopping".into());
    let Ok(_turn) = state.verifying.acquire().await else { return unavailable() };
    let state = state.clone();
    let verified = tokio::task::spawn_blocking(move || state.guard.verify(&attempt)).await;
    verified.unwrap_or_else(|_| unavailable())
}

/// Lets so many pushes in at once: what they hold in memory is bounded, and scrapes find a free thread.
pub(crate) async fn bound_ingest(state: Arc<State>, request: Request, next: Next) -> Response {
    // As a rule there is a turn: no timer is set then.
    if let Ok(_turn) = state.ingesting.try_acquire() {
        return next.run(request).await;
    }
    let turn = tokio::time::timeout(PATIENCE, state.ingesting.clone().acquire_owned()).await;
    match turn {
        Ok(Ok(_turn)) => next.run(request).await,
        _ => refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "too many pushes at once: send this one again",
        ),
    }
}

/// How long a push waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// A refusal that clients of Prometheus (`error`), Grafana (`message`) and people can read.
fn refusal(status: StatusCode, kind: &str, why: &str) -> Response {
    let body = serde_json::json!({"status": "error", "errorType": kind, "error": why, "message": why});
    (status, axum::Json(body)).into_response()
}

/// Scripts, styles and calls from this server alone; inline styles because charts and the component kit set them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

/// Sets security headers on every answer and CORS headers for allowed origins.
pub(crate) async fn headers(state: Arc<State>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| {
        let origins = &state.guard.policy().cors_origins;
        origin.to_str().is_ok_and(|origin| origins.iter().any(|allowed| allowed == origin || allowed == "*"))
    });
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && allowed.is_some();
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    match allowed {
        Some(origin) => cors(headers, origin),
        None => {
            let name = header::HeaderName::from_static("cross-origin-resource-policy");
            headers.insert(name, HeaderValue::from_static("same-origin"));
        }
    }
    response
}

fn cors(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, accept"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
