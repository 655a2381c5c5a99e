//! Programs that were found on this machine: which of them are watched, and how that is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::FoundProgram;
use collect::config::ScrapeConfig;
use collect::found::{Finder, Found, Ollama, scrape_config};
use collect::{Gatherer, InProcess};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use wire::exposition::Page;

use crate::config::Discover;
use crate::hardware::{OWN_INTERVAL_MS, target};
use crate::program::Running;

/// How often this machine is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// The file of what was decided, in the data folder.
const FILE: &str = "found.json";
/// No metrics of its own: asked in this process.
const OLLAMA: &str = "ollama";

/// What was decided of programs that were found, by id.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Decided {
    #[serde(default)]
    watched: BTreeSet<String>,
    /// Not to be watched although all are.
    #[serde(default)]
    ignored: BTreeSet<String>,
}

/// Programs that were found.
pub(crate) struct Programs {
    finder: Finder,
    mode: Discover,
    file: PathBuf,
    hostname: String,
    state: Mutex<State>,
    ollama: Arc<OllamaPage>,
}

#[derive(Default)]
struct State {
    found: Vec<Found>,
    decided: Decided,
}

impl Programs {
    /// Reads what was decided before. A file that cannot be read is as none.
    pub(crate) fn new(finder: Finder, mode: Discover, data: &std::path::Path, hostname: &str) -> Programs {
        let file = data.join(FILE);
        let decided = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let state = Mutex::new(State { found: Vec::new(), decided: decided.unwrap_or_default() });
        Programs { finder, mode, file, hostname: hostname.to_owned(), state, ollama: Arc::default() }
    }

    fn is_watched(&self, decided: &Decided, id: &str) -> bool {
        match self.mode {
            Discover::Auto => !decided.ignored.contains(id),
            _ => decided.watched.contains(id),
        }
    }

    /// Decides whether a program is watched, durably.
    pub(crate) fn decide(&self, id: &str, watch: bool) -> Result<(), String> {
        let mut state = self.state.lock();
        if !state.found.iter().any(|found| found.id() == id) {
            return Err(format!("{id} is not here"));
        }
        let mut decided = state.decided.clone();
        if watch {
            decided.ignored.remove(id);
            decided.watched.insert(id.to_owned());
        } else {
            decided.watched.remove(id);
            decided.ignored.insert(id.to_owned());
        }
        let text = serde_json::to_vec_pretty(&decided).map_err(|e| e.to_string())?;
        let new = self.file.with_extension("json.new");
        std::fs::write(&new, text)
            .and_then(|()| std::fs::rename(&new, &self.file))
            .map_err(|e| format!("{}: {e}", self.file.display()))?;
        state.decided = decided;
        Ok(())
    }

    /// All that is here, for people. `scraped` are the addresses that jobs of the configuration scrape.
    pub(crate) fn list(&self, scraped: &BTreeMap<u16, String>) -> Vec<FoundProgram> {
        let state = self.state.lock();
        let program = |found: &Found| FoundProgram {
            id: found.id(),
            kind: found.kind.name.to_owned(),
            title: found.kind.title.to_owned(),
            address: found.address.to_string(),
            pid: found.pid.unwrap_or_default(),
            command: found.command.clone(),
            watched: self.is_watched(&state.decided, &found.id()),
            job: scraped.get(&found.address.port()).cloned().unwrap_or_default(),
        };
        state.found.iter().map(program).collect()
    }

    fn watched(&self, scraped: &BTreeMap<u16, String>) -> Vec<Found> {
        let state = self.state.lock();
        let wanted = |found: &&Found| {
            !scraped.contains_key(&found.address.port()) && self.is_watched(&state.decided, &found.id())
        };
        state.found.iter().filter(wanted).cloned().collect()
    }

    /// The jobs that scrape what is watched; none has a name that is in `taken`.
    pub(crate) fn jobs(&self, scraped: &BTreeMap<u16, String>, taken: &[ScrapeConfig]) -> Vec<ScrapeConfig> {
        let mut by_kind: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
        for found in self.watched(scraped).into_iter().filter(|found| found.kind.name != OLLAMA) {
            by_kind.entry(found.kind.name).or_default().push(found);
        }
        let job = |(name, all): (&str, Vec<Found>)| {
            let is_taken = taken.iter().any(|config| config.job_name == name);
            let name = if is_taken { format!("found/{name}") } else { name.to_owned() };
            let addresses: Vec<SocketAddr> = all.iter().map(|found| found.address).collect();
            scrape_config(name, all[0].kind, addresses)
        };
        by_kind.into_iter().map(job).collect()
    }

    /// What is asked in this process.
    pub(crate) fn in_process(&self, scraped: &BTreeMap<u16, String>) -> Vec<InProcess> {
        let any = self.watched(scraped).iter().any(|found| found.kind.name == OLLAMA);
        let gatherer: Arc<dyn Gatherer> = self.ollama.clone();
        any.then(|| target(&self.hostname, (OLLAMA, OWN_INTERVAL_MS), gatherer)).into_iter().collect()
    }

    async fn look(&self, scraped: &BTreeMap<u16, String>) {
        let found = self.finder.look().await;
        self.state.lock().found = found;
        let mut answers = Vec::new();
        for found in self.watched(scraped).iter().filter(|found| found.kind.name == OLLAMA) {
            answers.push((found.address, self.finder.ollama(found.address).await.ok()));
        }
        *self.ollama.0.lock() = answers;
    }
}

/// The last answers of each Ollama; `None`: it did not answer.
#[derive(Default)]
struct OllamaPage(Mutex<Vec<(SocketAddr, Option<Ollama>)>>);

impl Gatherer for OllamaPage {
    fn gather(&self, page: &mut Page) {
        let answers = self.0.lock();
        let help = "Whether an Ollama answers.";
        let mut family = page.family("ollama_up", model::MetricKind::Gauge, help);
        for (address, answer) in &*answers {
            let up = f64::from(u8::from(answer.is_some()));
            family.sample(&[("address", &address.to_string())], up);
        }
        Ollama::write_all(answers.iter().filter_map(|(a, answer)| Some((*a, answer.as_ref()?))), page);
    }
}

/// Looks at this machine until the program ends, and collects what is to be watched.
pub(crate) async fn keep_looking(running: Arc<Running>) {
    let Some(programs) = running.programs.clone() else { return };
    loop {
        programs.look(&running.scraped_ports()).await;
        running.apply_jobs().await;
        tokio::time::sleep(LOOK).await;
    }
}
