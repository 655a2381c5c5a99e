//! A server of its own for each test: a fresh data folder, a free port, ended with the test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server may take to be ready, or anything awaited to come true. Generous: machines are slow sometimes,
/// and a test that waits for something ends as soon as it is there.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    /// What it wrote before it was ready.
    pub(crate) written: Vec<String>,
}

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("PHAROS_BIN").map_or_else(|| env!("CARGO_BIN_EXE_pharos").into(), PathBuf::from)
}

/// `pharos` with arguments, in an environment without settings.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(args)
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent");
    command
}

impl Server {
    /// Starts on a free loopback port with its data in `data` and waits until it is ready.
    pub(crate) fn start(data: &Path, args: &[&str]) -> Server {
        Server::start_with(data, args, &[])
    }

    /// The same with environment variables.
    pub(crate) fn start_with(data: &Path, args: &[&str], env: &[(&str, &str)]) -> Server {
        let data = data.to_str().expect("UTF-8");
        let mut all = vec!["serve", "--data", data, "--log-format", "json"];
        if !args.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(args);
        let mut child = command(&all)
            .envs(env.iter().copied())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        let stderr = child.stderr.take().expect("piped");
        let (send, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut seen = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some(url) = ready_url(&line) {
                return Server { child, url, written: seen };
            }
            seen.push(line);
        }
        let _ = child.kill();
        let _ = child.wait();
        panic!("not ready; its log:\n{}", seen.join("\n"));
    }

    /// GET, as status and text.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        request(reqwest::Method::GET, &format!("{}{path}", self.url), &[], Vec::new())
    }

    /// GET of JSON that must succeed.
    pub(crate) fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path);
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"))
    }

    /// POST, as status and text.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, String) {
        request(reqwest::Method::POST, &format!("{}{path}", self.url), headers, body)
    }

    /// A batch of queries to the UI's endpoint: for each answer its header and its numbers.
    pub(crate) fn frames(&self, body: &Value) -> Vec<(Value, Vec<f64>)> {
        let headers = [("content-type", "application/json")];
        let url = format!("{}/api/pharos/v1/query", self.url);
        let (status, bytes) =
            request_bytes(reqwest::Method::POST, &url, &headers, body.to_string().into_bytes());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
        let (mut frames, mut rest) = (Vec::new(), &bytes[..]);
        while let Some((lengths, after)) = rest.split_at_checked(8) {
            let length =
                |at: usize| u32::from_le_bytes(lengths[at..at + 4].try_into().expect("4 bytes")) as usize;
            let (header, after) = after.split_at(length(0));
            let (payload, after) = after.split_at(length(4));
            let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("8 bytes"));
            frames.push((
                serde_json::from_slice(header).expect("JSON"),
                payload.chunks_exact(8).map(number).collect(),
            ));
            rest = after;
        }
        assert!(rest.is_empty(), "{} bytes are left over", rest.len());
        frames
    }

    /// The result of an instant PromQL query.
    pub(crate) fn query(&self, expr: &str) -> Vec<Value> {
        let path = format!("/api/v1/query?query={}", encode(expr));
        self.json(&path)["data"]["result"].as_array().cloned().unwrap_or_default()
    }

    /// Lines of a LogQL query over the last hour, newest first.
    pub(crate) fn lines(&self, expr: &str) -> Vec<String> {
        let path = format!("/loki/api/v1/query_range?limit=5000&since=1h&query={}", encode(expr));
        let mut all: Vec<(i64, String)> = Vec::new();
        for stream in self.json(&path)["data"]["result"].as_array().into_iter().flatten() {
            for entry in stream["values"].as_array().into_iter().flatten() {
                let t_ns = entry[0].as_str().and_then(|t| t.parse().ok()).expect("a time");
                all.push((t_ns, entry[1].as_str().expect("a line").to_owned()));
            }
        }
        all.sort_by_key(|(t_ns, _)| std::cmp::Reverse(*t_ns));
        all.into_iter().map(|(_, line)| line).collect()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// SIGTERM; how it ended, and how long that took.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        self.signal("TERM");
        (self.child.wait().expect("ended"), began.elapsed())
    }

    /// How it ended by itself, and how long that took.
    pub(crate) fn wait(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        (self.child.wait().expect("ended"), began.elapsed())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let done = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(done.is_ok_and(|status| status.success()), "signal sent");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ready_url(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line).ok()?;
    (event["message"] == "Pharos is ready").then(|| event["url"].as_str().map(str::to_owned))?
}

/// Any request, as status and text.
pub(crate) fn request(
    method: reqwest::Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (u16, String) {
    let (status, bytes) = request_bytes(method, url, headers, body);
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// Any request, as status and body; status 0 with the reason if the server is gone.
pub(crate) fn request_bytes(
    method: reqwest::Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (u16, Vec<u8>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut request = client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match request.send().await {
            Ok(response) => (response.status().as_u16(), response.bytes().await.unwrap_or_default().to_vec()),
            Err(error) => (0, error.to_string().into_bytes()),
        }
    })
}

/// Percent-encodes.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Asks again until `check` gives something.
pub(crate) fn eventually<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs `pharos` to its end: whether it succeeded, and all it wrote.
pub(crate) fn run(args: &[&str]) -> (bool, String) {
    let output = command(args).output().expect("ran");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Writes a file, its folders too.
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, text).expect("written");
}
