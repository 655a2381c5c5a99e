//! Where the admin's password comes from: given, kept from before, or made and printed once.

use std::net::SocketAddr;

use access::{Guard, Policy, Users, generate_password, hash_password};
use anyhow::{Context, Result};
use storage::Documents;

use crate::config::Access;

/// The guard of this server. Beyond loopback there is always a password; on loopback only if one was given.
pub(crate) fn guard(access: &Access, listen: SocketAddr, control: &Documents) -> Result<Guard> {
    let policy = Policy {
        admin_hash: admin_hash(access, listen, control)?,
        tokens: access.tokens.clone(),
        open_ingest: access.open_ingest.clone(),
        allowed_hosts: access.allowed_hosts.clone(),
        cors_origins: access.cors_origins.clone(),
    };
    Ok(Guard::new(policy)?)
}

fn admin_hash(access: &Access, listen: SocketAddr, control: &Documents) -> Result<Option<String>> {
    if let Some(password) = &access.admin_password {
        return Ok(Some(hash_password(password)?));
    }
    if listen.ip().is_loopback() {
        return Ok(None);
    }
    let users = Users::new(control);
    if let Some(hash) = users.hash_of("admin")? {
        return Ok(Some(hash));
    }
    let password = generate_password();
    let hash = hash_password(&password)?;
    users.set_hash("admin", &hash).context("the new admin password cannot be kept")?;
    // Not through the log: the log is kept as a stream that others may read.
    eprintln!(
        "\n  {listen} is reachable from elsewhere, so this server wants a password.\n  User: admin   Password: \
         {password}\n  It is shown this once. Set your own with PHAROS_ADMIN_PASSWORD or --admin-password-file.\n"
    );
    Ok(Some(hash))
}
