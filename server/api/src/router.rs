//! Every URL of the server, as one table; each group with what it asks of the guard.

use std::sync::Arc;

use access::Action;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use crate::state::{MOST_PUSH_BYTES, MOST_QUERY_BYTES};
use crate::{State, assets, guard, loki, otlp, pharos, prometheus, push_gateway};

/// A dashboard's file as it is uploaded: real ones stay below 2 MB.
const MOST_FILE_BYTES: usize = 33 << 20;

/// Exporters whose pages this server gives, each below its name.
const EXPORTERS: [&str; 3] = ["node", "dcgm", "nvidia"];

/// A port of its own for one exporter's page: `/metrics`, and a page at `/` that leads there.
pub fn exporter_router(state: Arc<State>, name: &'static str) -> Router {
    let guarded = state.clone();
    Router::new()
        .route("/metrics", get(move |state| exporter(state, name)))
        .route("/", get(|| async { axum::response::Redirect::temporary("/metrics") }))
        .layer(from_fn(move |request: Request, next: Next| {
            guard::check(guarded.clone(), Action::Read, request, next)
        }))
        .with_state(state)
}

/// The whole HTTP surface.
pub fn router(state: Arc<State>) -> Router {
    let read = Router::new()
        .merge(prometheus_read())
        .nest("/prometheus", prometheus_read())
        .merge(loki_read())
        .merge(pharos_read())
        .route("/metrics", get(metrics))
        .merge(EXPORTERS.into_iter().fold(Router::new(), |all, name| {
            all.route(&format!("/{name}/metrics"), get(move |state| exporter(state, name)))
        }))
        .route("/api/v1/metrics", get(push_gateway::metrics))
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(MOST_QUERY_BYTES));
    let pushed = post(push_gateway::push).put(push_gateway::push).delete(push_gateway::push);
    let ingest = Router::new()
        .route("/api/v1/write", post(prometheus::write::remote_write))
        .route("/prometheus/api/v1/write", post(prometheus::write::remote_write))
        .route("/loki/api/v1/push", post(loki::push::push))
        .route("/api/prom/push", post(loki::push::push))
        .merge(otlp())
        .route("/metrics/{*path}", pushed)
        .layer(DefaultBodyLimit::max(MOST_PUSH_BYTES));
    let turns = state.clone();
    let ingest = ingest.layer(from_fn(move |request: Request, next: Next| {
        guard::bound_ingest(turns.clone(), request, next)
    }));
    let admin = Router::new()
        .route("/-/reload", post(reload).put(reload))
        .route("/-/quit", post(quit).put(quit))
        .route("/api/v1/admin/wipe", put(push_gateway::wipe))
        .route("/api/pharos/v1/dashboards", post(pharos::dashboards::import))
        .route("/api/pharos/v1/found", post(pharos::found::decide))
        .route(
            "/loki/api/v1/delete",
            post(loki::delete::create).put(loki::delete::create).delete(loki::delete::cancel),
        )
        .route("/flush", post(loki::delete::flush))
        .merge(prometheus_admin())
        .nest("/prometheus", prometheus_admin())
        .layer(DefaultBodyLimit::max(MOST_FILE_BYTES));
    let public = Router::new()
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .route("/ready", get(ready))
        .route("/api/health", get(grafana_health));
    let guarded =
        [(read, Action::Read), (ingest, Action::Ingest), (admin, Action::Admin), (public, Action::Public)]
            .into_iter()
            .fold(Router::new(), |all, (routes, action)| {
                let state = state.clone();
                all.merge(routes.layer(from_fn(move |request: Request, next: Next| {
                    guard::check(state.clone(), action, request, next)
                })))
            });
    let outer = state.clone();
    // Frames stay as they are: compressing them costs more than the loopback or the LAN saves.
    let worth = SizeAbove::new(1024)
        .and(NotForContentType::const_new("application/x-pharos-frames"))
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::SSE);
    guarded
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth))
        .layer(from_fn(move |request: Request, next: Next| guard::headers(outer.clone(), request, next)))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(state)
}

