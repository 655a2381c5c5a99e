//! Metrics that jobs push: kept in `control.redb`, given a sample at every interval.

use std::sync::Arc;
use std::time::Duration;

use collect::push_gateway::{GroupStore, INTERVAL_MS, PushGateway};
use model::Clock;
use storage::Documents;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::stores::Stores;

const KIND: &str = "pushed-group";

struct Kept(Arc<Documents>);

impl GroupStore for Kept {
    fn load(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        self.0.list(KIND).map_err(|error| error.to_string())
    }

    fn save(&self, id: &str, document: Option<&[u8]>) -> Result<(), String> {
        self.0.commit(&[(KIND, id, document)]).map_err(|error| error.to_string())
    }
}

/// The gateway with the groups of earlier runs.
pub(crate) fn open(stores: &Stores, clock: Arc<dyn Clock>) -> Arc<PushGateway> {
    let kept = Arc::new(Kept(stores.control.clone()));
    Arc::new(PushGateway::open(stores.metrics.clone(), kept, clock))
}

/// Gives every pushed series a sample at each interval, until it is aborted.
pub(crate) fn keep_fresh(gateway: Arc<PushGateway>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(INTERVAL_MS as u64));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let gateway = gateway.clone();
            // An error means that the tick panicked: the next one tries again.
            let _ = tokio::task::spawn_blocking(move || gateway.tick()).await;
        }
    })
}
