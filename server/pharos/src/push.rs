//! `pharos push`: standard input goes to a server as log lines, and on to standard output as it came. The pipe is
//! never held up or broken by the server: what it does not take waits in memory, up to a bound.

mod buffer;

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::cli::PushArgs;
use crate::config::duration;
use buffer::{Buffer, Line};

/// Most bytes of lines sent at once.
const BATCH_BYTES: usize = 1 << 20;
/// How long lines are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// A line that is longer is sent in pieces.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Passes all of standard input on and sends its lines.
pub(crate) fn run(args: &PushArgs) -> Result<ExitCode> {
    let labels = labels(&args.label)?;
    let wait = duration(&args.wait).context("--wait")?;
    let buffer = Arc::new(Buffer::default());
    let sender = Sender {
        url: format!("{}/loki/api/v1/push", args.url.trim_end_matches('/')),
        password: args.password.clone(),
        labels,
        buffer: buffer.clone(),
    };
    let thread = std::thread::Builder::new().name("push".to_owned()).spawn(move || sender.run())?;
    pass_on(&buffer);
    end_output();
    buffer.finish(wait);
    let unsent = match thread.join() {
        Ok(Ok(())) => buffer.left_out() + buffer.len(),
        Ok(Err(error)) => {
            eprintln!("pharos push: {error:#}");
            buffer.left_out() + buffer.len()
        }
        Err(_) => buffer.left_out() + buffer.len(),
    };
    if unsent > 0 {
        eprintln!("pharos push: {unsent} lines were not stored");
    }
    // What stands before or behind in the pipe is not to fail for its log.
    Ok(ExitCode::SUCCESS)
}

/// `name=value` of each, or `job=push` alone.
fn labels(given: &[String]) -> Result<Value> {
    let mut labels = serde_json::Map::new();
    for pair in given {
        let Some((name, value)) = pair.split_once('=') else { bail!("--label {pair:?} is not NAME=VALUE") };
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            bail!("--label {pair:?}: {name:?} is not a label's name");
        }
        labels.insert(name.to_owned(), value.into());
    }
    if labels.is_empty() {
        labels.insert("job".to_owned(), "push".into());
    }
    Ok(labels.into())
}

/// Copies bytes as they come and takes lines off them.
fn pass_on(buffer: &Buffer) {
    let (mut input, mut output) = (std::io::stdin().lock(), Some(std::io::stdout().lock()));
    let (mut bytes, mut open) = (vec![0; 64 << 10], Vec::new());
    let mut last_ns = 0;
    loop {
        let n = match input.read(&mut bytes) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        // A reader behind that is gone does not end the log.
        let written =
            output.as_mut().map(|output| output.write_all(&bytes[..n]).and_then(|()| output.flush()));
        if written.is_some_and(|written| written.is_err()) {
            output = None;
        }
        let mut rest = &bytes[..n];
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            open.extend_from_slice(&rest[..end]);
            take_line(&mut open, &mut last_ns, buffer);
            rest = &rest[end + 1..];
        }
        open.extend_from_slice(rest);
        if open.len() >= MAX_LINE_BYTES {
            take_line(&mut open, &mut last_ns, buffer);
        }
    }
    if !open.is_empty() {
        take_line(&mut open, &mut last_ns, buffer);
    }
}

/// Lets a reader behind see the end: what is left may wait long for the server.
fn end_output() {
    if let Ok(nothing) = std::fs::File::options().write(true).open("/dev/null") {
        // SAFETY: both are open file descriptors, and nobody holds a lock on the standard output any more.
        unsafe { libc::dup2(nothing.as_raw_fd(), libc::STDOUT_FILENO) };
    }
}

/// Each line has a time of its own, so that equal ones are told apart, and one sent twice is stored once.
fn take_line(open: &mut Vec<u8>, last_ns: &mut u64, buffer: &Buffer) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ns = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    *last_ns = now_ns.max(last_ns.saturating_add(1));
    let text = open.strip_suffix(b"\r").unwrap_or(open);
    buffer.push(Line { t_ns: *last_ns, text: String::from_utf8_lossy(text).into_owned() });
    open.clear();
}

