//! Pharos' own configuration: one table of keys for the file, the environment, the flags and the reference page.
//!
//! Later wins: default, file, `PHAROS_…` variable, flag. Unknown keys are refused with a suggestion.

mod file;
mod keys;

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use access::{Cidr, Role, Token};
use anyhow::{Context, Result, bail};
use collect::host::{Flags, Roots};

pub(crate) use keys::{KEYS, reference};

use crate::cli::ServeArgs;
use crate::log_retention::StreamRetention;

/// The configuration, checked.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) prometheus: Option<PathBuf>,
    pub(crate) promtail: Option<PathBuf>,
    pub(crate) loki: Option<PathBuf>,
    pub(crate) grafana: Vec<PathBuf>,
    /// How long data is kept; `None` = for ever.
    pub(crate) retention: Option<Duration>,
    /// Metrics with a retention of their own.
    pub(crate) metric_retention: Vec<metric_store::RetentionClass>,
    /// Whether it was given, rather than left to the default.
    pub(crate) retention_given: bool,
    /// Streams of logs that are kept for a time of their own; the first that matches counts.
    pub(crate) log_streams: Vec<StreamRetention>,
    /// Bytes that logs may take on disk; `None` = no bound.
    pub(crate) log_disk_bytes: Option<u64>,
    /// Where the host's files are, and what of them is collected.
    pub(crate) host_flags: Flags,
    pub(crate) collect: bool,
    /// What becomes of programs that are found on this machine.
    pub(crate) discover: Discover,
    /// How often GPUs are read; zero = not at all.
    pub(crate) gpu_interval: Duration,
    pub(crate) gpu_library: Option<PathBuf>,
    pub(crate) drop_in_ports: bool,
    pub(crate) log_json: bool,
    pub(crate) log_level: String,
    pub(crate) access: Access,
    pub(crate) limits: model::Limits,
    pub(crate) lookback: Duration,
    /// Every key with its value as text, secrets left out: what `/api/v1/status/config` shows.
    pub(crate) shown: BTreeMap<&'static str, String>,
}

/// What becomes of programs that are found on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discover {
    /// Nobody looks for them.
    Off,
    /// They are shown, and watched when they are chosen.
    Ask,
    /// They are watched.
    Auto,
}

/// The access section, checked.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) admin_password: Option<String>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) open_ingest: Vec<Cidr>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) cors_origins: Vec<String>,
}

/// The library's own readings are no newer.
const LEAST_GPU_INTERVAL: Duration = Duration::from_millis(50);

/// Values by key, as text; a list has several.
pub(crate) type Values = BTreeMap<&'static str, Vec<String>>;

impl Config {
    /// Reads file, environment and flags. Errors name the key, the value and what is expected.
    pub(crate) fn load(args: &ServeArgs, env: impl Fn(&str) -> Option<String>) -> Result<Config> {
        let mut given = Values::new();
        if let Some(path) = &args.config {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let read = file::parse(&text).with_context(|| path.display().to_string())?;
            given.extend(read);
        }
        for key in KEYS {
            // Compose files set a variable to nothing where its own is missing: that is none.
            if let Some(text) = env(&key.variable()).filter(|text| !text.trim().is_empty()) {
                replace(&mut given, key.name, key.split(&text));
            }
        }
        for (name, values) in flags(args) {
            if !values.is_empty() {
                replace(&mut given, name, values);
            }
        }
        let retention_given = given.contains_key("retention");
        let mut values: Values = KEYS.iter().map(|key| (key.name, key.default_values())).collect();
        values.extend(given);
        Ok(Config { retention_given, ..Config::check(&values)? })
    }

