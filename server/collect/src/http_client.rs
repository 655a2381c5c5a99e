//! Asks servers: credentials, TLS, redirects, bounds on the answer.

mod named_verifier;
mod tokens;

use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};

use self::tokens::Tokens;
use crate::config::{Auth, HttpConfig, Secret, TlsConfig, TlsVersion};
use crate::{Error, Result};

/// The most bytes of an answer where the configuration sets no `body_size_limit`.
const MAX_BODY_BYTES: u64 = 256 << 20;

/// A client for the servers of one configuration.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    inner: reqwest::Client,
    auth: Auth,
    /// Where tokens come from, if `auth` needs them.
    tokens: Option<Arc<Tokens>>,
    headers: Vec<(String, Secret)>,
}

/// What to ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    pub(crate) accept: &'a str,
    /// Whether the answer may be compressed.
    pub(crate) compressed: bool,
    pub(crate) timeout_ms: i64,
    /// Bytes of the decompressed answer; 0 = [`MAX_BODY_BYTES`].
    pub(crate) body_bytes: u64,
    /// One more header.
    pub(crate) header: Option<(&'static str, &'a str)>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(config: &HttpConfig) -> Result<Self> {
        Client::build(config, None)
    }

    /// A client for whoever listens on a Unix socket, whatever host its URLs name.
    pub(crate) fn over_socket(config: &HttpConfig, socket: &str) -> Result<Self> {
        Client::build(config, Some(socket))
    }

    fn build(config: &HttpConfig, socket: Option<&str>) -> Result<Self> {
        install_crypto();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("Pharos/", env!("CARGO_PKG_VERSION")))
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(300));
        builder = tls(builder, &config.tls)?;
        if !config.follow_redirects {
            builder = builder.redirect(reqwest::redirect::Policy::none());
        }
        if !config.enable_http2 {
            builder = builder.http1_only();
        }
        match &config.proxy_url {
            Some(url) => builder = builder.proxy(proxy(url, config)?),
            None if !config.proxy_from_environment => builder = builder.no_proxy(),
            None => {}
        }
        if let Some(socket) = socket {
            builder = builder.unix_socket(std::path::Path::new(socket));
        }
        let inner = builder.build().map_err(|e| failed(&e))?;
        let tokens = match &config.auth {
            Auth::OAuth2(oauth2) => Some(Arc::new(Tokens::new(oauth2)?)),
            _ => None,
        };
        Ok(Client { inner, auth: config.auth.clone(), tokens, headers: config.headers.clone() })
    }

    /// Gets a URL. Any status but 200 is an error.
    pub(crate) async fn get(&self, request: Request<'_>) -> Result<Answer> {
        let timeout = Duration::from_millis(request.timeout_ms.max(1) as u64);
        let mut call = self.inner.get(request.url).timeout(timeout).header(ACCEPT, request.accept);
        if let Some((name, value)) = request.header {
            call = call.header(name, value);
        }
        if !request.compressed {
            call = call.header(ACCEPT_ENCODING, "identity");
        }
        call = self.identify(call).await?;
        let mut answer = call.send().await.map_err(|e| failed(&e))?;
        if let (reqwest::StatusCode::UNAUTHORIZED, Some(tokens)) = (answer.status(), &self.tokens) {
            tokens.refused().await;
        }
        if answer.status() != reqwest::StatusCode::OK {
            return Err(Error::Fetch(format!("server returned HTTP status {}", answer.status())));
        }
        let limit = if request.body_bytes == 0 { MAX_BODY_BYTES } else { request.body_bytes };
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| failed(&e))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Error::Limit(format!(
                    "the answer is larger than body_size_limit ({limit} bytes)"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { content_type, body })
    }

    async fn identify(&self, mut call: reqwest::RequestBuilder) -> Result<reqwest::RequestBuilder> {
        match &self.auth {
            Auth::None => {}
            Auth::Basic(user, password) => {
                let password = password.as_ref().map(Secret::reveal).transpose()?;
                call = call.basic_auth(user.reveal()?, password);
            }
            Auth::Header(scheme, credentials) => {
                let value = format!("{scheme} {}", credentials.reveal()?);
                let mut value = HeaderValue::try_from(value)
                    .map_err(|_| Error::Fetch("the credentials cannot be sent in a header".into()))?;
                value.set_sensitive(true);
                call = call.header(AUTHORIZATION, value);
            }
            Auth::OAuth2(_) => {
                if let Some(tokens) = &self.tokens {
                    let mut value = HeaderValue::try_from(tokens.header().await?)
                        .map_err(|_| Error::Fetch("the token cannot be sent in a header".into()))?;
                    value.set_sensitive(true);
                    call = call.header(AUTHORIZATION, value);
                }
            }
        }
        for (name, value) in &self.headers {
            let bad = || Error::Fetch(format!("the header {name:?} cannot be sent"));
            let value = HeaderValue::try_from(value.reveal()?).map_err(|_| bad())?;
            call = call.header(HeaderName::try_from(name.as_str()).map_err(|_| bad())?, value);
        }
        Ok(call)
    }
}

