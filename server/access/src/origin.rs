//! Keeps pages elsewhere from driving a Pharos in the visitor's browser: DNS rebinding (a foreign name in `Host`) and
//! cross-site requests (a foreign `Origin`, or `Sec-Fetch-Site: cross-site` without a navigation).

use std::net::IpAddr;

use crate::guard::{Policy, RequestFacts};

/// Why a request must not come from where it comes from, if so.
pub(crate) fn refuse(policy: &Policy, facts: &RequestFacts<'_>) -> Option<String> {
    let host = facts.host.map(host_name).unwrap_or_default();
    // Without a password nothing else tells a rebound name from the owner's own.
    if !policy.needs_password() && !is_own_name(policy, host) {
        return Some(format!(
            "the name {host:?} in the Host header is not known to be this server's: open it as http://localhost, or \
             add the name to access.allowed_hosts"
        ));
    }
    match facts.origin {
        None => {}
        Some(origin) if policy.cors_origins.iter().any(|allowed| allowed == origin || allowed == "*") => {
            return None;
        }
        Some(origin) if same_origin(origin, facts.host.unwrap_or_default()) => return None,
        Some(origin) => {
            return Some(format!(
                "a page of {origin} may not call this server: add it to access.cors_origins"
            ));
        }
    }
    let cross_site = facts.fetch_site.is_some_and(|site| site == "cross-site");
    let navigation = facts.fetch_mode.is_some_and(|mode| mode == "navigate") && facts.is_get;
    if cross_site && !navigation {
        return Some("a page of another site may not call this server: see access.cors_origins".into());
    }
    None
}

/// `localhost:3000` without its port; `[::1]:3000` without port and brackets.
fn host_name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

fn is_own_name(policy: &Policy, host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        // An address cannot be rebound; one of this machine reaches only who may connect to it.
        return address.is_loopback() || policy.allowed_hosts.iter().any(|name| name == host);
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // HTTP/1.0 clients send no Host; browsers always do.
    host.is_empty()
        || host == "localhost"
        || host.ends_with(".localhost")
        || policy.allowed_hosts.iter().any(|name| name.eq_ignore_ascii_case(&host))
}

fn same_origin(origin: &str, host: &str) -> bool {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
}
