//! The command line. Every flag of `serve` is also a key of the configuration and a `PHAROS_…` variable.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// One server for metrics, logs and dashboards. Without a command it serves: http://127.0.0.1:3000
#[derive(Debug, Parser)]
#[command(name = "pharos", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server (the default).
    Serve(ServeArgs),
    /// Run the server on made-up data: a cluster that serves a language model, its GPUs, logs and an incident.
    Demo(DemoArgs),
    /// Say what would be used, approximated or ignored of each file, key by key.
    Check(CheckArgs),
    /// Ask a server or a data folder a PromQL or LogQL question.
    Query(QueryArgs),
    /// Send lines of standard input to a server as logs, and pass them on: `some-benchmark 2>&1 | pharos push`.
    Push(PushArgs),
    /// Import OpenMetrics files with their timestamps, however old.
    Import(ImportArgs),
    /// Exit 0 if the server is ready: for containers and scripts.
    Healthcheck(HealthArgs),
    /// Print all configuration keys with their defaults.
    Config,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeArgs {
    /// Pharos' own configuration (YAML); see docs/configuration.md.
    #[arg(long, value_name = "FILE", env = "PHAROS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder [default: ./data].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:3000]. Beyond loopback an admin password is needed.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// A prometheus.yml whose targets are scraped.
    #[arg(long, value_name = "FILE")]
    pub(crate) prometheus_config: Option<String>,
    /// A promtail.yml whose files are tailed.
    #[arg(long, value_name = "FILE")]
    pub(crate) promtail_config: Option<String>,
    /// A loki.yml: its retention applies to logs unless --retention is given; the rest is reported.
    #[arg(long, value_name = "FILE")]
    pub(crate) loki_config: Option<String>,
    /// A Grafana provisioning folder, or a folder of dashboard JSON; may be given several times.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) grafana_provisioning: Vec<String>,
    /// How long data is kept, as 30d or 1y; 0 = for ever, and then any timestamp is accepted [default: 30d].
    #[arg(long, value_name = "DURATION")]
    pub(crate) retention: Option<String>,
    /// Collect nothing by itself: no host, no self metrics, no own log.
    #[arg(long)]
    pub(crate) no_collect: bool,
    /// How the log is written to standard error: text or json [default: text].
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// How much is logged: error, warn, info, debug, trace [default: info].
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// A file whose first line is the admin password.
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_password_file: Option<String>,
    /// Networks that may push without a password, as 10.0.0.0/8; may be given several times.
    #[arg(long, value_name = "CIDR")]
    pub(crate) open_ingest: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How much history lies there at the start, as 6h.
    #[arg(long, value_name = "DURATION", default_value = "6h")]
    pub(crate) history: String,
    /// Without --data everything is gone when the demo ends.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// prometheus.yml, promtail.yml, loki.yml, pharos.yaml, dashboards (JSON), provisioning folders: told apart by
    /// their contents.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Lines to take through the stages of a promtail.yml, to see what each stage makes of each.
    #[arg(long, value_name = "FILE")]
    pub(crate) sample: Option<PathBuf>,
    /// The job whose stages the sample goes through [default: those that read such a file, or all].
    #[arg(long, value_name = "NAME", requires = "sample")]
    pub(crate) job: Option<String>,
    /// The most lines of the sample.
    #[arg(long, default_value_t = 20, requires = "sample")]
    pub(crate) lines: usize,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// PromQL, or LogQL (what begins with { and has a line filter or a |, or with --logql).
    pub(crate) expr: String,
    /// The server to ask.
    #[arg(long, default_value = "http://127.0.0.1:3000", env = "PHAROS_URL")]
    pub(crate) url: String,
    /// Ask a data folder that no server uses, instead of a server.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Read the question as LogQL.
    #[arg(long)]
    pub(crate) logql: bool,
    /// Ask for a range that ends now, as 1h; lines of LogQL come from the last hour by default.
    #[arg(long, value_name = "DURATION")]
    pub(crate) range: Option<String>,
    /// The step of a range query, as 15s.
    #[arg(long, value_name = "DURATION")]
    pub(crate) step: Option<String>,
    /// The most log lines.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
    /// Print the server's JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// The admin password or a token, where the server wants one.
    #[arg(long, env = "PHAROS_ADMIN_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// A label of the lines, as job=x; may be given several times [default: job=push].
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<String>,
    /// The server that keeps them.
    #[arg(long, default_value = "http://127.0.0.1:3000", env = "PHAROS_URL")]
    pub(crate) url: String,
    /// How long lines that are left may still be sent once the input has ended.
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(crate) wait: String,
    /// The admin password or a token, where the server wants one.
    #[arg(long, env = "PHAROS_ADMIN_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// OpenMetrics files, plain or gzip; each sample needs its timestamp.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The server that takes the samples. Samples older than its retention are refused.
    #[arg(long, default_value = "http://127.0.0.1:3000", env = "PHAROS_URL")]
    pub(crate) url: String,
    /// Put them into a data folder that no server uses, instead of a server.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Read the older exposition text: timestamps in milliseconds, no # EOF.
    #[arg(long)]
    pub(crate) text: bool,
    /// The admin password or a token, where the server wants one.
    #[arg(long, env = "PHAROS_ADMIN_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// The server to ask [default: http://127.0.0.1 with the port of PHAROS_LISTEN, or 3000].
    #[arg(long, env = "PHAROS_URL")]
    pub(crate) url: Option<String>,
}
