//! What can go wrong with a query.

use model::ErrorKind;

/// The error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The text is not an expression.
    #[error("{line}:{column}: parse error: {message}")]
    Parse {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The query as a whole cannot be asked: its type, its times.
    #[error("{0}")]
    Query(String),
    /// The expression has no value on this data.
    #[error("{0}")]
    Execution(String),
    /// Reading failed, or a bound was reached.
    #[error(transparent)]
    Source(#[from] model::Error),
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn execution(message: impl Into<String>) -> Self {
        Error::Execution(message.into())
    }

    /// Whose it is to mend. [`Error::Execution`] is `BadInput` too; tell it apart from a parse error with
    /// [`Error::is_parse`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Parse { .. } | Error::Query(_) | Error::Execution(_) => ErrorKind::BadInput,
            Error::Source(error) => error.kind(),
        }
    }

    /// Whether the text was refused, before any evaluation (`bad_data` in the HTTP API, not `execution`).
    pub fn is_parse(&self) -> bool {
        matches!(self, Error::Parse { .. } | Error::Query(_))
    }
}