/// `Export` of each signal: over HTTP by its path, over gRPC by its method.
fn otlp() -> Router<Arc<State>> {
    Router::new()
        .route("/otlp/v1/logs", post(otlp::logs::export))
        .route("/v1/logs", post(otlp::logs::export))
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(otlp::logs::export))
        .route("/api/v1/otlp/v1/metrics", post(otlp::metrics::export))
        .route("/prometheus/api/v1/otlp/v1/metrics", post(otlp::metrics::export))
        .route("/otlp/v1/metrics", post(otlp::metrics::export))
        .route("/v1/metrics", post(otlp::metrics::export))
        .route("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", post(otlp::metrics::export))
}

fn prometheus_read() -> Router<Arc<State>> {
    use prometheus::{exemplars, features, federate, labels, query, read, status, targets, tree};
    Router::new()
        .route("/federate", get(federate::federate))
        .route("/api/v1/query_exemplars", get(exemplars::exemplars).post(exemplars::exemplars))
        .route("/api/v1/parse_query", get(tree::parse).post(tree::parse))
        .route("/api/v1/features", get(features::features))
        .route("/api/v1/notifications", get(features::notifications))
        .route("/api/v1/notifications/live", get(features::notifications_live))
        .route("/api/v1/read", post(read::read))
        .route("/api/v1/targets/metadata", get(targets::metadata))
        .route("/api/v1/targets/relabel_steps", get(targets::relabel_steps))
        .route("/api/v1/query", get(query::instant).post(query::instant))
        .route("/api/v1/query_range", get(query::range).post(query::range))
        .route("/api/v1/format_query", get(query::format).post(query::format))
        .route("/api/v1/series", get(labels::series).post(labels::series))
        .route("/api/v1/labels", get(labels::names).post(labels::names))
        .route("/api/v1/label/{name}/values", get(labels::values))
        .route("/api/v1/metadata", get(labels::metadata))
        .route("/api/v1/targets", get(targets::targets))
        .route("/api/v1/scrape_pools", get(targets::pools))
        .route("/api/v1/status/buildinfo", get(status::buildinfo))
        .route("/api/v1/status/runtimeinfo", get(status::runtimeinfo))
        .route("/api/v1/status/config", get(status::config))
        .route("/api/v1/status/flags", get(status::flags))
        .route("/api/v1/status/tsdb", get(status::tsdb))
        .route("/api/v1/status/tsdb/blocks", get(status::blocks))
        .route("/api/v1/status/walreplay", get(status::walreplay))
        .route("/api/v1/rules", get(status::rules))
        .route("/api/v1/alerts", get(status::alerts))
        .route("/api/v1/alertmanagers", get(status::alertmanagers))
}

fn prometheus_admin() -> Router<Arc<State>> {
    use prometheus::admin;
    let route = |name: &str| format!("/api/v1/admin/tsdb/{name}");
    Router::new()
        .route(&route("delete_series"), post(admin::delete_series).put(admin::delete_series))
        .route(&route("clean_tombstones"), post(admin::clean_tombstones).put(admin::clean_tombstones))
        .route(&route("snapshot"), post(admin::snapshot).put(admin::snapshot))
}

