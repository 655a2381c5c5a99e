//! The real binary, one file a story.

mod access;
mod api;
mod clients;
mod damage;
mod dashboards;
mod differential;
mod found;
mod kill;
mod loki;
mod namespace;
mod otlp;
mod prometheus;
mod promtool;
mod push;
mod scrape;
mod server;
mod soak;
mod start;
mod tail;
mod tls;
