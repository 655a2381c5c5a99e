//! What can go wrong with a LogQL query, in Loki's words.

use model::ErrorKind;

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A query that cannot be parsed, planned or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not LogQL; line and column count from 1.
    #[error("parse error at line {line}, col {col}: {message}")]
    Syntax {
        /// Line of the offending token.
        line: usize,
        /// Column of the offending token, in characters.
        col: usize,
        /// Byte range of the offending token.
        span: (usize, usize),
        /// What is wrong.
        message: String,
    },
    /// The text is LogQL, its meaning is not allowed.
    #[error("parse error : {0}")]
    Invalid(String),
    /// A metric query met a line that its pipeline could not handle.
    #[error(
        "pipeline error: '{kind}' for series: '{series}'.\nUse a label filter to intentionally skip this error. \
         (e.g | __error__!=\"{kind}\").\nTo skip all potential errors you can match empty errors.\
         (e.g __error__=\"\")\nThe label filter can also be specified after unwrap. \
         (e.g | unwrap latency | __error__=\"\" )\n"
    )]
    Pipeline {
        /// The value of `__error__`.
        kind: String,
        /// The series' labels.
        series: String,
    },
    /// Series that cannot be combined, a step that is not positive, and the like.
    #[error("{0}")]
    Evaluation(String),
    /// More than a named bound.
    #[error("{0}")]
    Limit(String),
    /// What the source answered.
    #[error(transparent)]
    Source(#[from] model::Error),
}

impl Error {
    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Source(error) => error.kind(),
            Error::Limit(_) => ErrorKind::Limit,
            _ => ErrorKind::BadInput,
        }
    }

    /// Byte range of what is wrong in the query, where it is known.
    pub fn span(&self) -> Option<(usize, usize)> {
        match self {
            Error::Syntax { span, .. } => Some(*span),
            _ => None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::Invalid(message.into())
    }

    pub(crate) fn evaluation(message: impl Into<String>) -> Self {
        Error::Evaluation(message.into())
    }
}

impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Source(error) => error,
            other => model::Error::new(other.kind(), other.to_string()),
        }
    }
}
