//! What goes wrong in the log store.

use model::ErrorKind;

/// The error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files below failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The word index failed; it is derived and will be rebuilt.
    #[error("word index: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// Stored bytes are not what this program wrote.
    #[error("{0}")]
    Corrupt(String),
    /// It may work later.
    #[error("{0}")]
    Unavailable(String),
    /// An error of the caller's control: late, cancelled, over budget.
    #[error(transparent)]
    Model(#[from] model::Error),
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Error::Corrupt(what.into())
    }

    /// Whose it is to mend.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Storage(error) => error.kind(),
            Error::Index(_) | Error::Unavailable(_) => ErrorKind::Unavailable,
            Error::Corrupt(_) => ErrorKind::Corrupt,
            Error::Model(error) => error.kind(),
        }
    }
}

impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Model(error) => error,
            Error::Storage(error) => error.into(),
            other => model::Error::new(other.kind(), other.to_string()),
        }
    }
}
