//! One line on its way through a pipeline: its text, its labels, its error. Buffers are used again line after
//! line, so that a line costs no allocation of its own.

use std::borrow::Cow;
use std::fmt::Write;

use model::Labels;

/// The label that says why a stage could not handle a line.
pub(crate) const ERROR: &str = "__error__";
/// The label with the details of `__error__`.
pub(crate) const ERROR_DETAILS: &str = "__error_details__";

/// Where a label comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Category {
    /// The stream.
    Stream,
    /// Structured metadata.
    Metadata,
    /// The pipeline.
    Parsed,
}

/// Why a stage could not handle a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineError {
    Json,
    Logfmt,
    Template,
    LabelFilter,
    SampleExtraction,
}

impl LineError {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            LineError::Json => "JSONParserErr",
            LineError::Logfmt => "LogfmtParserErr",
            LineError::Template => "TemplateFormatErr",
            LineError::LabelFilter => "LabelFilterErr",
            LineError::SampleExtraction => "SampleExtractionErr",
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    name: (u32, u32),
    value: (u32, u32),
    category: Category,
    gone: bool,
}

/// The labels of a line.
#[derive(Debug, Default)]
pub(crate) struct LineLabels {
    // Names and values, one after the other; the stream's first.
    text: String,
    slots: Vec<Slot>,
    stream: Labels,
    stream_text: usize,
    stream_slots: usize,
    // Those of the stream and of the line's metadata.
    given_slots: usize,
    stream_touched: bool,
    error: Option<LineError>,
    error_details: String,
    details_dropped: bool,
}

impl LineLabels {
    /// Goes on to a line of `stream`.
    pub(crate) fn start(&mut self, stream: &Labels, metadata: &Labels) {
        if self.stream != *stream {
            self.text.clear();
            self.slots.clear();
            for (name, value) in stream.iter() {
                self.push(name, value, Category::Stream);
            }
            self.stream = stream.clone();
            (self.stream_text, self.stream_slots) = (self.text.len(), self.slots.len());
        } else {
            self.text.truncate(self.stream_text);
            self.slots.truncate(self.stream_slots);
            if self.stream_touched {
                self.slots.iter_mut().for_each(|slot| slot.gone = false);
            }
        }
        self.stream_touched = false;
        self.clear_error();
        if !metadata.is_empty() {
            self.add_metadata(metadata);
        }
        self.given_slots = self.slots.len();
    }

    fn add_metadata(&mut self, metadata: &Labels) {
        self.given_slots = self.stream_slots;
        for (name, value) in metadata.iter() {
            if self.is_taken(name) {
                self.push(&format!("{name}_extracted"), value, Category::Metadata);
            } else {
                self.push(name, value, Category::Metadata);
            }
        }
    }

    fn push(&mut self, name: &str, value: &str, category: Category) {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        let end = self.text.len();
        self.slots.push(Slot {
            name: (start as u32, middle as u32),
            value: (middle as u32, end as u32),
            category,
            gone: false,
        });
    }

    fn slice(&self, span: (u32, u32)) -> &str {
        &self.text[span.0 as usize..span.1 as usize]
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.slots.iter().rposition(|slot| !slot.gone && self.slice(slot.name) == name)
    }

