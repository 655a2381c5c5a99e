//! Scrapes one target on time.

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, MetricBatch, MetricSink, SeriesSource};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use wire::exposition::{Format, Page};

use super::page_reader::{Counts, PageFormat, PageReader, Scraped, add_reports, end_reports};
use super::seed;
use super::target::Target;
use crate::collector::Gatherer;
use crate::config::ScrapeConfig;
use crate::http_client::{Client, Request};
use crate::status::Health;
use crate::{Error, Result};

/// An error quotes the page: a label of megabytes must not become a message of megabytes.
const MOST_ERROR_BYTES: usize = 1_000;

/// What scrapes need of the program.
pub(crate) struct Parts {
    pub(crate) sink: Arc<dyn MetricSink>,
    pub(crate) source: Arc<dyn SeriesSource>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Pages that may be read at once: more only wait for the same cores and the same store.
    pub(crate) reading: Semaphore,
}

/// Where pages come from.
#[derive(Clone)]
pub(crate) enum Origin {
    Http(Client),
    /// Something in this process.
    Gatherer(Arc<dyn Gatherer>),
    /// No client can be made: why.
    Broken(String),
}

/// A new target is first asked within this time, ms, so that a new job shows soon; then at its place in the interval.
const FIRST_WITHIN_MS: i64 = 3_000;

/// How a loop is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Go on.
    Not,
    /// End; somebody else goes on, or this program after its restart.
    Handover,
    /// End, and mark the target's series stale.
    Gone,
}

/// What a loop knows, shared with status and with the loop that may follow it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) reader: Mutex<PageReader>,
    pub(crate) progress: Mutex<Progress>,
}

/// How the last scrape went.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) seeded: bool,
    pub(crate) health: Health,
    pub(crate) last_error: String,
    pub(crate) last_scrape_ms: Option<i64>,
    pub(crate) last_duration_seconds: f64,
    pub(crate) samples: u64,
}

/// One target's loop.
#[derive(Clone)]
pub(crate) struct TargetLoop {
    pub(crate) parts: Arc<Parts>,
    pub(crate) config: Arc<ScrapeConfig>,
    pub(crate) target: Arc<Target>,
    pub(crate) origin: Origin,
    pub(crate) state: Arc<State>,
    /// Why the whole job may not be scraped; empty if it may.
    pub(crate) refusal: Arc<Mutex<String>>,
}

