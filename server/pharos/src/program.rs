//! The program as its HTTP edge sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Home, Notice, Program, TailFile, TailStatus, TargetStatus};
use arc_swap::ArcSwap;
use collect::config::ScrapeConfig;
use collect::tail::Tailer;
use collect::{CollectStatus, Collector, Gatherer};
use metric_store::MetricStore;
use model::{Clock, Labels, Selector, SystemClock};
use parking_lot::Mutex;
use storage::DataFolder;
use wire::exposition::Page;

use crate::boards::Boards;
use crate::config::Config;
use crate::found::Programs;
use crate::inputs::Inputs;

/// State that handlers ask about.
pub(crate) struct Running {
    pub(crate) config: Config,
    pub(crate) version: &'static str,
    pub(crate) hostname: String,
    pub(crate) started_ms: i64,
    pub(crate) folder: Arc<DataFolder>,
    pub(crate) boards: Arc<Boards>,
    pub(crate) metrics: Arc<MetricStore>,
    pub(crate) collector: Arc<Collector>,
    /// `None` once it is stopped.
    pub(crate) tailer: Mutex<Option<Tailer>>,
    pub(crate) own_metrics: Arc<dyn Gatherer>,
    /// Programs on this machine; `None` where nobody looks.
    pub(crate) programs: Option<Arc<Programs>>,
    /// The jobs of the configuration.
    pub(crate) scrape_configs: ArcSwap<Vec<ScrapeConfig>>,
    /// Held by the one change of jobs that runs.
    pub(crate) applying: tokio::sync::Mutex<()>,
    /// What answers in an exporter's place, by the name in its URL.
    pub(crate) exporters: Vec<(&'static str, Arc<dyn Gatherer>)>,
    pub(crate) notices: ArcSwap<Vec<Notice>>,
    /// The `prometheus.yml` in use, its secrets left out.
    pub(crate) config_yaml: ArcSwap<String>,
    /// How metrics that are pushed over OTLP become series.
    pub(crate) otlp: ArcSwap<wire::otlp::metrics::Options>,
    /// Held by the one reload that runs.
    pub(crate) reloading: Mutex<()>,
    pub(crate) runtime: tokio::runtime::Handle,
    /// Told when somebody asks the server to stop.
    pub(crate) quit: tokio::sync::Notify,
    /// True once it stops.
    pub(crate) stopping: tokio::sync::watch::Sender<bool>,
    /// Why data cannot be written, if so.
    pub(crate) health: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
}

impl Running {
    fn collect_status(&self) -> CollectStatus {
        self.collector.status()
    }

    fn tails(&self) -> Vec<TailStatus> {
        let status = self.tailer.lock().as_ref().map(|tailer| tailer.status());
        let mut tails: Vec<TailStatus> =
            status.iter().flat_map(|status| status.targets.iter().map(tail)).collect();
        // Why nothing is stored concerns every source.
        if let Some(why) = status.map(|status| status.sink_error.clone()).filter(|why| !why.is_empty()) {
            tails.iter_mut().for_each(|tail| tail.hint = format!("reading holds: {why}"));
        }
        tails
    }

    /// Ports of this machine that jobs of the configuration scrape, with the job.
    pub(crate) fn scraped_ports(&self) -> BTreeMap<u16, String> {
        let configured = self.scrape_configs.load();
        let written = configured.iter().flat_map(|config| {
            let addresses = config.static_groups.iter().flat_map(|group| &group.targets);
            addresses.map(|address| (address.clone(), config.job_name.clone()))
        });
        let of_configuration = |job: &str| configured.iter().any(|config| config.job_name == job);
        let running = self.collect_status().targets.into_iter().filter_map(|target| {
            let address = target.url.split_once("://")?.1.split(['/', '?']).next()?.to_owned();
            of_configuration(&target.job_name).then_some((address, target.job_name))
        });
        let here = |host: &str| {
            host == "localhost"
                || host == self.hostname
                || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        };
        let port = |(address, job): (String, String)| {
            let (host, port) = address.rsplit_once(':')?;
            here(host.trim_matches(['[', ']'])).then_some((port.parse().ok()?, job))
        };
        written.chain(running).filter_map(port).collect()
    }

