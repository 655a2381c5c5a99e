//! What a push holds: a page of text, of OpenMetrics or of protocol buffers.

use std::collections::{BTreeMap, HashSet};

use model::{Labels, METRIC_NAME, Metadata, MetricKind};
use wire::exposition::{
    Format, Item, Parser, ProtoItem, ProtoOptions, ProtoValue, label_pairs, read_protobuf,
};

use super::{FAILURE_TIME, GroupingKey, PUSH_TIME, PushedFamily, Value};

/// How the body of a push is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushFormat {
    /// Text or OpenMetrics.
    Lines(Format),
    /// Delimited protocol buffers.
    Protobuf,
}

impl PushFormat {
    /// What a content type says; text where it says nothing.
    pub fn of(content_type: &str) -> Self {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        match media.eq_ignore_ascii_case("application/vnd.google.protobuf") {
            true => PushFormat::Protobuf,
            false => PushFormat::Lines(Format::from_content_type(content_type)),
        }
    }
}

/// The families of a body, the labels of the group set in each series.
pub(super) fn read(
    body: &[u8],
    format: PushFormat,
    key: &GroupingKey,
    now_ms: i64,
) -> Result<BTreeMap<String, PushedFamily>, String> {
    let mut reading = Reading { key, now_ms, families: BTreeMap::new(), seen: HashSet::new() };
    match format {
        PushFormat::Lines(format) => reading.lines(body, format)?,
        PushFormat::Protobuf => reading.protobuf(body)?,
    }
    // The gateway's own.
    reading.families.retain(|name, _| name != PUSH_TIME && name != FAILURE_TIME);
    Ok(reading.families)
}

struct Reading<'a> {
    key: &'a GroupingKey,
    now_ms: i64,
    families: BTreeMap<String, PushedFamily>,
    seen: HashSet<Labels>,
}

impl Reading<'_> {
    fn lines(&mut self, body: &[u8], format: Format) -> Result<(), String> {
        for item in Parser::new(body, format).map_err(|e| e.to_string())? {
            match item.map_err(|e| e.to_string())? {
                Item::Help { family, text } => self.family(&family).about.help = text.into_owned(),
                Item::Type { family, kind } => self.family(&family).about.kind = kind,
                Item::Unit { family, unit } => unit.clone_into(&mut self.family(&family).about.unit),
                Item::Sample(point) => {
                    if point.timestamp_ms.is_some() {
                        return Err(format!(
                            "line {}: pushed metrics must not have timestamps",
                            point.line()
                        ));
                    }
                    self.series(point.series, Value::Float(point.value))?;
                }
            }
        }
        Ok(())
    }

    fn protobuf(&mut self, body: &[u8]) -> Result<(), String> {
        let options = ProtoOptions { native: true, classic_too: true };
        let mut failed = Ok(());
        let walked = read_protobuf::<wire::Error>(body, options, &mut |item| {
            if failed.is_ok() {
                failed = self.item(item);
            }
            Ok(())
        });
        walked.map_err(|e| e.to_string()).and(failed)
    }

    fn item(&mut self, item: ProtoItem<'_>) -> Result<(), String> {
        match item {
            ProtoItem::Family(family) => {
                let (help, unit) = (family.help.to_owned(), family.unit.to_owned());
                let about = &mut self.family(family.name).about;
                (about.kind, about.help, about.unit) = (family.kind, help, unit);
                Ok(())
            }
            ProtoItem::Sample(point) => {
                if point.timestamp_ms.is_some() {
                    return Err(format!("pushed metrics must not have timestamps: {}", point.series));
                }
                let value = match point.value {
                    ProtoValue::Float(value) => Value::Float(value),
                    ProtoValue::Histogram(histogram) => Value::Histogram(histogram.clone()),
                };
                self.series(point.series, value)
            }
        }
    }

    fn family(&mut self, name: &str) -> &mut PushedFamily {
        if !self.families.contains_key(name) {
            let about = Metadata { family: name.to_owned(), ..Metadata::default() };
            let family = PushedFamily { about, series: Vec::new(), pushed_ms: self.now_ms };
            self.families.insert(name.to_owned(), family);
        }
        self.families.get_mut(name).expect("inserted above")
    }

    fn series(&mut self, series: &str, value: Value) -> Result<(), String> {
        let pairs = label_pairs(series)?;
        let own = pairs.iter().map(|(n, v)| (&**n, &**v));
        let labels = Labels::from_pairs(own.chain(self.key.iter().map(|(n, v)| (n.as_str(), v.as_str()))));
        if !self.seen.insert(labels.clone()) {
            return Err(format!("the series {labels} appears twice in the push"));
        }
        let name = labels.value(METRIC_NAME).to_owned();
        let family = self.family_of(&name);
        self.family(&family).series.push((labels, value));
        Ok(())
    }

    /// The family that a series of this name belongs to.
    fn family_of(&self, name: &str) -> String {
        const ENDS: [&str; 8] =
            ["_bucket", "_count", "_sum", "_total", "_gcount", "_gsum", "_created", "_info"];
        let structured = |kind: MetricKind| !matches!(kind, MetricKind::Gauge | MetricKind::Unknown);
        let base = ENDS.iter().filter_map(|end| name.strip_suffix(end));
        let mut base = base.filter(|base| self.families.get(*base).is_some_and(|f| structured(f.about.kind)));
        if self.families.contains_key(name) {
            return name.to_owned();
        }
        base.next().unwrap_or(name).to_owned()
    }
}
