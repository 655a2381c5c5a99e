//! `docker`: lines of Docker's `json-file` log driver.

use std::sync::Arc;

use template::gotime::Layout;

use super::json::Json;
use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// Reads `{"log": …, "stream": …, "time": …}`.
#[derive(Debug)]
struct Docker {
    json: Json,
    time: Layout,
    stream: Arc<str>,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let time = Layout::named("RFC3339Nano").map_err(|why| section.bad("time", why))?;
    each(Docker { json: Json::of_keys(&["log", "stream", "time"]), time, stream: Arc::from("stream") })
}

impl Each for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn apply(&self, draft: &mut Draft, state: &mut State, now_ms: i64) -> Result<Verdict, String> {
        self.json.apply(draft, state, now_ms)?;
        let stream = draft.extracted("stream").map(str::to_owned);
        let time = draft.extracted("time").and_then(|text| self.time.parse(text, None, now_ms).ok());
        let line = draft.extracted("log").map(str::to_owned);
        if let Some(stream) = stream {
            draft.set_label(&self.stream, Some(stream));
        }
        draft.t_ns = time.unwrap_or(draft.t_ns);
        draft.line = line.ok_or("no field \"log\"")?.into();
        Ok(Verdict::Keep)
    }
}