struct Sender {
    url: String,
    password: Option<String>,
    labels: Value,
    buffer: Arc<Buffer>,
}

enum Sent {
    Stored,
    /// The server will never take it.
    Refused(String),
    /// It may take it later.
    Later(String),
}

impl Sender {
    fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.send_all())
    }

    async fn send_all(self) -> Result<()> {
        // The end of input ends this, not the key that ends the program before it in the pipe; pressed twice it does.
        tokio::spawn(async {
            for _ in 0..2 {
                if tokio::signal::ctrl_c().await.is_err() {
                    return;
                }
            }
            std::process::exit(130);
        });
        // A second call finds it installed: that is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(REQUEST_TIMEOUT).build()?;
        let (mut pause, mut away) = (GATHER, false);
        loop {
            let lines = self.buffer.first(BATCH_BYTES);
            if lines.is_empty() {
                if self.buffer.is_finished() {
                    return Ok(());
                }
                tokio::time::sleep(GATHER).await;
                continue;
            }
            match self.send(&client, &lines).await {
                Sent::Stored => {
                    self.buffer.remove(lines.last().map_or(0, |line| line.t_ns), true);
                    if std::mem::take(&mut away) {
                        eprintln!("pharos push: {} takes lines again", self.url);
                    }
                    pause = GATHER;
                }
                Sent::Refused(why) => {
                    eprintln!("pharos push: the server refuses lines: {why}");
                    self.buffer.remove(lines.last().map_or(0, |line| line.t_ns), false);
                }
                Sent::Later(why) => {
                    if !std::mem::replace(&mut away, true) {
                        eprintln!("pharos push: {why}; lines are passed on, and kept meanwhile");
                    }
                    if self.buffer.deadline().is_some_and(|end| Instant::now() + pause >= end) {
                        return Ok(());
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(MAX_PAUSE);
                }
            }
        }
    }

    async fn send(&self, client: &reqwest::Client, lines: &[Line]) -> Sent {
        let values: Vec<Value> = lines.iter().map(|line| json!([line.t_ns.to_string(), line.text])).collect();
        let body = json!({"streams": [{"stream": self.labels, "values": values}]}).to_string();
        let mut request = client.post(&self.url).header("content-type", "application/json").body(body);
        if let Some(password) = &self.password {
            request = request.basic_auth("admin", Some(password));
        }
        match request.send().await {
            Ok(response) if response.status().is_success() => Sent::Stored,
            Ok(response) => {
                let status = response.status();
                let why = format!("{status}: {}", response.text().await.unwrap_or_default().trim());
                // A wrong password may be put right at the server; a wrong line stays wrong.
                let wrong =
                    status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 408 | 429);
                if wrong { Sent::Refused(why) } else { Sent::Later(why) }
            }
            Err(error) => Sent::Later(format!("{} cannot be reached ({})", self.url, error.without_url())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read() {
        let read = |given: &[&str]| {
            labels(&given.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>())
                .map(|labels| labels.to_string())
        };
        assert_eq!(read(&[]).expect("valid"), r#"{"job":"push"}"#);
        assert_eq!(read(&["job=x", "a_1=b=c"]).expect("valid"), r#"{"job":"x","a_1":"b=c"}"#);
        assert!(read(&["x"]).is_err() && read(&["1a=b"]).is_err() && read(&["=b"]).is_err());
    }

    #[test]
    fn lines_have_times_of_their_own() {
        let (buffer, mut last) = (Buffer::default(), 0);
        for text in ["a", "a\r", "b"] {
            take_line(&mut text.as_bytes().to_vec(), &mut last, &buffer);
        }
        let lines = buffer.first(1 << 20);
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["a", "a", "b"]);
        assert!(lines.windows(2).all(|pair| pair[0].t_ns < pair[1].t_ns));
    }
}
