//! `oauth2`: tokens by the client credentials grant (RFC 6749, section 4.4).

use std::path::Path;

use super::{HttpConfig, Secret};
use crate::Result;
use crate::section::Section;

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    /// Who we are.
    pub client_id: String,
    /// How we prove it.
    pub client_secret: Secret,
    /// What the token shall be good for.
    pub scopes: Vec<String>,
    /// Who gives tokens.
    pub token_url: String,
    /// Further parameters of the request.
    pub endpoint_params: Vec<(String, String)>,
    /// TLS and proxies on the way there.
    pub http: HttpConfig,
}

impl OAuth2 {
    pub(super) fn read(section: &Section<'_>, folder: &Path) -> Result<Option<OAuth2>> {
        let Some(oauth2) = section.section("oauth2")? else { return Ok(None) };
        let needed = |key: &'static str| -> Result<String> {
            let text = oauth2.text(key)?.filter(|text| !text.is_empty());
            text.ok_or_else(|| oauth2.bad(key, "is needed"))
        };
        let secret = Secret::read(&oauth2, "client_secret", "client_secret_file", folder)?;
        let read = OAuth2 {
            client_id: needed("client_id")?,
            client_secret: secret.ok_or_else(|| oauth2.bad("client_secret", "is needed"))?,
            scopes: oauth2.texts("scopes")?.unwrap_or_default(),
            token_url: needed("token_url")?,
            endpoint_params: oauth2.pairs("endpoint_params")?,
            http: HttpConfig::read_transport(&oauth2, folder)?,
        };
        oauth2.finish();
        Ok(Some(read))
    }
}
