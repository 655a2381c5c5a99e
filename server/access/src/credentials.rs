//! Passwords as argon2id hashes, and what an `Authorization` header says.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Error, Result};

/// The argon2id hash of a password, as a PHC string with its own salt.
pub fn hash_password(password: &str) -> Result<String> {
    let hash =
        Argon2::default().hash_password(password.as_bytes()).map_err(|e| Error::Hashing(e.to_string()))?;
    Ok(hash.to_string())
}

/// A new password: 120 random bits in letters and digits that are hard to mistake.
pub fn generate_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random: [u8; 24] = rand::random();
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// Whether `password` is the one that was hashed.
pub(crate) fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

/// An error if `hash` is no PHC string.
pub(crate) fn check_hash(hash: &str) -> Result<()> {
    PasswordHash::new(hash).map(|_| ()).map_err(|e| Error::Hash(e.to_string()))
}

/// What a client shows to be let in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// HTTP basic authentication (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// A bearer token (RFC 6750).
    Bearer(String),
}

impl Credentials {
    /// Reads the value of an `Authorization` header; `None` if it is neither kind.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Credentials::Bearer(rest.trim().to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some(Credentials::Basic { user: user.to_owned(), password: password.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_authorization_headers() {
        let basic = Credentials::Basic { user: "admin".into(), password: "a:b".into() };
        assert!(Credentials::parse("Basic YWRtaW46YTpi") == Some(basic));
        assert!(Credentials::parse("bearer abc") == Some(Credentials::Bearer("abc".into())));
        for wrong in ["", "Basic", "Basic !", "Digest x", "Basic YWRtaW4="] {
            assert!(Credentials::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn hashes_verify_and_differ() {
        let (a, b) = (hash_password("secret").expect("hashed"), hash_password("secret").expect("hashed"));
        assert!(a.starts_with("$argon2id$") && a != b);
        assert!(verify("secret", &a) && !verify("Secret", &a) && !verify("secret", "nonsense"));
        assert_ne!(generate_password(), generate_password());
        assert_eq!(generate_password().len(), 24);
    }
}
