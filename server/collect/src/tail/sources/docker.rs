//! Containers of a Docker daemon: found by its API, their logs followed over it. Containers are never held up, as
//! they may be by a log driver: lines stay with the daemon until they are read.

mod discovery;
mod frames;

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use model::LabelsBuilder;
use template::gotime::Layout;
use twox_hash::XxHash3_64;

use super::http::{Endpoint, is_timeout};
use super::{Context, Incoming, Position, line_labels};
use crate::Result;
use crate::relabel::Rule;
use crate::section::Section;
use discovery::Container;
use frames::Frames;

/// Most containers that are followed at once, each by a thread.
const MAX_CONTAINERS: usize = 500;
/// How long a container's stream rests after it broke.
const RETRY: Duration = Duration::from_secs(2);

/// One entry of `docker_sd_configs`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DockerConfig {
    job: String,
    /// As it was written.
    pub(crate) host: String,
    endpoint: Endpoint,
    refresh: Duration,
    /// The filters as the API takes them: a JSON object.
    filters: String,
    host_networking_host: String,
    relabel: Arc<[Rule]>,
}

pub(crate) fn read(section: &Section<'_>, job: &str, relabel: &[Rule]) -> Result<DockerConfig> {
    let host = section.text("host")?.unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned());
    let port = section.number("port")?.unwrap_or(80);
    let endpoint = Endpoint::parse(&host, port).map_err(|why| section.bad("host", why))?;
    let mut filters = serde_json::Map::new();
    for filter in section.sections("filters")? {
        let name = filter.text("name")?.unwrap_or_default();
        let values = filter.texts("values")?.unwrap_or_default();
        filters.insert(name, values.into());
        filter.finish();
    }
    let refresh_ms = section.duration_ms("refresh_interval")?.unwrap_or(60_000).max(1_000);
    let config = DockerConfig {
        job: job.to_owned(),
        host,
        endpoint,
        refresh: Duration::from_millis(refresh_ms.unsigned_abs()),
        filters: serde_json::Value::from(filters).to_string(),
        host_networking_host: section.text("host_networking_host")?.unwrap_or_else(|| "localhost".to_owned()),
        relabel: relabel.into(),
    };
    section.ignored(
        &["match_first_network"],
        "a container is one source: the labels are those of its first network",
    );
    let unused = [
        "basic_auth",
        "authorization",
        "oauth2",
        "proxy_url",
        "tls_config",
        "follow_redirects",
        "enable_http2",
    ];
    section.ignored(&unused, "a daemon is asked over its socket");
    section.finish();
    Ok(config)
}

/// A container that is followed.
struct Followed {
    stopped: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

/// Starts the thread that finds containers, and one for each that it finds.
pub(crate) fn start(config: DockerConfig, context: Context) -> std::io::Result<()> {
    let find = move || {
        let mut followed: HashMap<String, Followed> = HashMap::new();
        let places: Places = Places::default();
        while !context.is_stopped() {
            match discovery::containers(&config.endpoint, &config.filters, &config.host_networking_host) {
                Ok(found) => {
                    context.works();
                    update(&config, &context, &places, &mut followed, found);
                }
                Err(error) => context.failed(format!("{}: {error}", config.host)),
            }
            if !context.pause(config.refresh) {
                break;
            }
        }
        followed.values().for_each(|one| one.stopped.store(true, Ordering::Relaxed));
    };
    std::thread::Builder::new().name("docker".to_owned()).spawn(find).map(drop)
}

/// Where each container was read to in this run, so that one that comes back goes on there.
type Places = Arc<parking_lot::Mutex<HashMap<String, Position>>>;

fn update(
    config: &DockerConfig,
    context: &Context,
    places: &Places,
    followed: &mut HashMap<String, Followed>,
    found: Vec<Container>,
) {
    followed.retain(|id, one| {
        if !found.iter().any(|container| container.id == *id) {
            one.stopped.store(true, Ordering::Relaxed);
        }
        !one.ended.load(Ordering::Relaxed)
    });
    let mut parts = Vec::new();
    for container in found {
        let refused = followed.len() >= MAX_CONTAINERS && !followed.contains_key(&container.id);
        let why =
            if refused { format!("not read: more than {MAX_CONTAINERS} containers") } else { String::new() };
        // What rules drop is not read at all.
        if ["stdout", "stderr"]
            .iter()
            .all(|stream| container.line_labels(&config.job, stream, &config.relabel).is_none())
        {
            continue;
        }
        parts.push((container.name.clone(), why));
        if refused || followed.contains_key(&container.id) {
            continue;
        }
        let one = Followed { stopped: Arc::default(), ended: Arc::default() };
        let (id, name) = (container.id.clone(), container.name.clone());
        let last = places.lock().get(&id).cloned().or_else(|| context.resume.get(&id).cloned());
        let follower = Follower {
            config: config.clone(),
            context: context.clone(),
            container,
            stopped: one.stopped.clone(),
            last,
        };
        let (ended, places) = (one.ended.clone(), places.clone());
        let run = move || {
            let id = follower.container.id.clone();
            if let Some(last) = follower.run() {
                places.lock().insert(id, last);
            }
            ended.store(true, Ordering::Relaxed);
        };
        if let Err(error) = std::thread::Builder::new().name("docker-log".to_owned()).spawn(run) {
            context.failed(format!("{name}: {error}"));
            continue;
        }
        followed.insert(id, one);
    }
    context.state.lock().parts = parts;
}

/// Follows one container.
struct Follower {
    config: DockerConfig,
    context: Context,
    container: Container,
    stopped: Arc<AtomicBool>,
    last: Option<Position>,
}

impl Follower {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.context.is_stopped()
    }

