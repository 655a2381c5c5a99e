//! `timestamp`: an extracted value becomes the line's time.

use jiff::tz::TimeZone;
use template::gotime::Layout;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// Where the time is found and how it is written.
#[derive(Debug)]
struct Timestamp {
    source: String,
    layouts: Vec<Layout>,
    zone: Option<TimeZone>,
    /// A line without a readable time gets the one before it in the file and 1 ns.
    fudge: bool,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let required = |key| -> Result<String> {
        let text = section.text(key)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| section.bad(key, format!("timestamp needs a {key}")))
    };
    let (source, format) = (required("source")?, required("format")?);
    let mut layouts = vec![Layout::named(&format).map_err(|why| section.bad("format", why))?];
    for format in section.texts("fallback_formats")?.unwrap_or_default() {
        layouts.push(Layout::named(&format).map_err(|why| section.bad("fallback_formats", why))?);
    }
    let zone = section.text("location")?.filter(|name| !name.is_empty());
    let zone =
        zone.map(|name| TimeZone::get(&name).map_err(|why| section.bad("location", why))).transpose()?;
    let fudge = match section.text("action_on_failure")?.as_deref() {
        None | Some("" | "fudge") => true,
        Some("skip") => false,
        Some(other) => {
            return Err(section.bad("action_on_failure", format!("{other:?} is neither fudge nor skip")));
        }
    };
    each(Timestamp { source, layouts, zone, fudge })
}

impl Each for Timestamp {
    fn name(&self) -> &'static str {
        "timestamp"
    }

    fn state(&self) -> State {
        State::LastTime(None)
    }

    fn apply(&self, draft: &mut Draft, state: &mut State, now_ms: i64) -> Result<Verdict, String> {
        let State::LastTime(last) = state else { return Ok(Verdict::Keep) };
        match self.time_of(draft, now_ms) {
            Ok(t_ns) => {
                draft.t_ns = t_ns;
                *last = Some(t_ns);
                Ok(Verdict::Keep)
            }
            Err(why) => {
                if let Some(last) = last.as_mut().filter(|_| self.fudge) {
                    *last = last.saturating_add(1);
                    draft.t_ns = *last;
                }
                Err(why)
            }
        }
    }
}

impl Timestamp {
    fn time_of(&self, draft: &Draft, now_ms: i64) -> Result<i64, String> {
        let text = draft.extracted(&self.source);
        let text = text.ok_or_else(|| format!("nothing was extracted as {:?}", self.source))?;
        let mut parsed = self.layouts.iter().map(|layout| layout.parse(text, self.zone.as_ref(), now_ms));
        // The first format's complaint is the one to show.
        let first = parsed.next().unwrap_or_else(|| Err("no format".to_owned()));
        first.or_else(|why| parsed.find_map(Result::ok).ok_or(why))
    }
}
