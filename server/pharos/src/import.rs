//! `pharos import`: samples with their times out of OpenMetrics files, sent to a server or put into a data folder.

mod pages;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indexmap::IndexMap;
use model::{BatchSeries, Labels, Metadata, MetricBatch, Sample};

use self::pages::{Page, Pages};
use crate::cli::ImportArgs;
use crate::query::{OwnServer, client};

/// Samples of one request.
const SAMPLES_EACH: usize = 50_000;
/// Tries of a request that the server cannot take now.
const MAX_TRIES: u32 = 60;
/// The pause between them.
const PAUSE: Duration = Duration::from_millis(500);
/// How often the bar is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// Imports all files.
pub(crate) fn run(args: &ImportArgs) -> Result<ExitCode> {
    let own = args.data.as_deref().map(|folder| OwnServer::start_in(folder, true)).transpose()?;
    let server = own.as_ref().map_or(args.url.as_str(), |own| &own.url);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut sender = Sender {
        client: client()?,
        url: format!("{}/api/v1/write", server.trim_end_matches('/')),
        password: args.password.clone(),
        sent: 0,
        refused: Vec::new(),
    };
    for file in &args.files {
        runtime.block_on(import(file, args, &mut sender)).with_context(|| file.display().to_string())?;
    }
    println!("{} samples imported", sender.sent);
    for refused in &sender.refused {
        eprintln!("pharos: {refused}");
    }
    Ok(if sender.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Sender {
    client: reqwest::Client,
    url: String,
    password: Option<String>,
    /// Samples that the server took.
    sent: u64,
    /// What it refused, and why; the first few.
    refused: Vec<String>,
}

async fn import(path: &Path, args: &ImportArgs, sender: &mut Sender) -> Result<()> {
    let mut pages = Pages::open(path, args.text)?;
    let mut bar = Bar::new(path, pages.total_bytes());
    let mut pending = Pending::default();
    while let Some(page) = pages.next_page()? {
        pending.read(&page)?;
        while let Some(batch) = pending.take(SAMPLES_EACH) {
            sender.send(&batch).await?;
        }
        bar.draw(pages.read_bytes(), sender.sent, false);
    }
    if let Some(batch) = pending.take(1) {
        sender.send(&batch).await?;
    }
    bar.draw(pages.read_bytes(), sender.sent, true);
    Ok(())
}

/// Samples that were read and not sent yet, by series.
#[derive(Default)]
struct Pending {
    series: IndexMap<Labels, Vec<Sample>>,
    metadata: Vec<Metadata>,
    samples: usize,
    /// Labels of series texts that were read before.
    known: std::collections::HashMap<String, Labels>,
}

/// Series texts that are remembered.
const MAX_KNOWN: usize = 500_000;

impl Pending {
    fn read(&mut self, page: &Page) -> Result<()> {
        use wire::exposition::Item;
        for item in page.parser()? {
            match item.map_err(|error| page.place(error))? {
                Item::Sample(point) => {
                    let Some(t_ms) = point.timestamp_ms else {
                        bail!(
                            "line {}: the sample has no timestamp, so it belongs nowhere: {}",
                            page.first_line + point.line(),
                            point.series
                        );
                    };
                    let labels = match self.known.get(point.series) {
                        Some(labels) => labels.clone(),
                        None => {
                            let labels = point.labels().map_err(|error| page.place(error))?;
                            if self.known.len() >= MAX_KNOWN {
                                self.known.clear();
                            }
                            self.known.insert(point.series.to_owned(), labels.clone());
                            labels
                        }
                    };
                    self.series.entry(labels).or_default().push(Sample { t_ms, value: point.value });
                    self.samples += 1;
                }
                Item::Help { family, text } => self.about(&family).help = text.into_owned(),
                Item::Type { family, kind } => self.about(&family).kind = kind,
                Item::Unit { family, unit } => unit.clone_into(&mut self.about(&family).unit),
            }
        }
        Ok(())
    }

    fn about(&mut self, family: &str) -> &mut Metadata {
        if self.metadata.last().is_none_or(|last| last.family != family) {
            self.metadata.push(Metadata { family: family.to_owned(), ..Metadata::default() });
        }
        self.metadata.last_mut().expect("one was pushed")
    }

    /// What there is, if there are `least` samples at least.
    fn take(&mut self, least: usize) -> Option<MetricBatch> {
        if self.samples < least {
            return None;
        }
        self.samples = 0;
        let metadata = std::mem::take(&mut self.metadata);
        let mut batch = MetricBatch { metadata, ..MetricBatch::default() };
        for (labels, samples) in self.series.drain(..) {
            let (first, count) = (batch.samples.len() as u32, samples.len() as u32);
            batch.samples.extend(samples);
            batch.series.push(BatchSeries { labels, first, count, start_ms: 0 });
        }
        Some(batch)
    }
}

impl Sender {
    async fn send(&mut self, batch: &MetricBatch) -> Result<()> {
        let body = wire::remote_write::encode(batch);
        for tried in 1.. {
            let mut request = self.client.post(&self.url).body(body.clone());
            request = request.header("Content-Type", "application/x-protobuf");
            request = request.header("Content-Encoding", "snappy");
            if let Some(password) = &self.password {
                request = request.basic_auth("admin", Some(password));
            }
            let answer = request.send().await.with_context(|| format!("{} cannot be reached", self.url))?;
            let status = answer.status();
            if status.is_success() {
                self.sent += batch.samples.len() as u64;
                return Ok(());
            }
            let why = answer.text().await.unwrap_or_default();
            // 400: the server has kept the rest of the batch and says what it has not.
            if status == reqwest::StatusCode::BAD_REQUEST {
                let all = batch.samples.len() as u64;
                let lost = why.split(' ').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(all);
                self.sent += all.saturating_sub(lost);
                const MOST_SHOWN: usize = 20;
                if self.refused.len() < MOST_SHOWN {
                    self.refused.push(why);
                }
                return Ok(());
            }
            if !status.is_server_error() && status != reqwest::StatusCode::TOO_MANY_REQUESTS
                || tried >= MAX_TRIES
            {
                bail!("the server answers {status}: {}", why.trim());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

/// The progress of one file, drawn over itself on a terminal; nothing elsewhere.
struct Bar {
    name: String,
    total: u64,
    began: Instant,
    drawn: Option<Instant>,
    shown: bool,
}

impl Bar {
    fn new(path: &Path, total: u64) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Bar { name, total, began: Instant::now(), drawn: None, shown: std::io::stderr().is_terminal() }
    }

    fn draw(&mut self, done: u64, samples: u64, end: bool) {
        if !self.shown || (!end && self.drawn.is_some_and(|at| at.elapsed() < DRAW_EVERY)) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = line(&self.name, (done, self.total), samples, self.began.elapsed());
        let mut out = std::io::stderr().lock();
        // A terminal that is gone needs no bar.
        let _ = write!(out, "\r\x1b[K{line}{}", if end { "\n" } else { "" });
        let _ = out.flush();
    }
}

/// The bar as text.
fn line(name: &str, (done, total): (u64, u64), samples: u64, took: Duration) -> String {
    const WIDTH: u64 = 30;
    let filled = (done.min(total) * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let percent = (done.min(total) * 100).checked_div(total).unwrap_or(100);
    let bar: String = (0..WIDTH).map(|i| if i < filled { '█' } else { '░' }).collect();
    let rate = samples as f64 / took.as_secs_f64().max(0.001);
    format!("{name} {bar} {percent:>3} %  {samples} samples, {rate:.0} a second")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        assert_eq!(
            line("f", (5, 10), 100, Duration::from_secs(2)),
            format!("f {}{}  50 %  100 samples, 50 a second", "█".repeat(15), "░".repeat(15))
        );
        assert!(line("f", (0, 0), 0, Duration::ZERO).contains("100 %"));
    }

    #[test]
    fn samples_are_put_together_by_series() {
        let mut pending = Pending::default();
        let page =
            Page::new("# TYPE a counter\na_total{x=\"1\"} 1 1.5\nb 2 2\na_total{x=\"1\"} 3 4\n", 10, false);
        pending.read(&page).unwrap();
        assert!(pending.take(4).is_none());
        let batch = pending.take(3).unwrap();
        let all: Vec<_> =
            batch.series.iter().map(|s| (s.labels.to_string(), batch.samples_of(s).to_vec())).collect();
        let at = |t_ms, value| Sample { t_ms, value };
        assert_eq!(
            all,
            [
                (r#"{__name__="a_total", x="1"}"#.to_owned(), vec![at(1_500, 1.0), at(4_000, 3.0)]),
                (r#"{__name__="b"}"#.to_owned(), vec![at(2_000, 2.0)]),
            ]
        );
        assert_eq!(batch.metadata[0].family, "a");
        let bad = Page::new("a 1\n", 10, false);
        let error = pending.read(&bad).unwrap_err().to_string();
        assert!(error.starts_with("line 11: the sample has no timestamp"), "{error}");
        let bad = Page::new("a x 1\n", 10, false);
        let error = pending.read(&bad).unwrap_err().to_string();
        assert!(error.starts_with("line 11: "), "{error}");
    }
}
