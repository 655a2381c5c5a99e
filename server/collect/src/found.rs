//! Programs on this host that have metrics, found by themselves: whoever listens on a known port or under a known
//! name is asked over loopback, and told by its answer. No other machine is ever asked.

mod kinds;
mod listening;
mod ollama;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

pub use kinds::Kind;
pub use ollama::Ollama;

use crate::config::{HttpConfig, Limits, Protocols, ScrapeConfig, TargetGroup};
use crate::http_client::{Client, Request};
use crate::{Error, Result};
use kinds::KINDS;

/// A program that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: &'static Kind,
    /// Where it answers.
    pub address: SocketAddr,
    /// Its process; none where this program may not see it.
    pub pid: Option<u32>,
    /// Its command line, as far as it can be seen.
    pub command: String,
}

impl Found {
    /// What it is known by: `vllm@127.0.0.1:8000`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.kind.name, self.address)
    }
}

/// Time from scrape to scrape of a program that was found, ms.
const INTERVAL_MS: i64 = 5_000;

/// The job that scrapes programs of one kind.
pub fn scrape_config(job_name: String, kind: &Kind, addresses: Vec<SocketAddr>) -> ScrapeConfig {
    let targets = addresses.iter().map(SocketAddr::to_string).collect();
    ScrapeConfig {
        job_name,
        honor_labels: false,
        honor_timestamps: true,
        track_timestamps_staleness: false,
        params: Vec::new(),
        interval_ms: INTERVAL_MS,
        timeout_ms: INTERVAL_MS,
        metrics_path: kind.path.to_owned(),
        scheme: "http".to_owned(),
        http: HttpConfig { enable_http2: false, ..HttpConfig::default() },
        protocols: Protocols::default(),
        limits: Limits::default(),
        keep_dropped_targets: 0,
        relabel: Vec::new(),
        metric_relabel: Vec::new(),
        static_groups: vec![TargetGroup { targets, labels: Vec::new() }],
        file_sd: Vec::new(),
        http_sd: Vec::new(),
        polled: Vec::new(),
    }
}

/// Looks for programs. Each look costs as little as reading `/proc/net/tcp` where nothing changed.
pub struct Finder {
    procfs: PathBuf,
    client: Client,
    /// Ports that are this program's own.
    own_ports: HashSet<u16>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Who is behind a socket, once that was looked up.
    owners: HashMap<u64, Option<(u32, String)>>,
    /// Sockets that answered otherwise, and how many looks to leave them alone.
    strangers: HashMap<u64, u32>,
    found: BTreeMap<u16, (u64, Found)>,
}

/// Looks that a stranger is left alone; one that bears a known name is asked each time, as it may still be starting.
const LEAVE_ALONE: u32 = 20;
/// How long an answer may take, ms.
const PATIENCE_MS: i64 = 1_000;
/// The most of an answer that is read, bytes.
const MOST_BYTES: u64 = 4 << 20;
/// The most sockets that are looked at.
const MOST_SOCKETS: usize = 1_000;

impl Finder {
    /// A finder that reads `procfs` and leaves this program's own ports alone.
    pub fn new(procfs: &Path, own_ports: impl IntoIterator<Item = u16>) -> Result<Finder> {
        let http = HttpConfig { proxy_url: None, proxy_from_environment: false, ..HttpConfig::default() };
        Ok(Finder {
            procfs: procfs.to_owned(),
            client: Client::new(&http)?,
            own_ports: own_ports.into_iter().collect(),
            state: Mutex::default(),
        })
    }

