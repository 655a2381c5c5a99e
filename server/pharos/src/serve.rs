//! `pharos serve`: open, start, serve, wait, stop in reverse.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use api::{Parts, Program, State};
use arc_swap::ArcSwap;
use axum::Router;
use collect::found::Finder;
use collect::push_gateway::PushGateway;
use collect::tail::Tailer;
use collect::{Collector, Gatherer};
use dashboards::Library;
use model::{Clock, SystemClock};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::boards::Boards;
use crate::builtin::{DASHBOARDS, DEMO_DASHBOARDS};
use crate::cli::ServeArgs;
use crate::config::{Config, Discover};
use crate::demo::{Demo, Generator};
use crate::found::{Programs, keep_looking};
use crate::hardware::{Hardware, OWN_INTERVAL_MS, target};
use crate::inputs::Inputs;
use crate::metrics_page::OwnMetrics;
use crate::own_log::{Keeper, OwnLog};
use crate::program::Running;
use crate::stores::{Maintenance, Stores};
use crate::{admin, logging, pushed};

/// How long requests that run may go on after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);
/// Prometheus' and Loki's own ports.
const DROP_IN_PORTS: [u16; 2] = [9090, 3100];
/// Ports of exporters, and which of this server's pages is theirs.
const EXPORTER_PORTS: [(u16, &str); 3] = [(9100, "node"), (9400, "dcgm"), (9835, "nvidia")];
/// Threads that may wait for disks at once: appends, commits.
const MOST_BLOCKING: usize = 128;

/// Runs the server until it is told to stop.
pub(crate) fn run(args: &ServeArgs) -> Result<ExitCode> {
    run_with(args, None)
}

/// The same, with made-up data where there is a demo.
pub(crate) fn run_with(args: &ServeArgs, demo: Option<Demo>) -> Result<ExitCode> {
    let config = Config::load(args, |name| std::env::var(name).ok())?;
    let own_log = OwnLog::new();
    logging::start(config.log_json, &config.log_level, own_log.clone())?;
    if !config.collect {
        own_log.close();
    }
    // A second call finds it installed: that is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(MOST_BLOCKING)
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    let result = runtime.block_on(serve(config, own_log, demo));
    runtime.shutdown_timeout(Duration::from_secs(1));
    result.map(|()| ExitCode::SUCCESS)
}

/// What runs beside the HTTP server.
struct Parted {
    running: Arc<Running>,
    stores: Stores,
    maintenance: Maintenance,
    keeper: Option<Keeper>,
    demo: Option<Generator>,
}

async fn serve(config: Config, own_log: OwnLog, demo: Option<Demo>) -> Result<()> {
    let mut signals = Signals::listen()?;
    let listener = bind(config.listen).await?;
    let listen = listener.local_addr()?;
    let started = std::time::Instant::now();
    let open = config.clone();
    let stores = tokio::task::spawn_blocking(move || Stores::open(&open)).await??;
    let guard = admin::guard(&config.access, listen, &stores.control)?;
    let inputs = Inputs::read(&config);
    let built_in = if demo.is_some() { DEMO_DASHBOARDS } else { DASHBOARDS };
    let boards = Arc::new(Boards::read(built_in, &config.grafana, &config.data));
    let mut parted = start(&config, listen, stores, (&inputs, own_log, boards.clone()))?;
    if let Some(demo) = demo {
        let sinks = parted.stores.sinks();
        parted.demo = Some(tokio::task::spawn_blocking(move || Generator::start(demo, sinks)).await??);
    }
    let push_gateway = pushed::open(&parted.stores, Arc::new(SystemClock));
    let ticker = pushed::keep_fresh(push_gateway.clone());
    let watcher = tokio::spawn(watch_dashboards(boards.clone()));
    let looker = tokio::spawn(keep_looking(parted.running.clone()));
    let served = match state(&config, &parted, (guard, push_gateway), boards.library.clone()) {
        Ok(state) => {
            let data = std::path::absolute(&config.data).unwrap_or_else(|_| config.data.clone());
            tracing::info!(
                url = format!("http://{listen}"),
                data = %data.display(),
                opened_ms = started.elapsed().as_millis() as u64,
                version = env!("CARGO_PKG_VERSION"),
                "Pharos is ready"
            );
            serve_http(listener, state, parted.running.clone(), &mut signals).await
        }
        Err(error) => Err(error),
    };
    watcher.abort();
    looker.abort();
    ticker.abort();
    tokio::select! {
        stopped = stop(parted) => served.and(stopped),
        () = signals.stop() => Err(anyhow::anyhow!("told twice to stop: what was not durable yet is lost")),
    }
}