    fn check(values: &Values) -> Result<Config> {
        let all = |key: &str| values.get(key).cloned().unwrap_or_default();
        let one = |key: &str| all(key).into_iter().next().filter(|text| !text.is_empty());
        let path = |key: &str| one(key).map(PathBuf::from);
        let flag = |key: &str| match one(key).as_deref() {
            Some("true" | "yes" | "1") => Ok(true),
            Some("false" | "no" | "0") | None => Ok(false),
            Some(other) => bail!("{key}: {other:?} is neither true nor false"),
        };
        let span = |key: &str| duration(&one(key).unwrap_or_default()).with_context(|| key.to_owned());
        let listen = one("listen").unwrap_or_default();
        let host_root = path("host_root").unwrap_or_else(|| "/".into());
        let retention = span("retention")?;
        let discover = match one("discover").as_deref() {
            Some("ask") | None => Discover::Ask,
            Some("auto") => Discover::Auto,
            Some("off" | "false") => Discover::Off,
            Some(other) => bail!("discover: {other:?} is none of ask, auto, off"),
        };
        let gpu_interval = span("gpu.interval")?;
        if !gpu_interval.is_zero() && gpu_interval < LEAST_GPU_INTERVAL {
            bail!("gpu.interval: less than 50ms is less than the library has to tell");
        }
        let log_format = one("log_format").unwrap_or_default();
        if !["text", "json"].contains(&log_format.as_str()) {
            bail!("log_format: {log_format:?} is neither text nor json");
        }
        let number = |key: &str| -> Result<u64> {
            let text = one(key).unwrap_or_default();
            text.replace('_', "").parse().with_context(|| format!("{key}: {text:?} is not a number"))
        };
        Ok(Config {
            data: path("data").unwrap_or_else(|| "data".into()),
            listen: address(&listen)
                .with_context(|| format!("listen: {listen:?} is not an address and port"))?,
            prometheus: path("prometheus_config"),
            promtail: path("promtail_config"),
            loki: path("loki_config"),
            grafana: all("grafana_provisioning").into_iter().map(PathBuf::from).collect(),
            retention: (!retention.is_zero()).then_some(retention),
            metric_retention: all("metric_retention")
                .iter()
                .map(|text| retention_class(text))
                .collect::<Result<_>>()
                .context("metric_retention")?,
            retention_given: false,
            log_streams: StreamRetention::parse_all(&all("logs.retention_stream"))
                .context("logs.retention_stream")?,
            log_disk_bytes: Some(number("logs.disk_budget_mib")?.saturating_mul(1 << 20)).filter(|n| *n > 0),
            host_flags: Flags::parse(&all("node_exporter_flags"), Roots::below(&host_root))
                .map_err(|why| anyhow::anyhow!("node_exporter_flags: {why}"))?,
            collect: flag("collect")?,
            discover,
            gpu_interval,
            gpu_library: path("gpu.library"),
            drop_in_ports: flag("drop_in_ports")?,
            log_json: log_format == "json",
            log_level: one("log_level").unwrap_or_default(),
            access: Access::check(values)?,
            limits: model::Limits {
                timeout: span("query.timeout")?,
                max_samples: number("query.max_samples")?,
                max_bytes: number("query.max_memory_mib")?.saturating_mul(1 << 20),
            },
            lookback: span("query.lookback_delta")?,
            shown: shown(values),
        })
    }
}

impl Access {
    fn check(values: &Values) -> Result<Access> {
        let all = |key: &str| values.get(key).cloned().unwrap_or_default();
        let one = |key: &str| all(key).into_iter().next().filter(|text| !text.is_empty());
        let from_file = match one("access.admin_password_file") {
            None => None,
            Some(path) => {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("access.admin_password_file: cannot read {path}"))?;
                Some(text.lines().next().unwrap_or_default().to_owned())
            }
        };
        let admin_password = one("admin_password").or(from_file);
        if admin_password.as_ref().is_some_and(|password| password.chars().count() < 8) {
            bail!("the admin password is shorter than 8 characters");
        }
        let networks = all("access.open_ingest").into_iter().map(|text| text.parse::<Cidr>());
        Ok(Access {
            admin_password,
            tokens: all("access.tokens").iter().map(|text| token(text)).collect::<Result<_>>()?,
            open_ingest: networks.collect::<Result<_, _>>().context("access.open_ingest")?,
            allowed_hosts: all("access.allowed_hosts"),
            cors_origins: all("access.cors_origins"),
        })
    }
}

