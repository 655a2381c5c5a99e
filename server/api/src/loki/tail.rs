//! Live tail over WebSocket. A tail remembers up to which number of arrival it has sent lines, and reads on from there:
//! a client that is slow is late, and loses nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use logql::ast::LogExpr;
use logql::{Expr, RangeParams, Stream};
use model::{Control, Direction, LogSource};

use super::query::{MOST_LINES, wants_categories};
use super::reply::ApiError;
use super::value;
use crate::State;
use crate::params::{Params, time_ns};

/// How often a tail looks for what is new.
const EVERY: Duration = Duration::from_millis(100);
/// How often a client that gets nothing is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long a client may take for one message.
const PATIENCE: Duration = Duration::from_secs(60);
/// Entries that arrived, of all streams, which are looked at in one go: bounds memory.
const AT_ONCE: u64 = 20_000;
/// Lines a message has at most, where the client names no limit.
const DEFAULT_LINES: usize = 100;
/// The longest `delay_for`, s.
const MOST_DELAY_S: u64 = 5;
/// How far back the first lines may lie where no `start` is given, ns.
const FIRST_NS: i64 = 3_600_000_000_000;

/// What a tail is asked for.
#[derive(Clone)]
struct Asked {
    limit: usize,
    delay: Duration,
    start_ns: i64,
    categories: bool,
}

/// `GET /loki/api/v1/tail` (`query`, `delay_for`, `limit`, `start`): the newest `limit` lines since `start`, then what
/// arrives, with at most `limit` lines a message.
pub(crate) async fn tail(
    Shared(state): Shared<Arc<State>>,
    headers: axum::http::HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    params: Params,
) -> Result<Response, ApiError> {
    let Expr::Log(query) = logql::parse(params.get("query").unwrap_or_default())? else {
        return Err(ApiError::bad_request("tail takes a log query, not a metric query"));
    };
    logql::validate(&Expr::Log(query.clone()))?;
    let limit = params.get("limit").map_or(Ok(DEFAULT_LINES), str::parse).ok();
    let limit = limit.filter(|limit| (1..=MOST_LINES).contains(limit));
    let delay: u64 = params.get("delay_for").map_or(Ok(0), str::parse).unwrap_or(u64::MAX);
    if delay > MOST_DELAY_S {
        return Err(ApiError::bad_request("delay_for can't be greater than 5"));
    }
    let start = params.get("start").map(|text| {
        time_ns(text).ok_or_else(|| ApiError::bad_request(format!("could not parse 'start': {text:?}")))
    });
    let asked = Asked {
        limit: limit.ok_or_else(|| ApiError::bad_request("limit must be a positive value"))?,
        delay: Duration::from_secs(delay),
        start_ns: start.transpose()?.unwrap_or_else(|| state.clock.now_ns().saturating_sub(FIRST_NS)),
        categories: wants_categories(&headers),
    };
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let turn = state.tailing.clone().try_acquire_owned();
    let turn = turn.map_err(|_| model::Error::new(model::ErrorKind::Unavailable, "too many live tails"))?;
    let upgrade = upgrade.map_err(|refusal| ApiError::bad_request(refusal.to_string()))?;
    Ok(upgrade.on_upgrade(async move |socket| {
        let reader = Reader { state, source, query: Arc::new(query) };
        let tail = Tail { reader, asked, socket };
        if let Err(why) = tail.run().await {
            tracing::debug!(?why, "a live tail ended");
        }
        drop(turn);
    }))
}

/// Why a tail ended.
#[derive(Debug)]
enum End {
    /// The client is gone.
    Gone,
    /// The query failed.
    Failed(ApiError),
}

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        End::Gone
    }
}

/// What lines are read with. Apart from the socket, which cannot be shared between threads.
struct Reader {
    state: Arc<State>,
    source: Arc<dyn LogSource>,
    query: Arc<LogExpr>,
}

struct Tail {
    reader: Reader,
    asked: Asked,
    socket: WebSocket,
}

