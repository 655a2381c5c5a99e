//! Tokens of `oauth2`, kept until shortly before they expire.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::Client;
use crate::config::OAuth2;
use crate::{Error, Result};

/// A token is asked for anew this long before it expires.
const EARLY: Duration = Duration::from_secs(10);
/// The time that an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const MAX_BYTES: usize = 1 << 20;

/// Where tokens come from, and the one in hand.
#[derive(Debug)]
pub(super) struct Tokens {
    config: OAuth2,
    client: Client,
    current: Mutex<Option<Token>>,
}

#[derive(Debug)]
struct Token {
    /// Scheme and token, as the header has them.
    header: String,
    expires: Option<Instant>,
}

#[derive(serde::Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    token_type: String,
    expires_in: Option<f64>,
}

impl Tokens {
    pub(super) fn new(config: &OAuth2) -> Result<Self> {
        let client = Client::new(&config.http)?;
        Ok(Tokens { config: config.clone(), client, current: Mutex::default() })
    }

    /// The value of the header `Authorization`.
    pub(super) async fn header(&self) -> Result<String> {
        let mut current = self.current.lock().await;
        let fresh = |token: &&Token| token.expires.is_none_or(|at| at > Instant::now() + EARLY);
        if let Some(token) = current.as_ref().filter(fresh) {
            return Ok(token.header.clone());
        }
        let token = self.ask().await.map_err(|e| Error::Fetch(format!("oauth2 token: {e}")))?;
        let header = token.header.clone();
        *current = Some(token);
        Ok(header)
    }

    /// Forgets the token in hand: the server did not take it.
    pub(super) async fn refused(&self) {
        *self.current.lock().await = None;
    }

    async fn ask(&self) -> Result<Token> {
        let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        if !self.config.scopes.is_empty() {
            form.push(("scope".to_owned(), self.config.scopes.join(" ")));
        }
        form.extend(self.config.endpoint_params.iter().cloned());
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        let secret = self.config.client_secret.reveal()?;
        let call = self.client.inner.post(&self.config.token_url).timeout(TIMEOUT);
        let call = call
            .basic_auth(&self.config.client_id, Some(secret))
            .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let mut answer = call.send().await.map_err(|e| super::failed(&e))?;
        if !answer.status().is_success() {
            return Err(Error::Fetch(format!("server returned HTTP status {}", answer.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| super::failed(&e))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(Error::Limit("the answer is larger than 1 MiB".into()));
            }
        }
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| Error::Fetch("the answer has no access_token".into()))?;
        let scheme = if answer.token_type.is_empty() { "Bearer" } else { &answer.token_type };
        // Servers write the scheme in any case, many only take it capitalised.
        let scheme = if scheme.eq_ignore_ascii_case("bearer") { "Bearer" } else { scheme };
        let lasts = answer.expires_in.filter(|s| *s > 0.0 && *s < 1e9).map(Duration::from_secs_f64);
        let expires = lasts.map(|lasts| Instant::now() + lasts);
        Ok(Token { header: format!("{scheme} {}", answer.access_token), expires })
    }
}
