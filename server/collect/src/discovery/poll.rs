//! Asks a discovery at its intervals and tells the job what came of it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::{Found, consul, dns, docker, dockerswarm, kubernetes};
use crate::config::{HttpConfig, PolledSd, SdKind, TargetGroup};
use crate::http_client::{Client, Request};
use crate::{Error, Result};

/// The most bytes of an answer.
const MAX_BYTES: u64 = 256 << 20;
/// The time that an answer may take, ms.
const TIMEOUT_MS: i64 = 30_000;

/// A server that answers JSON.
pub(super) struct Asker {
    client: Client,
    base: String,
}

impl Asker {
    /// `base`: what stands before each path. A `unix://` base is asked through its socket.
    pub(super) fn new(base: &str, http: &HttpConfig) -> Result<Self> {
        if let Some(socket) = base.strip_prefix("unix://") {
            let client = Client::over_socket(http, socket)?;
            return Ok(Asker { client, base: "http://localhost".to_owned() });
        }
        let base = match base.strip_prefix("tcp://") {
            Some(address) if http.tls.ca.is_some() || http.tls.cert.is_some() => format!("https://{address}"),
            Some(address) => format!("http://{address}"),
            None => base.to_owned(),
        };
        Ok(Asker { client: Client::new(http)?, base: base.trim_end_matches('/').to_owned() })
    }

    /// The JSON at `path` with `params`.
    pub(super) async fn ask(&self, path: &str, params: &[(String, String)]) -> Result<serde_json::Value> {
        let mut url = url::Url::parse(&format!("{}{path}", self.base))
            .map_err(|e| Error::Fetch(format!("{}{path} is not a URL: {e}", self.base)))?;
        if !params.is_empty() {
            url.query_pairs_mut().extend_pairs(params);
        }
        let request = Request {
            url: url.as_str(),
            accept: "application/json",
            compressed: true,
            timeout_ms: TIMEOUT_MS,
            body_bytes: MAX_BYTES,
            header: None,
        };
        let answer = self.client.get(request).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|e| Error::Fetch(format!("the answer of {path} is not JSON: {e}")))
    }
}

pub(super) async fn run(sd: PolledSd, index: usize, sender: mpsc::Sender<Found>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(sd.refresh_ms as u64));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let origin = origin(&sd.kind);
    let asker = asker(&sd.kind);
    let mut last = None;
    loop {
        ticks.tick().await;
        let groups = match &asker {
            Ok(asker) => ask(&sd.kind, asker.as_ref()).await.map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        // Most answers are the one before.
        if last.as_ref() == Some(&groups) {
            continue;
        }
        last = Some(groups.clone());
        if sender.send(Found { index, origin: origin.clone(), groups }).await.is_err() {
            return;
        }
    }
}

fn origin(kind: &SdKind) -> String {
    match kind {
        SdKind::Dns(sd) => sd.names.join(", "),
        SdKind::Docker(sd) => sd.host.clone(),
        SdKind::DockerSwarm(sd) => sd.host.clone(),
        SdKind::Kubernetes(sd) => sd.api_server.clone().unwrap_or_else(|| "this cluster".to_owned()),
        SdKind::Consul(sd) => sd.server.clone(),
    }
}

fn asker(kind: &SdKind) -> Result<Option<Asker>> {
    Ok(match kind {
        SdKind::Dns(_) => None,
        SdKind::Docker(sd) => Some(Asker::new(&sd.host, &sd.http)?),
        SdKind::DockerSwarm(sd) => Some(Asker::new(&sd.host, &sd.http)?),
        SdKind::Kubernetes(sd) => Some(kubernetes::asker(sd)?),
        SdKind::Consul(sd) => Some(Asker::new(&sd.server, &sd.http)?),
    })
}

async fn ask(kind: &SdKind, asker: Option<&Asker>) -> Result<Vec<TargetGroup>> {
    let Some(asker) = asker else {
        return match kind {
            SdKind::Dns(sd) => dns::groups(sd).await,
            _ => Ok(Vec::new()),
        };
    };
    match kind {
        SdKind::Dns(sd) => dns::groups(sd).await,
        SdKind::Docker(sd) => docker::groups(sd, asker).await,
        SdKind::DockerSwarm(sd) => dockerswarm::groups(sd, asker).await,
        SdKind::Kubernetes(sd) => kubernetes::groups(sd, asker).await,
        SdKind::Consul(sd) => consul::groups(sd, asker).await,
    }
}
