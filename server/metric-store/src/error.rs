//! What goes wrong in a metric store.

use model::ErrorKind;

/// The error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk, the log or a database.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A partition holds bytes that do not make sense.
    #[error("partition {partition}: {what} is damaged: {why}")]
    Damaged {
        /// The partition's path below the store's folder.
        partition: String,
        /// Which part of it: a key.
        what: String,
        /// What does not fit.
        why: String,
    },
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(String),
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whose it is to mend.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Storage(error) => error.kind(),
            Error::Damaged { .. } => ErrorKind::Corrupt,
            Error::Config(_) => ErrorKind::BadInput,
        }
    }
}

impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(error) => error.into(),
            other => model::Error::new(other.kind(), other.to_string()),
        }
    }
}
