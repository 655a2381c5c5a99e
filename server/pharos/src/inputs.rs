//! Other systems' files that are read at the start and on reload: what to scrape, what to tail, what to say of them.

use std::path::Path;

use api::Notice;
use collect::config::{PrometheusConfig, ScrapeConfig};
use collect::report::{Report, Status};
use collect::tail::TailConfig;

use crate::config::Config;
use crate::loki::LokiConfig;

/// What the files ask for.
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) scrape_configs: Vec<ScrapeConfig>,
    pub(crate) tail: TailConfig,
    pub(crate) notices: Vec<Notice>,
}

impl Inputs {
    /// Reads all files. One that cannot be read becomes a notice: the server starts all the same.
    pub(crate) fn read(config: &Config) -> Inputs {
        let mut inputs = Inputs::default();
        if let Some(path) = &config.prometheus {
            match PrometheusConfig::read(path) {
                Ok((read, report)) => {
                    inputs.scrape_configs = read.scrape_configs;
                    inputs.notices.extend(notices(path, &report));
                }
                Err(error) => inputs.notices.push(failed(path, &error.to_string())),
            }
        }
        if let Some(path) = &config.promtail {
            match TailConfig::read(path) {
                Ok((read, report)) => {
                    inputs.tail = read;
                    inputs.notices.extend(notices(path, &report));
                }
                Err(error) => inputs.notices.push(failed(path, &error.to_string())),
            }
        }
        if let Some(path) = &config.loki {
            match LokiConfig::read(path) {
                Ok((_, report)) => inputs.notices.extend(notices(path, &report)),
                Err(error) => inputs.notices.push(failed(path, &format!("{error:#}"))),
            }
        }
        inputs
    }

    /// Whether a file could not be read at all.
    pub(crate) fn failure(&self) -> Option<&Notice> {
        self.notices.iter().find(|notice| notice.level == "error")
    }
}

fn failed(path: &Path, message: &str) -> Notice {
    Notice { level: "error".into(), source: path.display().to_string(), message: message.to_owned() }
}

/// What deserves to be said of a file's keys: unknown ones are warnings, the others are for information.
fn notices(path: &Path, report: &Report) -> Vec<Notice> {
    let notice = |finding: &collect::report::Finding| Notice {
        level: if finding.status == Status::Unknown { "warn" } else { "info" }.into(),
        source: path.display().to_string(),
        message: finding.to_string(),
    };
    report.warnings().map(notice).collect()
}
