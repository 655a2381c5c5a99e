//! The program's own log: to standard error as text or JSON, and as a stream of its own store.

use std::io::IsTerminal;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::own_log::OwnLog;

/// Starts logging. `own` gets every event too, until it is told where to put them.
pub(crate) fn start(json: bool, level: &str, own: OwnLog) -> anyhow::Result<()> {
    let filter = |extra: &str| {
        EnvFilter::builder()
            .with_default_directive(LevelFilter::INFO.into())
            .parse(format!("{level},{extra}"))
            .map_err(|e| anyhow::anyhow!("log_level: {level:?}: {e}"))
    };
    // The index engine speaks at info of every commit.
    let quiet = "tantivy=warn,h2=warn,hyper=warn,rustls=warn";
    let shown = if json {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr)
            .with_filter(filter(quiet)?)
            .boxed()
    } else {
        fmt::layer()
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .with_filter(filter(quiet)?)
            .boxed()
    };
    let kept = own.with_filter(filter(quiet)?);
    tracing_subscriber::registry().with(shown).with(kept).init();
    Ok(())
}
