//! The UI's files, embedded: as brotli, gzip or as they are, whichever the browser takes; pages fall back to the app.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// `web/dist`. Missing in a fresh checkout: such a binary says how to build the UI.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

const NO_UI: &str = "<!doctype html><meta charset=utf-8><title>Pharos</title><h1>Pharos runs, without its user interface</h1>\
<p>This binary was built before the UI was. Run <code>make web</code> and build again; the APIs work as they are.</p>";

/// What begins so is an API: a path that no route has is a mistake, never a page.
const APIS: [&str; 8] = ["api/", "loki/", "v1/", "prometheus/", "tempo/", "otlp/", "-/", "metrics/"];

/// A file of the UI, or the app's page for any path of the app.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let reads = matches!(method, Method::GET | Method::HEAD);
    if !reads || APIS.iter().any(|prefix| path.starts_with(prefix)) {
        let why = format!("no such endpoint: {method} /{path}");
        let body =
            serde_json::json!({"status": "error", "errorType": "not_found", "error": why, "message": why});
        return (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if !path.is_empty() && is_file && path != "index.html" && !path.starts_with("d/") {
        return match file(path, &headers) {
            Some(response) => response,
            None => (StatusCode::NOT_FOUND, "no such file").into_response(),
        };
    }
    match file("index.html", &headers) {
        Some(response) => response,
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NO_UI).into_response(),
    }
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let takes = |encoding: &str| {
        accepted.split(',').any(|part| part.split(';').next().is_some_and(|p| p.trim() == encoding))
    };
    let (found, encoding) = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| takes(encoding))
        .find_map(|(encoding, ending)| Some((Dist::get(&format!("{path}.{ending}"))?, Some(encoding))))
        .or_else(|| Some((Dist::get(path)?, None)))?;
    let etag = etag(&found);
    let mut response =
        if headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes()) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            found.data.into_owned().into_response()
        };
    let out = response.headers_mut();
    // Names below assets/ carry a hash of their content.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