    /// Collects what the configuration and what was found ask for.
    pub(crate) async fn apply_jobs(&self) {
        let _one = self.applying.lock().await;
        let configured = (**self.scrape_configs.load()).clone();
        let Some(programs) = &self.programs else { return self.collector.reload(configured).await };
        let scraped = self.scraped_ports();
        let found = programs.jobs(&scraped, &configured);
        self.collector.reload(configured.into_iter().chain(found).collect()).await;
        self.collector.set_extra(programs.in_process(&scraped)).await;
    }

    fn discovery_notices(&self) -> impl Iterator<Item = Notice> {
        self.collect_status().discovery_errors.into_iter().map(|error| Notice {
            level: "warn".into(),
            source: format!("job {}", error.job_name),
            message: format!("{}: {}", error.origin, error.error),
        })
    }
}

impl Program for Running {
    fn ready(&self) -> Result<(), String> {
        (self.health)()
    }

    fn reload(&self) -> Result<(), String> {
        let _one = self.reloading.lock();
        let inputs = Inputs::read(&self.config);
        inputs.log_notices();
        if let Some(failure) = inputs.failure() {
            return Err(format!("{}: {}", failure.source, failure.message));
        }
        let Inputs { scrape_configs, tail, otlp, notices, config_yaml } = inputs;
        self.scrape_configs.store(Arc::new(scrape_configs));
        self.runtime.block_on(self.apply_jobs());
        if let Some(tailer) = self.tailer.lock().as_ref() {
            tailer.reload(tail);
        }
        self.otlp.store(Arc::new(otlp));
        self.notices.store(Arc::new(notices));
        self.config_yaml.store(Arc::new(config_yaml));
        Ok(())
    }

    fn watch_found(&self, id: &str, watch: bool) -> Result<(), String> {
        let programs = self.programs.as_ref().ok_or("discover is off")?;
        programs.decide(id, watch)?;
        self.runtime.block_on(self.apply_jobs());
        Ok(())
    }

    fn otlp_options(&self) -> Arc<wire::otlp::metrics::Options> {
        self.otlp.load_full()
    }

    fn import_dashboard(&self, uid: &str, bytes: &[u8]) -> Result<(), String> {
        self.boards.import(uid, bytes)
    }

    fn is_imported(&self, source: &str, uid: &str) -> bool {
        std::path::Path::new(source) == self.boards.imported(uid)
    }

    fn delete_series(&self, selectors: &[Selector], start_ms: i64, end_ms: i64) -> model::Result<()> {
        Ok(self.metrics.delete(selectors, start_ms, end_ms)?)
    }

    fn blocks(&self) -> Vec<api::Block> {
        let block = |info: metric_store::PartitionInfo| api::Block {
            name: info.path,
            first_ms: info.first_ms,
            last_ms: info.last_ms,
            series: info.series,
            samples: info.samples,
            bytes: info.bytes,
            merged: info.merged,
        };
        self.metrics.partitions().into_iter().map(block).collect()
    }

    fn clean_tombstones(&self) -> model::Result<()> {
        Ok(self.metrics.clean_tombstones()?)
    }

    fn snapshot(&self) -> model::Result<String> {
        crate::snapshot::take(&self.metrics, self.folder.path(), SystemClock.now_ms())
    }

