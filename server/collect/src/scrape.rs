//! Scraping: targets, what their pages become, and the loops that ask them on time.

mod buckets;
mod custom_buckets;
mod job;
mod page_reader;
mod seed;
mod target;
mod target_loop;

pub(crate) use job::{Job, Leftovers};
pub(crate) use target_loop::{Origin, Parts};