impl Reader {
    /// Lines with these numbers of arrival since a time.
    async fn read(
        &self,
        arrivals: std::ops::Range<u64>,
        (start_ns, limit, direction): (i64, usize, Direction),
    ) -> Result<Vec<Stream>, End> {
        let (source, query) = (Arc::clone(&self.source), Arc::clone(&self.query));
        let now_ns = self.state.clock.now_ns();
        let work = move |control: &Control| {
            let params = RangeParams {
                start_ns,
                end_ns: i64::MAX,
                step_ns: 1,
                limit,
                direction,
                interval_ns: 0,
                now_ns,
            };
            let answer = logql::query_arrivals(&*source, &query, params, arrivals, control)?;
            match answer.value {
                logql::Value::Streams(streams) => Ok::<_, ApiError>(streams),
                logql::Value::Metric(_) => Ok(Vec::new()),
            }
        };
        self.state.pool.run(self.state.limits, work).await.map_err(End::Failed)
    }
}

impl Tail {
    async fn run(mut self) -> Result<(), End> {
        let result = self.follow().await;
        if let Err(End::Failed(error)) = &result {
            let text = format!("{error:?}").chars().take(100).collect::<String>();
            let frame = axum::extract::ws::CloseFrame { code: 1011, reason: text.into() };
            let _ = self.socket.send(Message::Close(Some(frame))).await;
        }
        result
    }

    async fn follow(&mut self) -> Result<(), End> {
        let mut next = self.reader.source.arrivals();
        let asked = self.asked.clone();
        let history = self.reader.read(0..next, (asked.start_ns, asked.limit, Direction::Backward)).await?;
        self.send(history).await?;
        // What had arrived when: so much may be sent once it is `delay` old.
        let mut seen: VecDeque<(tokio::time::Instant, u64)> = VecDeque::new();
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut pinged = tokio::time::Instant::now();
        loop {
            tokio::select! {
                message = self.socket.recv() => match message {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return Err(End::Gone),
                    Some(Ok(_)) => continue,
                },
                _ = tick.tick() => {}
            }
            let now = tokio::time::Instant::now();
            let arrived = self.reader.source.arrivals();
            if seen.back().map_or(next, |(_, known)| *known) < arrived {
                seen.push_back((now, arrived));
            }
            while seen.front().is_some_and(|(when, _)| *when + asked.delay <= now) {
                let until = seen.pop_front().map_or(next, |(_, until)| until);
                while next < until {
                    let to = until.min(next.saturating_add(AT_ONCE));
                    let new = self.reader.read(next..to, (i64::MIN, usize::MAX, Direction::Forward)).await?;
                    self.send(new).await?;
                    next = to;
                }
            }
            if pinged + PING_EVERY <= now {
                self.socket.send(Message::Ping(Default::default())).await?;
                pinged = now;
            }
        }
    }

    /// Sends lines, the oldest first, in messages of at most `limit` of them.
    async fn send(&mut self, streams: Vec<Stream>) -> Result<(), End> {
        for message in messages(streams, self.asked.limit) {
            let text = value::tail_message(&message, self.asked.categories);
            match tokio::time::timeout(PATIENCE, self.socket.send(Message::Text(text.into()))).await {
                Ok(sent) => sent?,
                Err(_) => return Err(End::Gone),
            }
        }
        Ok(())
    }
}

/// Cuts lines into messages by time.
fn messages(streams: Vec<Stream>, limit: usize) -> Vec<Vec<Stream>> {
    let mut lines: Vec<(usize, logql::StreamEntry)> = Vec::new();
    let mut labels = Vec::new();
    for (i, stream) in streams.into_iter().enumerate() {
        lines.extend(stream.entries.into_iter().map(|entry| (i, entry)));
        labels.push((stream.labels, stream.stream_labels));
    }
    lines.sort_by_key(|(_, entry)| (entry.t_ns, entry.sequence));
    let mut all = Vec::new();
    let mut lines = lines.into_iter().peekable();
    while lines.peek().is_some() {
        let mut message: Vec<(usize, Stream)> = Vec::new();
        for (i, entry) in lines.by_ref().take(limit) {
            match message.iter_mut().find(|(known, _)| *known == i) {
                Some((_, stream)) => stream.entries.push(entry),
                None => {
                    let (labels, stream_labels) = labels[i].clone();
                    message.push((i, Stream { labels, stream_labels, entries: vec![entry] }));
                }
            }
        }
        all.push(message.into_iter().map(|(_, stream)| stream).collect());
    }
    all
}
