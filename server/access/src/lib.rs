//! Who may do what: passwords, tokens, networks that may push, and pages elsewhere that may not drive a browser.
//!
//! Decides over plain values; it must never know HTTP types, metric or log stores, or configuration files.

mod cidr;
mod credentials;
mod error;
mod guard;
mod origin;
mod throttle;
mod users;

pub use cidr::Cidr;
pub use credentials::{Credentials, generate_password, hash_password};
pub use error::{Error, Result};
pub use guard::{Action, Attempt, Decision, Guard, Policy, RequestFacts, Role, Token};
pub use users::Users;
