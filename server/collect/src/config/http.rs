//! How a server is spoken to: credentials, TLS, redirects, proxies.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::report::Status;
use crate::section::Section;

/// A text that may lie in a file, read whenever it is needed so that it may change.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Given in the configuration.
    Text(String),
    /// In a file, blanks around it removed.
    File(PathBuf),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Secret::Text(_) => f.write_str("<secret>"),
            Secret::File(path) => write!(f, "<secret in {}>", path.display()),
        }
    }
}

impl Secret {
    /// The text. Reads the file if it is in one.
    pub(crate) fn reveal(&self) -> Result<String> {
        match self {
            Secret::Text(text) => Ok(text.clone()),
            Secret::File(path) => Ok(super::read_file(path)?.trim().to_owned()),
        }
    }

    /// The secret below `key` or in the file that `file_key` names.
    pub(crate) fn read(
        section: &Section<'_>,
        key: &'static str,
        file_key: &'static str,
        folder: &Path,
    ) -> Result<Option<Secret>> {
        let text = section.text(key)?;
        let file = section.text(file_key)?;
        match (text, file) {
            (Some(_), Some(_)) => Err(section.bad(key, format!("{key} and {file_key} exclude each other"))),
            (Some(text), None) => Ok(Some(Secret::Text(text))),
            (None, Some(file)) => Ok(Some(Secret::File(folder.join(file)))),
            (None, None) => Ok(None),
        }
    }
}

/// Who we say we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Nobody.
    None,
    /// User name and password.
    Basic(Secret, Option<Secret>),
    /// The scheme (`Bearer`) and what follows it.
    Header(String, Secret),
}

/// `tls_config`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Certificates that are trusted instead of the system's.
    pub ca: Option<Secret>,
    /// Our certificate.
    pub cert: Option<Secret>,
    /// Its key.
    pub key: Option<Secret>,
    /// The name that the server's certificate must have instead of the address's; needs `ca`.
    pub server_name: Option<String>,
    /// Trust anybody.
    pub insecure_skip_verify: bool,
}

/// How a server is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Credentials.
    pub auth: Auth,
    /// TLS.
    pub tls: TlsConfig,
    /// Whether answers 3xx are followed.
    pub follow_redirects: bool,
    /// Whether HTTP/2 may be used over TLS.
    pub enable_http2: bool,
    /// A proxy's URL.
    pub proxy_url: Option<String>,
    /// Whether `HTTP_PROXY` and its kin are heeded.
    pub proxy_from_environment: bool,
    /// Further request headers.
    pub headers: Vec<(String, Secret)>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        HttpConfig {
            auth: Auth::None,
            tls: TlsConfig::default(),
            follow_redirects: true,
            enable_http2: true,
            proxy_url: None,
            proxy_from_environment: false,
            headers: Vec::new(),
        }
    }
}

impl HttpConfig {
    /// Reads the keys that scrape and discovery configurations share.
    pub(crate) fn read(section: &Section<'_>, folder: &Path) -> Result<Self> {
        let mut config = HttpConfig { auth: read_auth(section, folder)?, ..HttpConfig::default() };
        if let Some(tls) = section.section("tls_config")? {
            config.tls = TlsConfig {
                ca: Secret::read(&tls, "ca", "ca_file", folder)?,
                cert: Secret::read(&tls, "cert", "cert_file", folder)?,
                key: Secret::read(&tls, "key", "key_file", folder)?,
                server_name: tls.text("server_name")?.filter(|name| !name.is_empty()),
                insecure_skip_verify: tls.bool("insecure_skip_verify")?.unwrap_or(false),
            };
            if config.tls.cert.is_some() != config.tls.key.is_some() {
                return Err(tls.bad("cert", "a certificate and its key belong together"));
            }
            if config.tls.server_name.is_some() {
                let (status, note) = match config.tls.ca {
                    Some(_) => {
                        (Status::Approximated, "certificates are checked against it; it is not sent as SNI")
                    }
                    None => (Status::Ignored, "it needs ca or ca_file beside it"),
                };
                tls.restate("server_name", status, note);
            }
            tls.ignored(&["min_version", "max_version"], "TLS 1.2 and 1.3 are spoken");
            tls.finish();
        }
        config.follow_redirects = section.bool("follow_redirects")?.unwrap_or(true);
        config.enable_http2 = section.bool("enable_http2")?.unwrap_or(true);
        config.proxy_url = section.text("proxy_url")?.filter(|url| !url.is_empty());
        config.proxy_from_environment = section.bool("proxy_from_environment")?.unwrap_or(false);
        section.ignored(&["no_proxy", "proxy_connect_header"], "not supported yet");
        section.ignored(&["oauth2"], "not supported yet: the target is asked without a token");
        if let Some(headers) = section.value("http_headers") {
            config.headers = read_headers(section, headers, folder)?;
        }
        Ok(config)
    }
}

fn read_auth(section: &Section<'_>, folder: &Path) -> Result<Auth> {
    let mut found = Vec::new();
    if let Some(basic) = section.section("basic_auth")? {
        let user = Secret::read(&basic, "username", "username_file", folder)?;
        let password = Secret::read(&basic, "password", "password_file", folder)?;
        basic.finish();
        found.push(Auth::Basic(user.unwrap_or(Secret::Text(String::new())), password));
    }
    if let Some(authorization) = section.section("authorization")? {
        let scheme = authorization.text("type")?.unwrap_or_else(|| "Bearer".to_owned());
        let credentials = Secret::read(&authorization, "credentials", "credentials_file", folder)?;
        authorization.finish();
        found.extend(credentials.map(|credentials| Auth::Header(scheme, credentials)));
    }
    let bearer = Secret::read(section, "bearer_token", "bearer_token_file", folder)?;
    found.extend(bearer.map(|token| Auth::Header("Bearer".to_owned(), token)));
    if found.len() > 1 {
        let why = "basic_auth, authorization and bearer_token exclude each other";
        return Err(section.bad("authorization", why));
    }
    Ok(found.pop().unwrap_or(Auth::None))
}

fn read_headers(
    section: &Section<'_>,
    headers: &serde_yaml_ng::Value,
    folder: &Path,
) -> Result<Vec<(String, Secret)>> {
    let bad =
        || section.bad("http_headers", "a mapping of header names to values, secrets or files was expected");
    let mut out = Vec::new();
    for (name, kinds) in headers.as_mapping().ok_or_else(bad)? {
        let name = name.as_str().ok_or_else(bad)?;
        for (kind, list) in kinds.as_mapping().ok_or_else(bad)? {
            for item in list.as_sequence().ok_or_else(bad)? {
                let text = crate::section::text_of(item).ok_or_else(bad)?;
                out.push((
                    name.to_owned(),
                    match kind.as_str() {
                        Some("values" | "secrets") => Secret::Text(text),
                        Some("files") => Secret::File(folder.join(text)),
                        _ => return Err(bad()),
                    },
                ));
            }
        }
    }
    Ok(out)
}
