//! What can go wrong while collecting.

use model::ErrorKind;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration file is wrong: where, and what.
    #[error("{path}: {why}")]
    Config {
        /// The key's path, as in `scrape_configs[2].scrape_interval`.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A target or a discovery server did not answer as it should.
    #[error("{0}")]
    Fetch(String),
    /// A page could not be used.
    #[error(transparent)]
    Page(#[from] wire::Error),
    /// A bound of the configuration was passed.
    #[error("{0}")]
    Limit(String),
    /// The store refused.
    #[error("cannot store the samples: {0}")]
    Store(#[from] model::Error),
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn config(path: impl Into<String>, why: impl ToString) -> Self {
        Error::Config { path: path.into(), why: why.to_string() }
    }

    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Config { .. } | Error::Page(_) => ErrorKind::BadInput,
            Error::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            Error::Read { .. } | Error::Fetch(_) => ErrorKind::Unavailable,
            Error::Limit(_) => ErrorKind::Limit,
            Error::Store(error) => error.kind(),
        }
    }
}

impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        model::Error::new(error.kind(), error.to_string())
    }
}