/// Gives a key a value that beats earlier ones. The password and its file are one setting: the later of them counts.
fn replace(given: &mut Values, name: &'static str, values: Vec<String>) {
    match name {
        "admin_password" => drop(given.remove("access.admin_password_file")),
        "access.admin_password_file" => drop(given.remove("admin_password")),
        _ => {}
    }
    given.insert(name, values);
}

fn retention_class(text: &str) -> Result<metric_store::RetentionClass> {
    let mut parts = text.trim().splitn(3, char::is_whitespace);
    let (Some(name), Some(span), Some(selector)) = (parts.next(), parts.next(), parts.next()) else {
        bail!("{text:?}: write NAME DURATION SELECTOR, as gpu 1y {{job=\"dcgm\"}}")
    };
    let matchers = promql::parse_selector(selector.trim()).with_context(|| selector.trim().to_owned())?;
    let retention = duration(span)?;
    Ok(metric_store::RetentionClass { name: name.to_owned(), matchers, retention })
}

fn token(text: &str) -> Result<Token> {
    let expected = "access.tokens: write each as NAME:ROLE:SECRET, with the role admin, read or ingest";
    let mut parts = text.splitn(3, ':');
    let (Some(name), Some(role), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
        bail!(expected)
    };
    let role = match role {
        "admin" => Role::Admin,
        "read" => Role::Read,
        "ingest" => Role::Ingest,
        _ => bail!(expected),
    };
    if secret.len() < 16 {
        bail!("access.tokens: the secret of {name:?} is shorter than 16 characters");
    }
    Ok(Token { name: name.to_owned(), secret: secret.to_owned(), role })
}

fn flags(args: &ServeArgs) -> Vec<(&'static str, Vec<String>)> {
    let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
    vec![
        ("data", one(&args.data)),
        ("listen", one(&args.listen)),
        ("prometheus_config", one(&args.prometheus_config)),
        ("promtail_config", one(&args.promtail_config)),
        ("loki_config", one(&args.loki_config)),
        ("grafana_provisioning", args.grafana_provisioning.clone()),
        ("retention", one(&args.retention)),
        ("collect", if args.no_collect { vec!["false".into()] } else { Vec::new() }),
        ("log_format", one(&args.log_format)),
        ("log_level", one(&args.log_level)),
        ("access.admin_password_file", one(&args.admin_password_file)),
        ("access.open_ingest", args.open_ingest.clone()),
    ]
}

fn shown(values: &Values) -> BTreeMap<&'static str, String> {
    let secret = |name: &str| KEYS.iter().any(|key| key.name == name && key.secret);
    let text = |name: &str, all: &Vec<String>| match secret(name) && !all.is_empty() {
        true => "<secret>".to_owned(),
        false => all.join(", "),
    };
    values.iter().map(|(name, all)| (*name, text(name, all))).collect()
}

fn address(text: &str) -> Result<SocketAddr> {
    let text =
        if let Some(port) = text.strip_prefix(':') { format!("0.0.0.0:{port}") } else { text.to_owned() };
    text.to_socket_addrs()?.next().context("no such host")
}