fn proxy(url: &str, config: &HttpConfig) -> Result<reqwest::Proxy> {
    let mut proxy = reqwest::Proxy::all(url).map_err(|e| failed(&e))?;
    if let Some(hosts) = &config.no_proxy {
        proxy = proxy.no_proxy(reqwest::NoProxy::from_string(hosts));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &config.proxy_connect_headers {
        let bad = || Error::Fetch(format!("the header {name:?} cannot be sent to the proxy"));
        let value = HeaderValue::try_from(value.reveal()?).map_err(|_| bad())?;
        headers.append(HeaderName::try_from(name.as_str()).map_err(|_| bad())?, value);
    }
    Ok(if headers.is_empty() { proxy } else { proxy.headers(headers) })
}

/// The process-wide TLS implementation; the first caller wins, whoever it is.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that the program has installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn tls(mut builder: reqwest::ClientBuilder, config: &TlsConfig) -> Result<reqwest::ClientBuilder> {
    let version = |version: TlsVersion| match version {
        TlsVersion::V1_2 => reqwest::tls::Version::TLS_1_2,
        TlsVersion::V1_3 => reqwest::tls::Version::TLS_1_3,
    };
    if let Some(min) = config.min_version {
        builder = builder.tls_version_min(version(min));
    }
    if let Some(max) = config.max_version {
        builder = builder.tls_version_max(version(max));
    }
    if let (Some(name), Some(ca), false) = (&config.server_name, &config.ca, config.insecure_skip_verify) {
        let identity = match (&config.cert, &config.key) {
            (Some(cert), Some(key)) => Some((cert.reveal()?, key.reveal()?)),
            _ => None,
        };
        let tls = named_verifier::client_config(name, &ca.reveal()?, identity).map_err(Error::Fetch)?;
        return Ok(builder.tls_backend_preconfigured(tls));
    }
    if let Some(ca) = &config.ca {
        let certificates = reqwest::Certificate::from_pem_bundle(ca.reveal()?.as_bytes());
        builder = builder.tls_certs_only(certificates.map_err(|e| failed(&e))?);
    }
    if let (Some(cert), Some(key)) = (&config.cert, &config.key) {
        let pem = format!("{}\n{}", cert.reveal()?, key.reveal()?);
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).map_err(|e| failed(&e))?);
    }
    if config.insecure_skip_verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

/// The root of a failure, as it alone tells what to mend: `connection refused`, not `error sending request`.
fn failed(error: &reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::Fetch("no complete answer within the timeout".into());
    }
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let text = root.to_string();
    let dns = error.is_connect() && text.contains("failed to lookup address");
    Error::Fetch(if dns { format!("the host name cannot be resolved: {text}") } else { text })
}