fn state(
    config: &Config,
    parted: &Parted,
    (guard, push_gateway): (access::Guard, Arc<PushGateway>),
    library: Arc<ArcSwap<Library>>,
) -> Result<Arc<State>> {
    Ok(State::new(Parts {
        sources: api::Sources::own(parted.stores.metrics.clone(), parted.stores.logs.clone()),
        metric_sink: parted.stores.metrics.clone(),
        log_sink: parted.stores.logs.clone(),
        log_eraser: Some(parted.stores.logs.clone()),
        push_gateway,
        guard,
        program: parted.running.clone(),
        clock: Arc::new(SystemClock),
        library,
        limits: config.limits,
        lookback_ms: i64::try_from(config.lookback.as_millis()).unwrap_or(i64::MAX),
    })?)
}

/// The signals that are listened to: SIGTERM and SIGINT stop, SIGHUP reloads.
struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        let (term, int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Signals { term, int, hup: signal(SignalKind::hangup())? })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{listen} is taken by another program: stop it, or give Pharos another port with --listen"
        ),
        _ => anyhow::anyhow!("cannot listen on {listen}: {error}"),
    })
}

fn start(
    config: &Config,
    listen: SocketAddr,
    stores: Stores,
    (inputs, own_log, boards): (&Inputs, OwnLog, Arc<Boards>),
) -> Result<Parted> {
    let hostname = hostname();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tailer = Tailer::start(inputs.tail.clone(), stores.logs.clone(), clock.clone())?;
    let own_metrics: Arc<dyn Gatherer> = Arc::new(own_metrics(&stores, &*clock, tailer.gatherer()));
    let hardware = match config.collect {
        true => Hardware::open(config, &hostname, clock.clone()),
        false => Hardware::default(),
    };
    let keeper = match config.collect {
        true => Some(own_log.keep(stores.logs.clone(), &hostname)?),
        false => None,
    };
    let collect_config = collect::CollectConfig {
        scrape_configs: inputs.scrape_configs.clone(),
        in_process: if config.collect {
            let own = target(&hostname, ("pharos", OWN_INTERVAL_MS), own_metrics.clone());
            hardware.targets.into_iter().chain([own]).collect()
        } else {
            Vec::new()
        },
    };
    let collect_stores = collect::Stores { sink: stores.metrics.clone(), source: stores.metrics.clone() };
    let collector = Collector::start(collect_config, collect_stores, clock.clone());
    let (metrics, logs) = (stores.metrics.clone(), stores.logs.clone());
    let health = move || {
        metrics.health().map_err(|e| format!("metrics: {e}"))?;
        logs.health().map_err(|e| format!("logs: {e}"))
    };
    let running = Arc::new(Running {
        config: config.clone(),
        version: env!("CARGO_PKG_VERSION"),
        hostname: hostname.clone(),
        started_ms: clock.now_ms(),
        folder: stores.folder.clone(),
        boards,
        metrics: stores.metrics.clone(),
        collector: Arc::new(collector),
        tailer: Mutex::new(Some(tailer)),
        own_metrics,
        programs: programs(config, &hostname, listen),
        scrape_configs: ArcSwap::from_pointee(inputs.scrape_configs.clone()),
        applying: tokio::sync::Mutex::default(),
        exporters: hardware.exporters,
        notices: ArcSwap::from_pointee(inputs.notices.clone()),
        config_yaml: ArcSwap::from_pointee(inputs.config_yaml.clone()),
        otlp: ArcSwap::from_pointee(inputs.otlp.clone()),
        reloading: Mutex::new(()),
        runtime: tokio::runtime::Handle::current(),
        quit: tokio::sync::Notify::new(),
        stopping: watch::channel(false).0,
        health: Box::new(health),
    });
    inputs.log_notices();
    let maintenance = stores.maintain()?;
    Ok(Parted { running, stores, maintenance, keeper, demo: None })
}

/// Looks for programs on this machine, where that is wanted.
fn programs(config: &Config, hostname: &str, listen: SocketAddr) -> Option<Arc<Programs>> {
    if !config.collect || config.discover == Discover::Off {
        return None;
    }
    let mut own_ports = vec![listen.port()];
    if config.drop_in_ports {
        own_ports.extend(DROP_IN_PORTS);
        own_ports.extend(EXPORTER_PORTS.map(|(port, _)| port));
    }
    match Finder::new(&config.host_flags.roots.procfs, own_ports) {
        Ok(finder) => Some(Arc::new(Programs::new(finder, config.discover, &config.data, hostname))),
        Err(error) => {
            tracing::warn!(%error, "programs on this machine are not looked for");
            None
        }
    }
}