/// `0`, or numbers with units as Prometheus writes durations: `30d`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration> {
    let ms = collect::parse_duration_ms(text).map_err(anyhow::Error::msg)?;
    Ok(Duration::from_millis(ms.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, env: &[(&str, &str)], args: ServeArgs) -> Result<Config> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pharos.yaml");
        std::fs::write(&path, file).expect("written");
        let args = ServeArgs { config: Some(path), ..args };
        Config::load(&args, |name| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn flag_beats_environment_beats_file_beats_default() {
        let file = "listen: 127.0.0.1:1\nretention: 1d\nquery: {timeout: 5s}\naccess:\n  open_ingest: [10.0.0.0/8]\n";
        let env = [("PHAROS_LISTEN", "127.0.0.1:2"), ("PHAROS_QUERY_MAX_SAMPLES", "7")];
        let args = ServeArgs { listen: Some("127.0.0.1:3".into()), ..ServeArgs::default() };
        let config = load(file, &env, args).expect("valid");
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.retention, Some(Duration::from_secs(86_400)));
        assert_eq!(config.limits.timeout, Duration::from_secs(5));
        assert_eq!(config.limits.max_samples, 7);
        assert_eq!(config.access.open_ingest.len(), 1);
        assert!(config.collect && config.data.to_str() == Some("./data"));
        assert_eq!(load("", &env, ServeArgs::default()).expect("valid").listen.port(), 2);
        let default = load("", &[("PHAROS_LISTEN", "")], ServeArgs::default()).expect("valid");
        assert_eq!((default.listen.port(), default.retention_given), (3000, false));
        assert!(load("retention: 30d", &[], ServeArgs::default()).expect("valid").retention_given);
    }

    #[test]
    fn a_password_file_that_is_a_flag_beats_a_variable() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "from the file\n").expect("written");
        let path = file.path().to_str().expect("UTF-8").to_owned();
        let env = [("PHAROS_ADMIN_PASSWORD", "from the variable")];
        let args = ServeArgs { admin_password_file: Some(path.clone()), ..ServeArgs::default() };
        let password = |config: Config| config.access.admin_password;
        assert_eq!(password(load("", &env, args).expect("valid")).as_deref(), Some("from the file"));
        let file = format!("access: {{admin_password_file: {path}}}");
        let config = load(&file, &env, ServeArgs::default()).expect("valid");
        assert_eq!(password(config).as_deref(), Some("from the variable"));
    }

    #[test]
    fn mistakes_are_named_with_the_fix() {
        let check = |file: &str, part: &str| {
            let error = format!("{:#}", load(file, &[], ServeArgs::default()).err().expect("an error"));
            assert!(error.contains(part), "{file:?}: {error}");
        };
        check("lissten: x", "unknown key \"lissten\": did you mean \"listen\"?");
        check("access:\n  opn_ingest: []", "did you mean \"access.open_ingest\"?");
        check("listen: nowhere", "is not an address and port");
        check("retention: 5x", "is not a duration such as");
        check("collect: maybe", "neither true nor false");
        check("access: {tokens: [a]}", "NAME:ROLE:SECRET");
        check("access: {open_ingest: [x]}", "is not a network");
        check("a: [", "line");
        check("node_exporter_flags: ['--collector.netdev.device-exclude=(']", "netdev.device-exclude=(");
        check("listen: [a, b]", "one value");
        check("discover: all", "none of ask, auto, off");
        check("gpu: {interval: 10ms}", "gpu.interval: less than 50ms");
        check("metric_retention: ['gpu 1y']", "write NAME DURATION SELECTOR");
        check("metric_retention: ['gpu 1y {job=}']", "metric_retention: {job=}: ");
    }

    #[test]
    fn metrics_may_have_a_retention_of_their_own() {
        let text = "gpu 1y {job=\"dcgm\",gpu=~\"0|1\"}, noise 2d go_gc_duration_seconds";
        let config = load("", &[("PHAROS_METRIC_RETENTION", text)], ServeArgs::default()).expect("valid");
        let classes: Vec<_> = config
            .metric_retention
            .iter()
            .map(|class| (class.name.as_str(), class.retention.as_secs() / 86_400, class.matchers.len()))
            .collect();
        assert_eq!(classes, [("gpu", 365, 2), ("noise", 2, 1)]);
    }

    #[test]
    fn durations() {
        let check = |text: &str, seconds: u64| {
            assert_eq!(duration(text).expect("valid").as_secs(), seconds, "{text}")
        };
        check("0", 0);
        check("30d", 2_592_000);
        check("1h30m", 5400);
        assert!(duration("").is_err() && duration("5").is_err());
    }

    #[test]
    fn the_reference_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let page = reference();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).expect("written");
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == page, "docs/configuration.md is not current: run UPDATE_DOCS=1 cargo test -p pharos");
    }
}
