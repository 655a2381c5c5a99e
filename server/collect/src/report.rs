//! What became of each key of somebody else's configuration file.

use serde::Serialize;

/// What is done with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It does what it does there.
    Used,
    /// Nearly: the note says where it differs.
    Approximated,
    /// Known, without effect here.
    Ignored,
    /// Not a key of that system, as far as known: a typing error, or too new.
    Unknown,
}

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where the key stands: `scrape_configs[0].static_configs[1]`; empty at the top.
    pub path: String,
    /// The key.
    pub key: String,
    /// What is done with it.
    pub status: Status,
    /// Why, for people; may be empty.
    pub note: String,
}

/// What became of all keys of a file, in the order they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Key by key.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Adds a finding.
    pub fn add(&mut self, path: &str, key: &str, status: Status, note: impl Into<String>) {
        self.findings.push(Finding { path: path.into(), key: key.into(), status, note: note.into() });
    }

    /// The findings that deserve a warning: all but those of keys that are used.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.status != Status::Used)
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = match self.status {
            Status::Used => "used",
            Status::Approximated => "approximated",
            Status::Ignored => "ignored",
            Status::Unknown => "unknown",
        };
        let dot = if self.path.is_empty() { "" } else { "." };
        write!(f, "{}{dot}{}: {word}", self.path, self.key)?;
        if self.note.is_empty() { Ok(()) } else { write!(f, ": {}", self.note) }
    }
}
