//! `pharos query`: a question to a server, answered as a table, sparklines or lines.

mod render;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::cli::QueryArgs;
use crate::config::duration;

/// Asks and prints.
pub(crate) fn run(args: &QueryArgs) -> Result<ExitCode> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs_f64();
    let logql = args.logql || is_logql(&args.expr);
    let own = args.data.as_deref().map(OwnServer::start).transpose()?;
    let server = own.as_ref().map_or(args.url.as_str(), |own| &own.url);
    let (path, mut form) = (path(logql, args, server), vec![("query", args.expr.clone())]);
    match (logql, &args.range) {
        (false, None) => form.push(("time", now.to_string())),
        (_, range) => {
            let range = duration(range.as_deref().unwrap_or("1h")).context("--range")?.as_secs_f64();
            let step = match &args.step {
                Some(step) => duration(step).context("--step")?.as_secs_f64(),
                None => (range / 240.0).max(1.0),
            };
            let times = [("start", now - range), ("end", now), ("step", step)];
            form.extend(times.map(|(name, value)| (name, format!("{value:.3}"))));
            form.push(("limit", args.limit.to_string()));
        }
    }
    if !logql {
        form.retain(|(name, _)| *name != "limit");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(ask(args, &path, &form))?;
    if args.json {
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    let answer: Value = serde_json::from_str(&text).context("the server's answer is not JSON")?;
    for key in ["warnings", "infos"] {
        for warning in answer[key].as_array().into_iter().flatten().filter_map(Value::as_str) {
            eprintln!("{warning}");
        }
    }
    // A reader that closes the pipe early has seen enough.
    let _ = std::io::stdout().write_all(render::answer(&answer["data"]).as_bytes());
    Ok(ExitCode::SUCCESS)
}

/// LogQL, if only LogQL reads that way: a selector with a pipe, a line filter, or a bare selector of streams by job.
fn is_logql(expr: &str) -> bool {
    promql::parse(expr).is_err() && logql::parse(expr).is_ok()
}

fn path(logql: bool, args: &QueryArgs, server: &str) -> String {
    let path = match (logql, args.range.is_some()) {
        (true, _) => "/loki/api/v1/query_range",
        (false, true) => "/api/v1/query_range",
        (false, false) => "/api/v1/query",
    };
    format!("{}{path}", server.trim_end_matches('/'))
}

/// A server for one command: over a data folder, on a free loopback port, ended with the command.
pub(crate) struct OwnServer {
    child: Child,
    pub(crate) url: String,
}

impl OwnServer {
    fn start(data: &Path) -> Result<OwnServer> {
        OwnServer::start_in(data, false)
    }

    /// A server over a data folder, which is made if `make` says so.
    pub(crate) fn start_in(data: &Path, make: bool) -> Result<OwnServer> {
        if !make && !data.is_dir() {
            bail!("there is no data folder {}", data.display());
        }
        let mut child = Command::new(std::env::current_exe()?)
            // Nothing is collected and nothing expires: the folder stays as it is.
            .args([
                "serve",
                "--no-collect",
                "--retention",
                "0",
                "--listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
            ])
            .arg("--data")
            .arg(data)
            .env_remove("PHAROS_CONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let lines = child.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
        let mut last = String::new();
        for line in lines.map_while(std::result::Result::ok) {
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(url) = event["url"].as_str().filter(|_| event["message"] == "Pharos is ready") {
                return Ok(OwnServer { child, url: url.to_owned() });
            }
            last = line;
        }
        child.wait()?;
        bail!("{}", last.trim_start_matches("pharos: "))
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // It may be gone already.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

/// An HTTP client for talking to a server of one's own: no proxy.
pub(crate) fn client() -> Result<reqwest::Client> {
    // A second call finds it installed: that is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

async fn ask(args: &QueryArgs, url: &str, form: &[(&str, String)]) -> Result<String> {
    let mut query = url.to_owned();
    for (i, (name, value)) in form.iter().enumerate() {
        query.push(if i == 0 { '?' } else { '&' });
        query.push_str(&format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    }
    let mut request = client()?.get(&query);
    if let Some(password) = &args.password {
        request = request.basic_auth("admin", Some(password));
    }
    let response = request
        .send()
        .await
        .with_context(|| format!("{} cannot be reached", url.split("/api").next().unwrap_or(url)))?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        let message =
            serde_json::from_str::<Value>(&text).ok().and_then(|v| v["error"].as_str().map(str::to_owned));
        bail!("{}", message.unwrap_or_else(|| format!("{status}: {}", text.trim())));
    }
    Ok(text)
}
