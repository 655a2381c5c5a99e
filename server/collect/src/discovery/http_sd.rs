//! `http_sd_configs`: targets from a server, asked at intervals.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::Found;
use crate::config::{HttpSd, TargetGroup, groups_from_yaml};
use crate::http_client::{Client, Request};
use crate::{Error, Result};

/// The most bytes of an answer.
const MAX_BYTES: u64 = 64 << 20;

pub(super) async fn run(sd: HttpSd, index: usize, sender: mpsc::Sender<Found>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(sd.refresh_ms as u64));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let client = Client::new(&sd.http);
    loop {
        ticks.tick().await;
        let groups = match &client {
            Ok(client) => ask(client, &sd).await.map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if sender.send(Found { index, origin: sd.url.clone(), groups }).await.is_err() {
            return;
        }
    }
}

async fn ask(client: &Client, sd: &HttpSd) -> Result<Vec<TargetGroup>> {
    let refresh = (sd.refresh_ms / 1_000).to_string();
    let request = Request {
        url: &sd.url,
        accept: "application/json",
        compressed: true,
        timeout_ms: sd.refresh_ms,
        body_bytes: MAX_BYTES,
        header: Some(("X-Prometheus-Refresh-Interval-Seconds", &refresh)),
    };
    let answer = client.get(request).await?;
    if !answer.content_type.to_ascii_lowercase().starts_with("application/json") {
        return Err(Error::Fetch(format!("unsupported content type {:?}", answer.content_type)));
    }
    let text = String::from_utf8(answer.body).map_err(|_| Error::Fetch("the answer is not UTF-8".into()))?;
    let mut groups = groups_from_yaml(&text)?;
    for group in &mut groups {
        group.labels.push(("__meta_url".to_owned(), sd.url.clone()));
    }
    Ok(groups)
}