    fn home(&self) -> Home {
        let space = self.folder.space().ok();
        // What is ignored on purpose is in the log and in `pharos check`; a page is for what needs a hand.
        let mut notices: Vec<Notice> =
            self.notices.load().iter().filter(|notice| notice.level != "info").cloned().collect();
        notices.extend(self.discovery_notices());
        Home {
            version: self.version.to_owned(),
            started_ms: self.started_ms,
            now_ms: SystemClock.now_ms(),
            hostname: self.hostname.clone(),
            collecting: self.config.collect,
            disk: api::Disk {
                data_dir: std::path::absolute(&self.config.data).unwrap_or_default().display().to_string(),
                free_bytes: space.map_or(0, |space| space.free_bytes),
                total_bytes: space.map_or(0, |space| space.total_bytes),
            },
            tails: self.tails(),
            found: self.programs.as_ref().map_or_else(Vec::new, |found| found.list(&self.scraped_ports())),
            notices,
            ..Home::default()
        }
    }

    fn targets(&self) -> Vec<TargetStatus> {
        self.collect_status().targets.into_iter().map(target).collect()
    }

    fn dropped_targets(&self) -> Vec<Vec<(String, String)>> {
        let pairs = |labels: &Labels| labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        self.collect_status().dropped.iter().map(|dropped| pairs(&dropped.discovered_labels)).collect()
    }

    fn scrape_pools(&self) -> Vec<String> {
        self.collector.job_names()
    }

    fn relabel_steps(&self, pool: &str, labels: &Labels) -> Option<Vec<collect::relabel::Step>> {
        self.collector.relabel_steps(pool, labels)
    }

    fn quit(&self) {
        self.quit.notify_one();
    }

    fn stopping(&self) -> tokio::sync::watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    fn config_yaml(&self) -> String {
        (**self.config_yaml.load()).clone()
    }

    fn flags(&self) -> Vec<(String, String)> {
        self.config.shown.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn metrics_page(&self) -> String {
        let mut page = Page::default();
        self.own_metrics.gather(&mut page);
        page.into_string()
    }

    fn exporter_page(&self, name: &str) -> Option<String> {
        let (_, gatherer) = self.exporters.iter().find(|(known, _)| *known == name)?;
        let mut page = Page::default();
        gatherer.gather(&mut page);
        Some(page.into_string())
    }

    fn version(&self) -> &'static str {
        self.version
    }
}

fn target(target: collect::TargetStatus) -> TargetStatus {
    let map = |labels: &Labels| {
        labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect::<BTreeMap<_, _>>()
    };
    TargetStatus {
        instance: target.labels.value(model::INSTANCE).to_owned(),
        labels: map(&target.labels),
        discovered_labels: map(&target.discovered_labels),
        job: target.job_name,
        url: target.url,
        health: target.health.as_str().to_owned(),
        last_error: target.last_error,
        last_scrape_ms: target.last_scrape_ms.unwrap_or(0),
        duration_ms: target.last_duration_seconds * 1e3,
        interval_ms: target.interval_ms,
        timeout_ms: target.timeout_ms,
        samples: target.samples,
    }
}

fn tail(target: &collect::tail::TailTargetStatus) -> TailStatus {
    let file = |file: &collect::tail::TailFileStatus| TailFile {
        path: file.path.clone(),
        size: file.size,
        offset: file.offset,
        lines: file.lines,
        last_line_ms: file.last_line_ms.unwrap_or(0),
        last_error: file.last_error.clone(),
    };
    let failures = target.stage_failures.iter().map(|failure| {
        format!(
            "stage {} failed on {} lines, the last time: {}",
            failure.stage, failure.count, failure.last_error
        )
    });
    let error = (target.last_error != target.hint).then(|| target.last_error.clone());
    let hints = error.into_iter().chain([target.hint.clone()]).filter(|text| !text.is_empty());
    TailStatus {
        job: target.job.clone(),
        path: target.path.clone(),
        state: target.state.as_str().to_owned(),
        hint: hints.chain(failures).collect::<Vec<_>>().join("; "),
        files: target.files.iter().map(file).collect(),
        files_total: target.files_total,
        lines: target.lines,
        lines_per_second: target.lines_per_second,
        lag_bytes: target.lag_bytes,
        dropped_lines: target.dropped_lines,
        last_line_ms: target.last_line_ms.unwrap_or(0),
    }
}