impl TargetLoop {
    pub(crate) async fn run(self, mut stop: watch::Receiver<Stop>) {
        let mut schedule =
            Schedule::new(self.target.key(), self.target.interval_ms, self.parts.clock.now_ms());
        if matches!(self.origin, Origin::Gatherer(_)) {
            schedule.now();
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(schedule.at) => {}
                _ = stop.wait_for(|stop| *stop != Stop::Not) => break,
            }
            let t_ms = schedule.stamp(self.parts.clock.now_ms());
            let began = Instant::now();
            let page = tokio::select! {
                page = self.fetch() => page,
                _ = stop.wait_for(|stop| *stop != Stop::Not) => break,
            };
            self.keep(page, t_ms, began).await;
            schedule.advance(self.parts.clock.now_ms());
        }
        // A dropped sender is the end of the program: as at a handover, the series go on later.
        if stop.wait_for(|stop| *stop != Stop::Not).await.is_ok_and(|stop| *stop == Stop::Gone) {
            self.end().await;
        }
    }

    async fn fetch(&self) -> Result<(Vec<u8>, PageFormat)> {
        let refusal = self.refusal.lock().clone();
        if !refusal.is_empty() {
            return Err(Error::Limit(refusal));
        }
        match &self.origin {
            Origin::Broken(why) => Err(Error::Fetch(why.clone())),
            Origin::Http(client) => {
                let timeout = (self.target.timeout_ms as f64 / 1_000.0).to_string();
                let request = Request {
                    url: &self.target.url,
                    accept: &self.config.protocols.accept(),
                    compressed: self.config.protocols.compression,
                    timeout_ms: self.target.timeout_ms,
                    body_bytes: self.config.limits.body_bytes,
                    header: Some(("X-Prometheus-Scrape-Timeout-Seconds", &timeout)),
                };
                let answer = client.get(request).await?;
                let fallback = self.config.protocols.fallback;
                Ok((answer.body, PageFormat::of(&answer.content_type, fallback)))
            }
            Origin::Gatherer(gatherer) => {
                let gatherer = gatherer.clone();
                let gathered = tokio::task::spawn_blocking(move || {
                    let mut page = Page::default();
                    gatherer.gather(&mut page);
                    page.into_string().into_bytes()
                });
                let page = gathered.await.map_err(|_| Error::Fetch("gathering the metrics failed".into()))?;
                Ok((page, PageFormat::Lines(Format::Text)))
            }
        }
    }

    /// Reads a page and appends what it says, on a blocking thread.
    async fn keep(&self, page: Result<(Vec<u8>, PageFormat)>, t_ms: i64, began: Instant) {
        let _permit = self.parts.reading.acquire().await.expect("the semaphore is never closed");
        let this = self.clone();
        let kept = tokio::task::spawn_blocking(move || this.keep_now(page, t_ms, began));
        if kept.await.is_err() {
            tracing::error!(target = %self.target.labels, "reading a page failed");
        }
    }

    fn keep_now(&self, page: Result<(Vec<u8>, PageFormat)>, t_ms: i64, began: Instant) {
        let mut reader = self.state.reader.lock();
        let body_bytes = match &page {
            Ok((body, _)) => i64::try_from(body.len()).unwrap_or(i64::MAX),
            Err(Error::Limit(_)) => -1,
            Err(_) => 0,
        };
        self.seed_once(&mut reader, t_ms);
        let (mut batch, counts, outcome) = match page {
            Ok((body, format)) => reader.read((&body, format), &self.target, &self.config, t_ms),
            Err(error) => {
                let mut batch = MetricBatch::default();
                reader.end_all(t_ms, &mut batch);
                (batch, Counts::default(), Err(error))
            }
        };
        let duration_seconds = began.elapsed().as_secs_f64();
        add_reports(
            &mut batch,
            &self.target,
            &self.config,
            &Scraped { t_ms, duration_seconds, up: outcome.is_ok(), counts, body_bytes },
        );
        let stored = self.append(&batch);
        if stored.is_err() {
            reader.not_stored();
        }
        drop(reader);
        let health = if outcome.is_ok() { Health::Up } else { Health::Down };
        let error = outcome.err().map(|e| e.to_string()).or(stored.err()).unwrap_or_default();
        let error = model::shorten(&error, MOST_ERROR_BYTES).into_owned();
        let mut progress = self.state.progress.lock();
        if progress.last_error != error && !error.is_empty() {
            tracing::warn!(job = self.config.job_name, url = self.target.url, "scrape: {error}");
        } else if error.is_empty() && progress.health == Health::Down {
            tracing::info!(
                job = self.config.job_name,
                url = self.target.url,
                "scrape: the target answers again"
            );
        }
        progress.health = health;
        progress.last_error = error;
        progress.last_scrape_ms = Some(t_ms);
        progress.last_duration_seconds = duration_seconds;
        progress.samples = counts.scraped;
    }

    /// Once a target: the series that were live when this program last ran.
    fn seed_once(&self, reader: &mut PageReader, now_ms: i64) {
        if std::mem::replace(&mut self.state.progress.lock().seeded, true) {
            return;
        }
        match seed::live_series(&*self.parts.source, &self.target.labels, now_ms) {
            Ok(series) => reader.seed(series),
            Err(error) => {
                tracing::debug!(target = %self.target.labels, "earlier series are not known: {error}")
            }
        }
    }

    /// Appends without waiting for the commit: a scrape that is lost with the machine cannot be had again anyway.
    fn append(&self, batch: &MetricBatch) -> Result<(), String> {
        let appended = self.parts.sink.append(batch).map_err(|e| Error::Store(e).to_string())?;
        match appended.rejected.first() {
            None => Ok(()),
            Some(first) => {
                let count: u64 = appended.rejected.iter().map(|row| row.count).sum();
                Err(format!("{count} samples were not kept: {}: {}", first.labels, first.reason))
            }
        }
    }

    /// Marks everything stale.
    pub(crate) async fn end(&self) {
        let _permit = self.parts.reading.acquire().await.expect("the semaphore is never closed");
        let this = self.clone();
        let t_ms = self.parts.clock.now_ms();
        let ended = tokio::task::spawn_blocking(move || {
            let mut batch = MetricBatch::default();
            this.state.reader.lock().end_all(t_ms, &mut batch);
            if this.state.progress.lock().last_scrape_ms.is_some() {
                end_reports(&mut batch, &this.target, &this.config, t_ms);
            }
            if !batch.is_empty()
                && let Err(error) = this.append(&batch)
            {
                tracing::warn!(target = %this.target.labels, "stale markers: {error}");
            }
        });
        // The task only panics if the sink does, which has said so.
        let _ = ended.await;
    }
}

