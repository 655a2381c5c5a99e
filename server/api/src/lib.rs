//! The HTTP edge: one module per dialect, one guard before them all, the UI's files behind them.
//!
//! Turns requests into calls of the traits of `model` and of the query engines, and their answers and errors into
//! bytes and status codes. It must never know a store, a file format on disk, or where its sources come from.

mod assets;
mod guard;
mod json;
mod loki;
mod otlp;
mod params;
mod pharos;
mod pool;
mod program;
mod prometheus;
mod push_gateway;
mod router;
mod state;

pub use program::{Block, Disk, FoundProgram, Home, Notice, Program, TailFile, TailStatus, TargetStatus};
pub use router::{exporter_router, router};
pub use state::{LogIngest, MetricIngest, Parts, Sources, State};
