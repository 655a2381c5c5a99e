//! What is being collected, as of now: for `/api/v1/targets` and the home page.

use model::Labels;

/// Whether a target answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// Not asked yet.
    #[default]
    Unknown,
    /// The last scrape succeeded.
    Up,
    /// The last scrape failed.
    Down,
}

impl Health {
    /// The word of Prometheus' API.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Unknown => "unknown",
            Health::Up => "up",
            Health::Down => "down",
        }
    }
}

/// One target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetStatus {
    /// The scrape configuration's `job_name` (Prometheus: scrape pool).
    pub job_name: String,
    /// Its labels, `job` and `instance` included.
    pub labels: Labels,
    /// Its labels before relabelling.
    pub discovered_labels: Labels,
    /// What is asked; empty for what runs in this process.
    pub url: String,
    /// Whether it answers.
    pub health: Health,
    /// Why the last scrape failed, or why its samples could not be kept; empty if all is well.
    pub last_error: String,
    /// When the last scrape began, ms.
    pub last_scrape_ms: Option<i64>,
    /// How long it took.
    pub last_duration_seconds: f64,
    /// Samples on its page.
    pub samples: u64,
    /// Time from scrape to scrape, ms.
    pub interval_ms: i64,
    /// Time a scrape may take, ms.
    pub timeout_ms: i64,
}

/// A target that a relabelling rule dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct DroppedTarget {
    /// The scrape configuration's `job_name`.
    pub job_name: String,
    /// Its labels before relabelling.
    pub discovered_labels: Labels,
}

/// A discovery, or an address it gave, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryError {
    /// The scrape configuration's `job_name`.
    pub job_name: String,
    /// The file, the URL or the address.
    pub origin: String,
    /// What is wrong.
    pub error: String,
}

/// Everything that is collected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectStatus {
    /// Targets, by job and labels.
    pub targets: Vec<TargetStatus>,
    /// Targets that rules dropped, at most `keep_dropped_targets` a job.
    pub dropped: Vec<DroppedTarget>,
    /// How many each job dropped.
    pub dropped_counts: Vec<(String, u64)>,
    /// What is wrong with discoveries.
    pub discovery_errors: Vec<DiscoveryError>,
}
