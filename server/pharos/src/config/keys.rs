//! The keys there are.

/// A key of the configuration.
pub(crate) struct Key {
    /// Its name, with dots for sections.
    pub(crate) name: &'static str,
    /// Its value where none is given; a list's values are separated by commas.
    pub(crate) default: &'static str,
    /// Whether it takes several values.
    pub(crate) list: bool,
    /// Whether its value is never shown.
    pub(crate) secret: bool,
    /// What it does.
    pub(crate) help: &'static str,
}

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, default, list: false, secret: false, help }
}

const fn list(name: &'static str, help: &'static str) -> Key {
    Key { name, default: "", list: true, secret: false, help }
}

const fn secret(key: Key) -> Key {
    Key { secret: true, ..key }
}

/// Every key of the configuration.
pub(crate) const KEYS: &[Key] = &[
    key("data", "./data", "The data folder. One process at a time."),
    key(
        "listen",
        "127.0.0.1:3000",
        "Address and port. Beyond loopback an admin password is needed: given, or made and printed once.",
    ),
    key(
        "drop_in_ports",
        "false",
        "Whether the ports that people have in their files answer as well, on the address of `listen`: 9090 \
         (Prometheus), 3100 (Loki), 9100 (node_exporter), 9400 (dcgm-exporter) and 9835 (nvidia_gpu_exporter).",
    ),
    key("prometheus_config", "", "A `prometheus.yml`; its `scrape_configs` are scraped."),
    key("promtail_config", "", "A `promtail.yml`; the files of its `scrape_configs` are tailed."),
    key(
        "loki_config",
        "",
        "A `loki.yml`: its retention applies to logs unless `retention` is given, its `retention_stream` besides; the \
         rest is reported.",
    ),
    list("grafana_provisioning", "Grafana provisioning folders, or folders of dashboard JSON."),
    key(
        "retention",
        "30d",
        "How long data is kept. `0`: for ever, and then any timestamp is accepted, 1970 too.",
    ),
    list(
        "logs.retention_stream",
        "Streams of logs that are kept for a time of their own, each `TIME SELECTOR`, as `7d {level=\"debug\"}`; the \
         first that matches counts, `0` is for ever. A stream's time is that of the settings under which it arrived.",
    ),
    key(
        "logs.disk_budget_mib",
        "0",
        "How much disk logs may take, in MiB: beyond it the oldest go, whatever their retention. `0`: no bound.",
    ),
    list(
        "metric_retention",
        "Metrics that are kept for a time of their own, each `NAME DURATION SELECTOR`, as `gpu 1y {job=\"dcgm\"}`; \
         the first whose selector matches a series counts. `0` keeps for ever.",
    ),
    key("collect", "true", "Whether this host, Pharos itself and its own log are collected."),
    key(
        "host_root",
        "/",
        "Where this host's `/proc` and `/sys` are found: in a container, where they are mounted.",
    ),
    list(
        "node_exporter_flags",
        "node_exporter's own flags as you have them, for this host's metrics: `--collector.tcpstat`, \
         `--no-collector.arp`, `--collector.netdev.device-exclude=^veth`, `--collector.textfile.directory=/text`, \
         `--path.procfs=/host/proc`.",
    ),
    key(
        "discover",
        "ask",
        "Programs on this machine that have metrics (vLLM, SGLang, Ollama, exporters, …), found by asking over \
         loopback: `ask` shows them on Home and watches those that are chosen there, `auto` watches all, `off` does \
         not look.",
    ),
    key(
        "gpu.interval",
        "1s",
        "How often NVIDIA GPUs are read, where there are any; down to `50ms`. `0`: not at all.",
    ),
    key("gpu.library", "", "NVIDIA's library (`libnvidia-ml.so.1`), where it is not found by itself."),
    key("log_format", "text", "How the log is written to standard error: `text` or `json`."),
    key(
        "log_level",
        "info",
        "How much is logged: `error`, `warn`, `info`, `debug`, `trace`, or a filter per target.",
    ),
    secret(key(
        "admin_password",
        "",
        "The password of user `admin`, 8 characters or more. Best given as `PHAROS_ADMIN_PASSWORD` or in a file.",
    )),
    key("access.admin_password_file", "", "A file whose first line is the admin password."),
    secret(list(
        "access.tokens",
        "Bearer tokens, each `NAME:ROLE:SECRET`; roles: `admin`, `read`, `ingest`. A token may also stand as the \
         password of basic authentication.",
    )),
    list("access.open_ingest", "Networks (CIDR) that may push without a password; they may do nothing else."),
    list(
        "access.allowed_hosts",
        "Names beside `localhost` by which a server without a password may be called.",
    ),
    list("access.cors_origins", "Origins whose pages may call the server's APIs, as `https://example.org`."),
    key("query.timeout", "2m", "How long a query may take."),
    key("query.max_samples", "500000000", "How many samples or lines a query may read."),
    key("query.max_memory_mib", "1024", "How much memory a query may hold, in MiB."),
    key(
        "query.lookback_delta",
        "5m",
        "How far an instant selector looks back (as Prometheus' `query.lookback-delta`).",
    ),
];

impl Key {
    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("PHAROS_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Text as values: a list's are separated by commas.
    pub(crate) fn split(&self, text: &str) -> Vec<String> {
        if !self.list {
            return vec![text.to_owned()];
        }
        // Commas within braces belong to a selector.
        let mut depth = 0usize;
        let split = text.split(|c: char| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        });
        split.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    pub(crate) fn default_values(&self) -> Vec<String> {
        self.split(self.default)
    }
}

/// The reference page, `docs/configuration.md`.
pub(crate) fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\nPharos needs none. Each key below can stand in the file that `--config` names (YAML, dots are \
         sections), in an environment variable, or, where there is one, in a flag of `pharos serve`. Later wins: default, \
         file, variable, flag. An unknown key is refused with a suggestion. In variables a list's values are separated by \
         commas.\n\n`pharos config` prints this page.\n\n\
         | key | variable | default | what it does |\n|---|---|---|---|\n",
    );
    for key in KEYS {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        page.push_str(&format!("| `{}` | `{}` | {default} | {} |\n", key.name, key.variable(), key.help));
    }
    page
}
