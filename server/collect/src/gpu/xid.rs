//! Errors that the driver tells of as events (XID).

use std::collections::{BTreeMap, HashMap};

use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::enums::event::XidError;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, EventSet, Nvml};

/// Most events that are taken at one look.
const MOST_EVENTS: usize = 1_000;

/// Errors by GPU, since the program runs.
#[derive(Default)]
pub(super) struct Xids {
    events: Option<EventSet<'static>>,
    /// GPUs whose events are listened to.
    listens: Vec<String>,
    /// GPUs by their handle: one that is gone does not tell its name any more.
    handles: HashMap<usize, String>,
    by_gpu: BTreeMap<String, Seen>,
}

#[derive(Default, Clone)]
pub(super) struct Seen {
    /// Code, how often, when last (ms).
    pub(super) counts: BTreeMap<u64, (u64, i64)>,
    pub(super) last: u64,
}

impl Xids {
    /// Listens to these GPUs' errors, and no others'. Where the driver has no events nothing is listened to.
    pub(super) fn listen(&mut self, nvml: &'static Nvml, gpus: &[String]) {
        if self.listens == gpus {
            return;
        }
        self.listens = gpus.to_vec();
        // A set that failed to take one GPU is gone: each GPU is tried on its own first.
        let supports = |uuid: &&String| {
            let device = nvml.device_by_uuid(uuid.as_str());
            device.and_then(|device| device.supported_event_types()).is_ok_and(|types| types.contains(XID))
        };
        let mut set = nvml.create_event_set().ok();
        for uuid in gpus.iter().filter(supports) {
            let (Some(events), Ok(device)) = (set.take(), nvml.device_by_uuid(uuid.as_str())) else { break };
            self.handles.insert(handle(&device), uuid.clone());
            set = device.register_events(XID, events).ok();
        }
        self.events = set;
    }

    /// Takes in what came since the last look. Does not wait.
    pub(super) fn look(&mut self, now_ms: i64) {
        let Some(events) = &self.events else { return };
        for _ in 0..MOST_EVENTS {
            let event = match events.wait(0) {
                Ok(event) => event,
                Err(NvmlError::Timeout) => break,
                Err(why) => {
                    tracing::debug!(%why, "events of GPUs are not told any more");
                    break;
                }
            };
            let code = match event.event_data {
                Some(XidError::Value(code)) => code,
                Some(XidError::Unknown) => 999,
                None => continue,
            };
            let Some(uuid) = self.handles.get(&handle(&event.device)).cloned() else { continue };
            tracing::warn!(gpu = uuid, xid = code, "the driver reports an error of a GPU");
            let seen = self.by_gpu.entry(uuid).or_default();
            let count = seen.counts.entry(code).or_default();
            *count = (count.0 + 1, now_ms);
            seen.last = code;
        }
    }

    /// What a GPU's errors were; `None` where its errors are not listened to.
    pub(super) fn of(&self, uuid: &str) -> Option<Seen> {
        let listens = self.events.is_some() && self.listens.iter().any(|known| known == uuid);
        self.by_gpu.get(uuid).cloned().or_else(|| listens.then(Seen::default))
    }
}

fn handle(device: &Device<'_>) -> usize {
    // SAFETY: the handle is compared, never used.
    unsafe { device.handle() as usize }
}

const XID: EventTypes = EventTypes::CRITICAL_XID_ERROR;