fn own_metrics(stores: &Stores, clock: &dyn Clock, tail: Arc<dyn Gatherer>) -> OwnMetrics {
    let folder = stores.folder.clone();
    OwnMetrics {
        version: env!("CARGO_PKG_VERSION"),
        started_ms: clock.now_ms(),
        metrics: stores.metrics.clone(),
        logs: stores.logs.clone(),
        tail,
        space: Box::new(move || folder.space().ok().map(|space| (space.free_bytes, space.total_bytes))),
    }
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Reads dashboards again when their files change; looks as often as the provider files say.
async fn watch_dashboards(boards: Arc<Boards>) {
    loop {
        tokio::time::sleep(boards.interval()).await;
        let boards = boards.clone();
        let _ = tokio::task::spawn_blocking(move || boards.refresh()).await;
    }
}

/// Serves until SIGTERM, SIGINT or `/-/quit`; SIGHUP reloads.
async fn serve_http(
    listener: TcpListener,
    state: Arc<State>,
    running: Arc<Running>,
    signals: &mut Signals,
) -> Result<()> {
    let stop = &running.stopping;
    let own = listener.local_addr()?;
    for (listener, exporter) in drop_in_listeners(&running, own).await {
        let app = match exporter {
            Some(exporter) => api::exporter_router(state.clone(), exporter),
            None => api::router(state.clone()),
        };
        tokio::spawn(serve_on(listener, app, stop.subscribe()));
    }
    let app = api::router(state);
    let mut server = tokio::spawn(serve_on(listener, app, stop.subscribe()));
    loop {
        tokio::select! {
            result = &mut server => return Ok(result??),
            // Not awaited: a reload that hangs must not keep the server from stopping.
            _ = signals.hup.recv() => drop(tokio::spawn(reload(running.clone()))),
            _ = signals.term.recv() => break,
            _ = signals.int.recv() => break,
            () = running.quit.notified() => break,
        }
    }
    tracing::info!("stopping");
    stop.send_replace(true);
    if tokio::time::timeout(GRACE, &mut server).await.is_err() {
        tracing::warn!("requests still ran after {} s and were cut", GRACE.as_secs());
        server.abort();
    }
    Ok(())
}

/// Serves one port until `stopped` says so, then lets requests that run end.
async fn serve_on(
    listener: TcpListener,
    app: Router,
    mut stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let told = async move {
        // An error means that the sender is gone: stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    axum::serve(listener, app).with_graceful_shutdown(told).await
}

/// The ports of the systems that this one replaces, and the page behind each that is an exporter's. One that is taken
/// is left to its owner.
async fn drop_in_listeners(running: &Running, own: SocketAddr) -> Vec<(TcpListener, Option<&'static str>)> {
    let mut listeners = Vec::new();
    if !running.config.drop_in_ports {
        return listeners;
    }
    let has = |page: &str| running.exporters.iter().any(|(name, _)| *name == page);
    let exporters =
        EXPORTER_PORTS.into_iter().filter(|(_, page)| has(page)).map(|(port, page)| (port, Some(page)));
    for (port, page) in DROP_IN_PORTS.into_iter().map(|port| (port, None)).chain(exporters) {
        if port == own.port() {
            continue;
        }
        match TcpListener::bind((own.ip(), port)).await {
            Ok(listener) => listeners.push((listener, page)),
            Err(error) => tracing::warn!(port, %error, "a drop-in port is not available"),
        }
    }
    listeners
}

async fn reload(running: Arc<Running>) {
    match tokio::task::spawn_blocking(move || running.reload()).await {
        Ok(Ok(())) => tracing::info!("configuration files were read again"),
        Ok(Err(why)) => tracing::error!("configuration files were not taken over: {why}"),
        Err(error) => tracing::error!(%error, "reload failed in a way it should not"),
    }
}

async fn stop(parted: Parted) -> Result<()> {
    let Parted { running, stores, maintenance, keeper, demo } = parted;
    running.collector.stop().await;
    tracing::info!("stopped");
    let close = move || {
        if let Some(demo) = demo {
            demo.stop();
        }
        if let Some(tailer) = running.tailer.lock().take() {
            tailer.stop();
        }
        if let Some(keeper) = keeper {
            keeper.stop();
        }
        maintenance.stop();
        let closed = stores.close();
        maintenance.join();
        closed
    };
    tokio::task::spawn_blocking(close).await?
}
