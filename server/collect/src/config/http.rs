//! How a server is spoken to: credentials, TLS, redirects, proxies.

use std::path::{Path, PathBuf};

use super::OAuth2;
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
    /// A token that another server gives.
    OAuth2(Box<OAuth2>),
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
    /// The oldest version that is spoken.
    pub min_version: Option<TlsVersion>,
    /// The newest version that is spoken.
    pub max_version: Option<TlsVersion>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2
    V1_2,
    /// TLS 1.3
    V1_3,
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
    /// Hosts, domains and networks that are asked without the proxy, parted by commas.
    pub no_proxy: Option<String>,
    /// Headers for the proxy.
    pub proxy_connect_headers: Vec<(String, Secret)>,
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
            no_proxy: None,
            proxy_connect_headers: Vec::new(),
            proxy_from_environment: false,
            headers: Vec::new(),
        }
    }
}

impl HttpConfig {
    /// Reads the keys that scrape and discovery configurations share.
    pub(crate) fn read(section: &Section<'_>, folder: &Path) -> Result<Self> {
        let mut config = HttpConfig::read_transport(section, folder)?;
        config.auth = read_auth(section, folder)?;
        config.follow_redirects = section.bool("follow_redirects")?.unwrap_or(true);
        config.enable_http2 = section.bool("enable_http2")?.unwrap_or(true);
        if let Some(headers) = section.value("http_headers") {
            config.headers = read_headers(section, headers, folder)?;
        }
        Ok(config)
    }

    /// The keys about TLS and proxies alone.
    pub(super) fn read_transport(section: &Section<'_>, folder: &Path) -> Result<Self> {
        let mut config = HttpConfig::default();
        if let Some(tls) = section.section("tls_config")? {
            config.tls = read_tls(&tls, folder)?;
            tls.finish();
        }
        config.proxy_url = section.text("proxy_url")?.filter(|url| !url.is_empty());
        config.proxy_from_environment = section.bool("proxy_from_environment")?.unwrap_or(false);
        config.no_proxy = section.text("no_proxy")?.filter(|hosts| !hosts.is_empty());
        if config.proxy_from_environment && (config.proxy_url.is_some() || config.no_proxy.is_some()) {
            let why = "excludes proxy_url and no_proxy";
            return Err(section.bad("proxy_from_environment", why));
        }
        if config.no_proxy.is_some() && config.proxy_url.is_none() {
            return Err(section.bad("no_proxy", "needs proxy_url beside it"));
        }
        if let Some(headers) = section.value("proxy_connect_header") {
            config.proxy_connect_headers = read_connect_headers(section, headers)?;
        }
        Ok(config)
    }
}

fn read_tls(tls: &Section<'_>, folder: &Path) -> Result<TlsConfig> {
    let version = |key: &'static str| -> Result<Option<TlsVersion>> {
        match tls.text(key)?.as_deref() {
            None => Ok(None),
            Some("TLS13") => Ok(Some(TlsVersion::V1_3)),
            Some("TLS12") => Ok(Some(TlsVersion::V1_2)),
            Some("TLS10" | "TLS11") => {
                tls.restate(key, Status::Approximated, "TLS 1.2 is the oldest that is spoken");
                Ok(Some(TlsVersion::V1_2))
            }
            Some(other) => Err(tls.bad(key, format!("{other:?} is not one of TLS10, TLS11, TLS12, TLS13"))),
        }
    };
    let config = TlsConfig {
        ca: Secret::read(tls, "ca", "ca_file", folder)?,
        cert: Secret::read(tls, "cert", "cert_file", folder)?,
        key: Secret::read(tls, "key", "key_file", folder)?,
        server_name: tls.text("server_name")?.filter(|name| !name.is_empty()),
        insecure_skip_verify: tls.bool("insecure_skip_verify")?.unwrap_or(false),
        min_version: version("min_version")?,
        max_version: version("max_version")?,
    };
    if config.cert.is_some() != config.key.is_some() {
        return Err(tls.bad("cert", "a certificate and its key belong together"));
    }
    if config.min_version.zip(config.max_version).is_some_and(|(min, max)| min > max) {
        return Err(tls.bad("min_version", "is newer than max_version"));
    }
    if config.server_name.is_some() {
        let (status, note) = match config.ca {
            Some(_) => (Status::Approximated, "certificates are checked against it; it is not sent as SNI"),
            None => (Status::Ignored, "it needs ca or ca_file beside it"),
        };
        tls.restate("server_name", status, note);
    }
    Ok(config)
}

fn read_connect_headers(
    section: &Section<'_>,
    headers: &serde_yaml_ng::Value,
) -> Result<Vec<(String, Secret)>> {
    let bad =
        || section.bad("proxy_connect_header", "a mapping of header names to lists of secrets was expected");
    let mut out = Vec::new();
    for (name, values) in headers.as_mapping().ok_or_else(bad)? {
        let name = name.as_str().ok_or_else(bad)?;
        for value in values.as_sequence().ok_or_else(bad)? {
            let value = crate::section::text_of(value).ok_or_else(bad)?;
            out.push((name.to_owned(), Secret::Text(value)));
        }
    }
    Ok(out)
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
    found.extend(OAuth2::read(section, folder)?.map(|oauth2| Auth::OAuth2(Box::new(oauth2))));
    if found.len() > 1 {
        let why = "basic_auth, authorization, bearer_token and oauth2 exclude each other";
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
