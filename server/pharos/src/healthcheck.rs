//! `pharos healthcheck`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cli::HealthArgs;
use crate::query::client;

/// Exit 0 if the server answers that it is ready.
pub(crate) fn run(args: &HealthArgs) -> Result<ExitCode> {
    let url = args.url.clone().unwrap_or_else(|| own_url(std::env::var("PHAROS_LISTEN").ok().as_deref()));
    let url = format!("{}/-/ready", url.trim_end_matches('/'));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let response = client()?.get(&url).timeout(Duration::from_secs(5)).send().await?;
        let ready = response.status().is_success();
        println!("{}", response.text().await?.trim());
        Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Where a server that was told to listen on `listen` answers this machine.
fn own_url(listen: Option<&str>) -> String {
    let port = listen.and_then(|listen| listen.rsplit(':').next()).and_then(|port| port.parse::<u16>().ok());
    format!("http://127.0.0.1:{}", port.unwrap_or(3000))
}

#[cfg(test)]
mod tests {
    use super::own_url;

    #[test]
    fn asks_where_the_server_listens() {
        assert_eq!(own_url(None), "http://127.0.0.1:3000");
        assert_eq!(own_url(Some("0.0.0.0:8080")), "http://127.0.0.1:8080");
        assert_eq!(own_url(Some("[::]:9")), "http://127.0.0.1:9");
    }
}