/// When scrapes are due. Times of samples follow the schedule where the clock nearly does: regular times cost no
/// bytes.
struct Schedule {
    at: Instant,
    /// The time of day of `at`, ms.
    at_ms: i64,
    interval_ms: i64,
    /// This target's place in the interval, ms.
    offset_ms: i64,
}

impl Schedule {
    fn new(key: u64, interval_ms: i64, now_ms: i64) -> Self {
        let wait_ms = (key % FIRST_WITHIN_MS.min(interval_ms) as u64) as i64;
        let offset_ms = (key % interval_ms as u64) as i64;
        let at = Instant::now() + Duration::from_millis(wait_ms as u64);
        Schedule { at, at_ms: now_ms + wait_ms, interval_ms, offset_ms }
    }

    /// Makes the first scrape due now, and this moment the place in the interval.
    fn now(&mut self) {
        let wait = self.at.saturating_duration_since(Instant::now());
        self.at -= wait;
        self.at_ms -= wait.as_millis() as i64;
        self.offset_ms = self.at_ms.rem_euclid(self.interval_ms);
    }

    /// The time of a scrape that begins at `now_ms`.
    fn stamp(&self, now_ms: i64) -> i64 {
        let tolerance_ms = (self.interval_ms / 100).clamp(1, 10);
        if (now_ms - self.at_ms).abs() <= tolerance_ms { self.at_ms } else { now_ms }
    }

    /// Moves on to the next place in the interval, at least half an interval after the scrape that was.
    fn advance(&mut self, now_ms: i64) {
        let earliest = now_ms.max(self.at_ms + self.interval_ms / 2);
        let next_ms = earliest + 1 + (self.offset_ms - earliest - 1).rem_euclid(self.interval_ms);
        // A clock that was set back must not silence the target.
        let wait_ms = (next_ms - now_ms).clamp(0, 2 * self.interval_ms);
        self.at = Instant::now() + Duration::from_millis(wait_ms as u64);
        self.at_ms = now_ms + wait_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn schedules_keep_their_place() {
        let mut schedule = Schedule::new(7_123, 10_000, 1_000_000);
        assert_eq!(schedule.at_ms, 1_000_000 + 7_123 % FIRST_WITHIN_MS);
        let mut last = schedule.at_ms;
        for now_ms in [1_001_200, 1_007_130, 1_017_123, 1_050_000, 900_000] {
            schedule.advance(now_ms);
            assert!(schedule.at_ms <= now_ms + 20_000 && schedule.at_ms >= now_ms);
            if now_ms > last {
                assert_eq!(schedule.at_ms.rem_euclid(10_000), 7_123);
            }
            last = schedule.at_ms;
        }
        let mut rare = Schedule::new(1, i64::MAX / 1_000_000, 1_000_000);
        rare.advance(1_000_001);
        assert!(rare.at_ms > 1_000_001);
        schedule.at_ms = 1_007_123;
        assert_eq!(schedule.stamp(1_007_130), 1_007_123);
        assert_eq!(schedule.stamp(1_007_200), 1_007_200);
    }
}
