//! What can be wrong with a dashboard or a provisioning file.

use model::ErrorKind;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not JSON or YAML.
    #[error("{what}: {message}")]
    Syntax {
        /// The file or the dashboard.
        what: String,
        /// Line, column and what was expected.
        message: String,
    },
    /// It is JSON, but no dashboard.
    #[error("{0}")]
    NotADashboard(String),
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whose it is to mend.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Syntax { .. } | Error::NotADashboard(_) => ErrorKind::BadInput,
            Error::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            Error::Read { .. } => ErrorKind::Unavailable,
        }
    }
}
