//! What can be wrong with bytes from outside.

use model::ErrorKind;

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line of an exposition page is wrong.
    #[error("line {line}: {why}: {text:?}")]
    Exposition {
        /// The line's number, from 1.
        line: usize,
        /// What is wrong.
        why: String,
        /// The start of the offending line.
        text: String,
    },
    /// The bytes are not what they claim to be.
    #[error("{what} cannot be decoded: {why}")]
    Malformed {
        /// Which format.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// One series or stream of a request is wrong.
    #[error("{what} {number} {labels}: {why}")]
    Item {
        /// `series` or `stream`.
        what: &'static str,
        /// Its number in the request, from 1.
        number: usize,
        /// Its labels as far as they could be read.
        labels: String,
        /// What is wrong.
        why: String,
    },
    /// Decompressed, the request is larger than allowed.
    #[error("request is larger than {limit} bytes when decompressed: send smaller batches")]
    TooLarge {
        /// The bound in bytes.
        limit: usize,
    },
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::TooLarge { .. } => ErrorKind::Limit,
            _ => ErrorKind::BadInput,
        }
    }

    pub(crate) fn malformed(what: &'static str, why: impl ToString) -> Self {
        Error::Malformed { what, why: why.to_string() }
    }

    pub(crate) fn exposition(line: usize, why: impl Into<String>, text: &str) -> Self {
        Error::Exposition { line, why: why.into(), text: shorten(text) }
    }
}

impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        model::Error::new(error.kind(), error.to_string())
    }
}

/// The first characters of `text`, enough to recognise it by.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 160;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