    /// Looks once; all that is there, by port.
    pub async fn look(&self) -> Vec<Found> {
        let procfs = self.procfs.clone();
        let mut sockets =
            tokio::task::spawn_blocking(move || listening::listening(&procfs)).await.unwrap_or_default();
        sockets.retain(|socket| !self.own_ports.contains(&socket.address.port()));
        sockets.truncate(MOST_SOCKETS);
        self.learn_owners(&sockets).await;
        let candidates = self.candidates(&sockets);
        for (socket, kinds, owner) in candidates {
            let found = self.ask(socket.address, &kinds).await;
            let mut state = self.state.lock();
            match found {
                Some(kind) => {
                    let (pid, command) = owner.map_or((None, String::new()), |(pid, line)| (Some(pid), line));
                    let found = Found { kind, address: socket.address, pid, command };
                    state.found.insert(socket.address.port(), (socket.inode, found));
                }
                None => {
                    let named =
                        owner.is_some_and(|(_, line)| KINDS.iter().any(|kind| kind.is_command(&line)));
                    state.strangers.insert(socket.inode, if named { 0 } else { LEAVE_ALONE });
                }
            }
        }
        self.state.lock().found.values().map(|(_, found)| found.clone()).collect()
    }

    /// Asks an Ollama which models it has loaded.
    ///
    /// # Errors
    ///
    /// It does not answer, or not as Ollama does.
    pub async fn ollama(&self, address: SocketAddr) -> std::result::Result<Ollama, String> {
        let body = self.get(&format!("http://{address}/api/ps")).await.map_err(|e| e.to_string())?;
        Ollama::read(&body)
    }

    async fn learn_owners(&self, sockets: &[listening::Listening]) {
        let here: HashSet<u64> = sockets.iter().map(|socket| socket.inode).collect();
        let unknown: HashSet<u64> = {
            let mut state = self.state.lock();
            state.owners.retain(|inode, _| here.contains(inode));
            state.strangers.retain(|inode, _| here.contains(inode));
            state.found.retain(|_, (inode, _)| here.contains(inode));
            here.iter().copied().filter(|inode| !state.owners.contains_key(inode)).collect()
        };
        let (procfs, asked) = (self.procfs.clone(), unknown.clone());
        let mut owners =
            tokio::task::spawn_blocking(move || listening::owners(&procfs, &asked)).await.unwrap_or_default();
        let mut state = self.state.lock();
        for inode in unknown {
            state.owners.insert(inode, owners.remove(&inode));
        }
    }

    /// Sockets worth asking now, with the kinds that they may be.
    #[allow(clippy::type_complexity)]
    fn candidates(
        &self,
        sockets: &[listening::Listening],
    ) -> Vec<(listening::Listening, Vec<&'static Kind>, Option<(u32, String)>)> {
        let mut state = self.state.lock();
        let mut candidates = Vec::new();
        for socket in sockets {
            let port = socket.address.port();
            if state.found.get(&port).is_some_and(|(inode, _)| *inode == socket.inode) {
                continue;
            }
            if let Some(looks) = state.strangers.get_mut(&socket.inode)
                && *looks > 0
            {
                *looks -= 1;
                continue;
            }
            let owner = state.owners.get(&socket.inode).cloned().flatten();
            let command = owner.as_ref().map_or("", |(_, command)| command.as_str());
            let kinds: Vec<&'static Kind> = KINDS.iter().filter(|kind| kind.may_be(port, command)).collect();
            if !kinds.is_empty() {
                candidates.push((socket.clone(), kinds, owner));
            }
        }
        candidates
    }

    /// What answers there, if it is known.
    async fn ask(&self, address: SocketAddr, kinds: &[&'static Kind]) -> Option<&'static Kind> {
        let metrics = kinds.iter().any(|kind| kind.path == "/metrics");
        if metrics
            && let Ok(body) = self.get(&format!("http://{address}/metrics")).await
            && let Some(kind) = Kind::of_answer(&body)
        {
            return Some(kind);
        }
        for kind in kinds.iter().filter(|kind| kind.path != "/metrics") {
            if let Ok(body) = self.get(&format!("http://{address}{}", kind.path)).await
                && kind.is_answer(&body)
            {
                return Some(kind);
            }
        }
        None
    }

    async fn get(&self, url: &str) -> Result<String> {
        let request = Request {
            url,
            accept: "text/plain;version=0.0.4,application/json;q=0.5",
            compressed: false,
            timeout_ms: PATIENCE_MS,
            body_bytes: MOST_BYTES,
            header: None,
        };
        let answer = self.client.get(request).await?;
        String::from_utf8(answer.body).map_err(|_| Error::Fetch("the answer is not text".into()))
    }
}
