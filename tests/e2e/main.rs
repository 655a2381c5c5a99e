//! The real binary, one file a story.

mod access;
mod api;
mod dashboards;
mod kill;
mod scrape;
mod server;
mod start;
mod tail;