fn loki_read() -> Router<Arc<State>> {
    use loki::{delete, drilldown, index, labels, query, status, tail};
    Router::new()
        .route("/loki/api/v1/query", get(query::instant).post(query::instant))
        .route("/loki/api/v1/query_range", get(query::range).post(query::range))
        .route("/loki/api/v1/labels", get(labels::names).post(labels::names))
        .route("/loki/api/v1/label", get(labels::names))
        .route("/loki/api/v1/label/{name}/values", get(labels::values).post(labels::values))
        .route("/loki/api/v1/series", get(labels::series).post(labels::series))
        .route("/loki/api/v1/tail", get(tail::tail))
        .route("/loki/api/v1/index/stats", get(index::stats).post(index::stats))
        .route("/loki/api/v1/index/volume", get(index::volume).post(index::volume))
        .route("/loki/api/v1/index/volume_range", get(index::volume_range).post(index::volume_range))
        .route("/loki/api/v1/patterns", get(drilldown::patterns).post(drilldown::patterns))
        .route(
            "/loki/api/v1/detected_labels",
            get(drilldown::detected_labels).post(drilldown::detected_labels),
        )
        .route(
            "/loki/api/v1/detected_fields",
            get(drilldown::detected_fields).post(drilldown::detected_fields),
        )
        .route(
            "/loki/api/v1/detected_field/{name}/values",
            get(drilldown::field_values).post(drilldown::field_values),
        )
        .route("/loki/api/v1/drilldown-limits", get(drilldown::limits))
        .route("/loki/api/v1/delete", get(delete::list))
        .route("/loki/api/v1/rules", get(status::no_rules))
        .route("/loki/api/v1/rules/{namespace}", get(status::no_rules))
        .route("/loki/api/v1/rules/{namespace}/{group}", get(status::no_rules))
        .route("/loki/api/v1/format_query", get(query::format).post(query::format))
        .route("/loki/api/v1/status/buildinfo", get(status::buildinfo))
        .route("/config", get(status::config))
        .route("/services", get(status::services))
        .route("/log_level", get(status::log_level))
}

fn pharos_read() -> Router<Arc<State>> {
    Router::new()
        .route("/api/pharos/v1/query", post(pharos::query::query))
        .route("/api/pharos/v1/home", get(pharos::home::home))
        .route("/api/pharos/v1/dashboards", get(pharos::dashboards::list))
        .route("/api/pharos/v1/dashboards/preview", post(pharos::dashboards::preview))
        .route("/api/pharos/v1/dashboards/{uid}", get(pharos::dashboards::get))
        .route("/api/pharos/v1/dashboards/{uid}/raw", get(pharos::dashboards::raw))
}

async fn healthy() -> &'static str {
    "Pharos is healthy.\n"
}

async fn ready(Shared(state): Shared<Arc<State>>) -> Response {
    match state.program.ready() {
        Ok(()) => "Pharos is ready.\n".into_response(),
        Err(why) => {
            // Paths and errors are nobody's business without a password: the log has them.
            tracing::warn!(why, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "Pharos is not ready: its log says why.\n").into_response()
        }
    }
}

async fn grafana_health(Shared(state): Shared<Arc<State>>) -> Response {
    let database = if state.program.ready().is_ok() { "ok" } else { "failing" };
    axum::Json(serde_json::json!({"database": database, "version": state.program.version()})).into_response()
}

async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    let program = state.program.clone();
    let page = tokio::task::spawn_blocking(move || program.metrics_page()).await.unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}

async fn exporter(Shared(state): Shared<Arc<State>>, name: &'static str) -> Response {
    let program = state.program.clone();
    let page = tokio::task::spawn_blocking(move || program.exporter_page(name)).await.unwrap_or_default();
    match page {
        Some(page) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
        }
        None => (StatusCode::NOT_FOUND, format!("{name} is not collected here\n")).into_response(),
    }
}

async fn reload(Shared(state): Shared<Arc<State>>) -> Response {
    let program = state.program.clone();
    match tokio::task::spawn_blocking(move || program.reload()).await {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(why)) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("failed to reload config: {why}\n")).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn quit(Shared(state): Shared<Arc<State>>) -> &'static str {
    state.program.quit();
    "Requesting termination... Goodbye!"
}

fn panicked(what: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let what = what
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| what.downcast_ref::<&str>().map(|s| (*s).to_owned()));
    tracing::error!(panic = what.unwrap_or_default(), "a request failed in a way it should not");
    (StatusCode::INTERNAL_SERVER_ERROR, "the request failed in a way it should not: see the server's log")
        .into_response()
}