    /// Whether the stream itself or the line's metadata has a label `name`, so that a parsed one gives way.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        self.slots[..self.given_slots].iter().any(|slot| self.slice(slot.name) == name)
    }

    /// The value of `name`; the line's error for `__error__`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        match name {
            ERROR => return self.error.map(LineError::as_str),
            ERROR_DETAILS => {
                return self.error.filter(|_| !self.details_dropped).map(|_| self.error_details.as_str());
            }
            _ => {}
        }
        self.find(name).map(|i| self.slice(self.slots[i].value))
    }

    /// The value of `name`, or the empty string.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// Sets a label that a parser found: `name_extracted` if the name is taken. The first value of a parser's run
    /// stays: runs begin where [`LineLabels::mark`] was.
    pub(crate) fn extract(&mut self, mark: usize, name: &str, value: &str) {
        if self.is_taken(name) {
            let suffixed = format!("{name}_extracted");
            self.extract_as(mark, &suffixed, value);
        } else {
            self.extract_as(mark, name, value);
        }
    }

    fn extract_as(&mut self, mark: usize, name: &str, value: &str) {
        if self.slots[mark..].iter().any(|slot| self.slice(slot.name) == name) {
            return;
        }
        if mark > self.given_slots || self.is_taken(name) {
            self.hide(name);
        }
        self.push(name, value, Category::Parsed);
    }

    /// Whether the label set last is one of `names`.
    pub(crate) fn last_is_one_of(&self, names: &[String]) -> bool {
        self.slots.last().is_some_and(|slot| names.iter().any(|name| name == self.slice(slot.name)))
    }

    /// The place where a parser's labels will begin.
    pub(crate) fn mark(&self) -> usize {
        self.slots.len()
    }

    /// Sets a label, replacing whatever had the name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.hide(name);
        self.push(name, value, Category::Parsed);
    }

    /// Removes a label.
    pub(crate) fn hide(&mut self, name: &str) {
        if name == ERROR {
            self.clear_error();
            return;
        }
        for i in 0..self.slots.len() {
            if self.slice(self.slots[i].name) == name {
                self.slots[i].gone = true;
                self.stream_touched |= i < self.stream_slots;
            }
        }
    }

    /// Removes the labels for which `keep` says no.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        for i in 0..self.slots.len() {
            let slot = self.slots[i];
            if !slot.gone && !keep(self.slice(slot.name), self.slice(slot.value)) {
                self.slots[i].gone = true;
                self.stream_touched |= i < self.stream_slots;
            }
        }
    }

    pub(crate) fn set_error(&mut self, error: LineError, details: impl std::fmt::Display) {
        self.error = Some(error);
        self.details_dropped = false;
        self.error_details.clear();
        write!(self.error_details, "{details}").expect("a String takes all text");
    }

    pub(crate) fn error(&self) -> Option<LineError> {
        self.error
    }

    pub(crate) fn clear_error(&mut self) {
        self.error = None;
        self.details_dropped = false;
        self.error_details.clear();
    }

    pub(crate) fn drop_error_details(&mut self) {
        self.details_dropped = true;
    }

    /// The labels there are, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str, Category)> {
        self.slots
            .iter()
            .filter(|slot| !slot.gone && slot.value.0 < slot.value.1)
            .map(|slot| (self.slice(slot.name), self.slice(slot.value), slot.category))
    }

    /// Whether the labels are the stream's and nothing else.
    pub(crate) fn is_plain(&self) -> bool {
        self.slots.len() == self.stream_slots && !self.stream_touched && self.error.is_none()
    }

    /// All labels as one set, the error included.
    pub(crate) fn to_labels(&self) -> Labels {
        if self.is_plain() {
            return self.stream.clone();
        }
        self.collect(|_| true)
    }

    /// The labels of a category, as they are after the pipeline.
    pub(crate) fn of_category(&self, category: Category) -> Labels {
        match category {
            Category::Stream if !self.stream_touched => self.stream.clone(),
            _ => self.collect(|c| c == category),
        }
    }

    fn collect(&self, wanted: impl Fn(Category) -> bool) -> Labels {
        let mut pairs: Vec<(&str, &str)> =
            self.iter().filter(|(_, _, c)| wanted(*c)).map(|(name, value, _)| (name, value)).collect();
        if let Some(error) = self.error.filter(|_| wanted(Category::Parsed)) {
            pairs.push((ERROR, error.as_str()));
            if !self.details_dropped {
                pairs.push((ERROR_DETAILS, &self.error_details));
            }
        }
        pairs.sort_unstable();
        pairs.dedup_by(|later, first| later.0 == first.0);
        Labels::from_sorted(pairs).unwrap_or_default()
    }
}

/// A line on its way.
#[derive(Debug, Default)]
pub(crate) struct Line<'a> {
    pub(crate) t_ns: i64,
    /// The time of the query, for templates.
    pub(crate) now_ns: i64,
    pub(crate) original: &'a [u8],
    /// What a stage made of it.
    pub(crate) rewritten: Option<Vec<u8>>,
    pub(crate) labels: LineLabels,
    /// For stages that need a buffer for a while.
    pub(crate) scratch: String,
}

impl<'a> Line<'a> {
    /// Goes on to the next line.
    pub(crate) fn start(&mut self, t_ns: i64, text: &'a [u8], stream: &Labels, metadata: &Labels) {
        self.t_ns = t_ns;
        self.original = text;
        self.rewritten = None;
        self.labels.start(stream, metadata);
    }

    /// The text as it is now.
    pub(crate) fn text(&self) -> &[u8] {
        self.rewritten.as_deref().unwrap_or(self.original)
    }

    /// The text as it is now, with replacement characters where it is not UTF-8.
    pub(crate) fn text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.text())
    }
}

impl template::Fields for Line<'_> {
    /// A label that is not there is empty, as in Loki.
    fn field(&self, name: &str) -> Option<&str> {
        Some(self.labels.value(name))
    }

    fn each(&self, give: &mut dyn FnMut(&str, &str)) {
        self.labels.iter().for_each(|(name, value, _)| give(name, value));
    }

    fn line(&self) -> Cow<'_, str> {
        self.text_lossy()
    }

    fn t_ns(&self) -> i64 {
        self.t_ns
    }

    fn now_ns(&self) -> i64 {
        self.now_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> LineLabels {
        let mut labels = LineLabels::default();
        labels.start(&Labels::from_pairs([("app", "x"), ("env", "p")]), &Labels::from_pairs([("id", "7")]));
        labels
    }

    #[test]
    fn parsed_labels_give_way_and_the_first_stays() {
        let mut labels = labels();
        let mark = labels.mark();
        for (name, value) in [("app", "y"), ("id", "8"), ("a", "1"), ("a", "2")] {
            labels.extract(mark, name, value);
        }
        let expect = r#"{a="1", app="x", app_extracted="y", env="p", id="7", id_extracted="8"}"#;
        assert_eq!(labels.to_labels().to_string(), expect);
        let mark = labels.mark();
        labels.extract(mark, "a", "3");
        assert_eq!(labels.value("a"), "3");
        assert_eq!(labels.of_category(Category::Metadata).to_string(), r#"{id="7"}"#);
    }

    #[test]
    fn the_next_line_has_the_streams_labels_again() {
        let mut labels = labels();
        labels.set("app", "z");
        labels.hide("env");
        labels.set_error(LineError::Json, "why");
        assert_eq!(
            labels.to_labels().to_string(),
            r#"{__error__="JSONParserErr", __error_details__="why", app="z", id="7"}"#
        );
        labels.start(&Labels::from_pairs([("app", "x"), ("env", "p")]), &Labels::empty());
        assert!(labels.is_plain());
        assert_eq!(labels.to_labels().to_string(), r#"{app="x", env="p"}"#);
    }
}
