//! What can be wrong with access settings.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A network is not written as `ADDRESS/BITS`.
    #[error("{0:?} is not a network: write it as 10.0.0.0/8, 192.168.1.7 or fd00::/8")]
    Network(String),
    /// A stored password hash cannot be read.
    #[error("the stored password hash cannot be read ({0}): set the password anew")]
    Hash(String),
    /// The system's random numbers are not available.
    #[error("a password cannot be hashed: {0}")]
    Hashing(String),
    /// The database of users failed.
    #[error("users cannot be read or kept: {0}")]
    Storage(storage::Error),
}

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whose it is to mend.
    pub fn kind(&self) -> model::ErrorKind {
        match self {
            Error::Network(_) => model::ErrorKind::BadInput,
            Error::Hash(_) => model::ErrorKind::Corrupt,
            Error::Hashing(_) => model::ErrorKind::Internal,
            Error::Storage(error) => error.kind(),
        }
    }
}