    /// Follows until the container is gone; where it stopped.
    fn run(mut self) -> Option<Position> {
        loop {
            let why = match self.follow() {
                Ok(true) => String::new(),
                Ok(false) => return self.last,
                Err(error) => error.to_string(),
            };
            let name = &self.container.name;
            if let Some(part) = self.context.state.lock().parts.iter_mut().find(|(part, _)| part == name) {
                part.1 = why;
            }
            if !self.context.pause(RETRY) || self.is_stopped() {
                return self.last;
            }
        }
    }

    /// Reads until the daemon ends the stream; false if nobody wants more.
    fn follow(&mut self) -> std::io::Result<bool> {
        let since = self.last.as_ref().map_or_else(
            || "0".to_owned(),
            |last| format!("{}.{:09}", last.time / 1_000_000_000, last.time % 1_000_000_000),
        );
        let id = &self.container.id;
        let path = format!("/containers/{id}/logs?follow=1&stdout=1&stderr=1&timestamps=1&since={since}");
        let mut response = self.config.endpoint.get(&path)?;
        if response.status != 200 {
            let mut why = String::new();
            // The reason is a help, no more.
            let _ = response.body.take(1_000).read_to_string(&mut why);
            return Err(std::io::Error::other(format!(
                "the daemon answers {}: {}",
                response.status,
                why.trim()
            )));
        }
        let mut frames = Frames::new(self.container.tty);
        let mut buffer = vec![0; 64 << 10];
        let mut skip = self.last.clone();
        loop {
            match response.body.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    frames.push(&buffer[..n])?;
                    while let Some((stream, line)) = frames.next_line() {
                        if !self.give(stream, line, &mut skip) {
                            return Ok(false);
                        }
                    }
                }
                Err(error) if is_timeout(&error) => {
                    if self.is_stopped() {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        // What a container wrote last need not end its line.
        for (stream, line) in frames.rest() {
            if !self.give(stream, line, &mut skip) {
                return Ok(false);
            }
        }
        Ok(!self.is_stopped())
    }

    /// Hands a line on, unless an earlier run did; false if nobody receives.
    fn give(&mut self, stream: &'static str, line: Vec<u8>, skip: &mut Option<Position>) -> bool {
        let line = Bytes::from(line);
        let (t_ns, text) = split_time(&line);
        let hash = XxHash3_64::oneshot(&line);
        if let (Some(last), Some(t_ns)) = (skip.as_ref(), t_ns) {
            let is_last = t_ns as u64 == last.time && hash == last.hash;
            if t_ns as u64 <= last.time {
                if is_last {
                    *skip = None;
                }
                return true;
            }
            *skip = None;
        }
        let position = t_ns.map(|t_ns| Position {
            part: Arc::from(self.container.id.as_str()),
            time: t_ns as u64,
            hash,
        });
        if position.is_some() {
            self.last.clone_from(&position);
        }
        let Some(labels) = self.container.line_labels(&self.config.job, stream, &self.config.relabel) else {
            return true;
        };
        self.context.out.send(Incoming { line: text, t_ns, labels, position })
    }
}

/// The time before a line, which the API writes, and the line.
fn split_time(line: &Bytes) -> (Option<i64>, Bytes) {
    let Some(at) = memchr::memchr(b' ', line) else { return (None, line.clone()) };
    let time = std::str::from_utf8(&line[..at]).ok().and_then(parse_time);
    match time {
        Some(t_ns) => (Some(t_ns), line.slice(at + 1..)),
        None => (None, line.clone()),
    }
}

fn parse_time(text: &str) -> Option<i64> {
    thread_local! {
        static LAYOUT: Option<Layout> = Layout::named("RFC3339Nano").ok();
    }
    LAYOUT.with(|layout| layout.as_ref()?.parse(text, None, 0).ok()).filter(|t_ns| *t_ns >= 0)
}

impl Container {
    /// The labels of its lines; `None` if a rule drops them.
    fn line_labels(&self, job: &str, stream: &str, relabel: &[Rule]) -> Option<model::Labels> {
        let mut labels = LabelsBuilder::default();
        labels.set(model::JOB, job);
        for (name, value) in &self.labels {
            labels.set(name.as_str(), value.as_str());
        }
        labels.set("__meta_docker_container_log_stream", stream);
        line_labels(labels, relabel)
    }
}
