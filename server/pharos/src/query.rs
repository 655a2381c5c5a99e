//! `pharos query`: a question to a server, answered as a table, sparklines or lines.

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
    let _ = std::io::stdout().write_all(render(&answer["data"]).as_bytes());
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

/// `data` of a Prometheus or Loki answer, for a terminal.
fn render(data: &Value) -> String {
    let result = data["result"].as_array().cloned().unwrap_or_default();
    match data["resultType"].as_str().unwrap_or_default() {
        "scalar" | "string" => format!("{}\n", data["result"][1].as_str().unwrap_or_default()),
        "vector" => {
            let row = |row: &Value| {
                (series(&row["metric"]), row["value"][1].as_str().unwrap_or("histogram").to_owned())
            };
            table(&result.iter().map(row).collect::<Vec<_>>())
        }
        "matrix" => {
            let row = |row: &Value| {
                let points = row["values"].as_array().into_iter().flatten();
                let values: Vec<f64> = points.filter_map(|p| p[1].as_str()?.parse().ok()).collect();
                let last = values.last().map(f64::to_string).unwrap_or_default();
                (series(&row["metric"]), format!("{}  {last}", sparkline(&values, 60)))
            };
            table(&result.iter().map(row).collect::<Vec<_>>())
        }
        "streams" => lines(&result),
        other => format!("unknown result type {other:?}\n"),
    }
}

fn series(metric: &Value) -> String {
    let pairs = metric.as_object().into_iter().flatten().filter(|(name, _)| *name != "__name__");
    let labels: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    let name = metric["__name__"].as_str().unwrap_or_default();
    match (name.is_empty(), labels.is_empty()) {
        (false, true) => name.to_owned(),
        _ => format!("{name}{{{}}}", labels.join(", ")),
    }
}

fn table(rows: &[(String, String)]) -> String {
    if rows.is_empty() {
        return "no series\n".into();
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    rows.iter()
        .map(|(name, value)| format!("{name}{}  {value}\n", " ".repeat(width - name.chars().count())))
        .collect()
}

fn lines(streams: &[Value]) -> String {
    let mut all: Vec<(String, String)> = Vec::new();
    for stream in streams {
        for entry in stream["values"].as_array().into_iter().flatten() {
            let text = |i: usize| entry[i].as_str().unwrap_or_default().to_owned();
            all.push((text(0), text(1)));
        }
    }
    if all.is_empty() {
        return "no lines\n".into();
    }
    all.sort_by_key(|(t_ns, _)| t_ns.parse::<i64>().unwrap_or_default());
    let row = |(t_ns, line): &(String, String)| {
        format!("{}  {}\n", clock(t_ns.parse().unwrap_or_default()), plain(line))
    };
    all.iter().map(row).collect()
}

/// A line without control characters: what a log holds must not drive the terminal that shows it.
fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A time of a log line: UTC, to the millisecond.
fn clock(t_ns: i64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(t_ns)) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => t_ns.to_string(),
    }
}

/// Values as blocks of eight heights, squeezed into `width` columns.
fn sparkline(values: &[f64], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let finite = values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let step = values.len().div_ceil(width).max(1);
    let block = |chunk: &[f64]| {
        let finite: Vec<f64> = chunk.iter().copied().filter(|v| v.is_finite()).collect();
        if finite.is_empty() {
            return ' ';
        }
        let mean = finite.iter().sum::<f64>() / finite.len() as f64;
        let share = if high > low { (mean - low) / (high - low) } else { 0.0 };
        BLOCKS[((share * 7.0).round() as usize).min(7)]
    };
    values.chunks(step).map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &str, expect: &str) {
        assert_eq!(render(&serde_json::from_str(data).expect("JSON")), expect);
    }

    #[test]
    fn answers_for_a_terminal() {
        check(r#"{"resultType":"scalar","result":[1,"2.5"]}"#, "2.5\n");
        check(
            r#"{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1,"1"]},{"metric":{"__name__":"up"},"value":[1,"0"]}]}"#,
            "up{job=\"a\"}  1\nup           0\n",
        );
        check(
            r#"{"resultType":"matrix","result":[{"metric":{"__name__":"x"},"values":[[1,"0"],[2,"7"]]}]}"#,
            "x  ▁█  7\n",
        );
        check(
            r#"{"resultType":"streams","result":[{"stream":{},"values":[["1700000000500000000","b"],["1700000000000000000","a"]]}]}"#,
            "2023-11-14 22:13:20.000  a\n2023-11-14 22:13:20.500  b\n",
        );
        check(r#"{"resultType":"vector","result":[]}"#, "no series\n");
        assert_eq!(clock(-1_000_000), "1969-12-31 23:59:59.999");
    }
}
