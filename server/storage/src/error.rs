//! What goes wrong between this program and its disk, and whose it is to mend.

use std::io;
use std::path::{Path, PathBuf};

use model::ErrorKind;

/// The error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused: full disk, I/O error, no permission. It may work later.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Stored bytes are damaged.
    #[error("{}: damaged: {what}", path.display())]
    Corrupt {
        /// The file; empty where only the owner knows it.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// It may work later, and nothing is lost that was acknowledged.
    #[error("{0}")]
    Unavailable(String),
    /// The user has to change something: the folder, a permission, the program's version.
    #[error("{0}")]
    Refused(String),
    /// A named bound was reached.
    #[error("{0}")]
    Limit(String),
    /// An error of the owner, carried through a transaction.
    #[error("{0}")]
    Owner(model::Error),
    /// The database engine failed in a way that is none of the above.
    #[error("database: {0}")]
    Database(#[source] redb::Error),
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Damaged bytes in `path`.
    pub fn corrupt(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Error::Corrupt { path: path.into(), what: what.into() }
    }

    /// Turns an I/O error into one that says what was tried on which path.
    pub fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
        move |source| Error::Io { action, path: path.to_path_buf(), source }
    }

    /// Whose it is to mend.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Io { .. } | Error::Unavailable(_) => ErrorKind::Unavailable,
            Error::Corrupt { .. } => ErrorKind::Corrupt,
            Error::Refused(_) => ErrorKind::BadInput,
            Error::Limit(_) => ErrorKind::Limit,
            Error::Owner(error) => error.kind(),
            Error::Database(_) => ErrorKind::Internal,
        }
    }

    /// Whether the medium is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }

    /// The same error, with the path it happened at if it had none.
    pub fn at(self, at: &Path) -> Self {
        match self {
            Error::Corrupt { path, what } if path.as_os_str().is_empty() => {
                Error::Corrupt { path: at.to_path_buf(), what }
            }
            Error::Io { action, path, source } if path.as_os_str().is_empty() => {
                Error::Io { action, path: at.to_path_buf(), source }
            }
            other => other,
        }
    }
}

impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Owner(error) => error,
            other => model::Error::new(other.kind(), other.to_string()),
        }
    }
}

impl From<model::Error> for Error {
    fn from(error: model::Error) -> Self {
        Error::Owner(error)
    }
}

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        let none = PathBuf::new();
        match error {
            redb::Error::Io(source)
                if matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
            {
                Error::Corrupt { path: none, what: source.to_string() }
            }
            redb::Error::Io(source) => Error::Io { action: "database access to", path: none, source },
            redb::Error::PreviousIo => {
                Error::Unavailable("the database failed before and is reopened".into())
            }
            redb::Error::DatabaseClosed => Error::Unavailable("the database is closed".into()),
            redb::Error::Corrupted(what) => Error::Corrupt { path: none, what },
            redb::Error::RepairAborted => {
                Error::Corrupt { path: none, what: "it was not closed cleanly".into() }
            }
            redb::Error::TableDoesNotExist(table) => {
                Error::Corrupt { path: none, what: format!("it has no table {table:?}") }
            }
            redb::Error::UpgradeRequired(version) => {
                Error::Corrupt { path: none, what: format!("its file format {version} is not supported") }
            }
            other => Error::Database(other),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Error {
            fn from(error: redb::$error) -> Self {
                Error::from(redb::Error::from(error))
            }
        }
    )*};
}

from_redb!(
    StorageError,
    TableError,
    CommitError,
    TransactionError,
    DatabaseError,
    SetDurabilityError,
    CursorError
);
