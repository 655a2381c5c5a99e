//! `pharos healthcheck`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cli::HealthArgs;
use crate::query::client;

/// Exit 0 if the server answers that it is ready.
pub(crate) fn run(args: &HealthArgs) -> Result<ExitCode> {
    let url = format!("{}/-/ready", args.url.trim_end_matches('/'));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let response = client()?.get(&url).timeout(Duration::from_secs(5)).send().await?;
        let ready = response.status().is_success();
        println!("{}", response.text().await?.trim());
        Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
