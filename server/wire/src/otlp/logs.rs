//! OTLP logs as Loki takes them in: a resource's well-known attributes make the stream, all else is structured metadata.
//! <https://grafana.com/docs/loki/latest/send-data/otel/>

use bytes::Bytes;
use model::{Entry, Labels, LogBatch, StreamEntries};

use super::values::{Attribute, Resource, Scope, Value, flatten};
use super::{Encoding, json, label_name, proto};
use crate::otlp::json::Object;
use crate::protobuf::{Bad, Reader, malformed};
use crate::{Error, Result};

const WHAT: &str = "OTLP logs request";

/// Resource attributes that become labels of the stream.
const STREAM_ATTRIBUTES: [&str; 18] = [
    "cloud.availability_zone",
    "cloud.region",
    "container.name",
    "deployment.environment",
    "deployment.environment.name",
    "k8s.cluster.name",
    "k8s.container.name",
    "k8s.cronjob.name",
    "k8s.daemonset.name",
    "k8s.deployment.name",
    "k8s.job.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.replicaset.name",
    "k8s.statefulset.name",
    "service.instance.id",
    "service.name",
    "service.namespace",
];

const SERVICE_NAME: &str = "service_name";

/// Labels that name the service where no `service.name` was sent, the first that there is.
const SERVICE_LABELS: [&str; 3] = ["container_name", "k8s_container_name", "k8s_job_name"];

/// Reads an `ExportLogsServiceRequest`. Records without any time get `now_ns`.
pub fn decode(encoding: Encoding, message: &Bytes, now_ns: i64) -> Result<LogBatch> {
    let mut batch = LogBatch::default();
    match encoding {
        Encoding::Protobuf => {
            let mut request = Reader::new(message);
            while let Some((field, value)) = request.field().map_err(malformed(WHAT))? {
                if field == 1 {
                    let logs = value.bytes().and_then(|m| resource_logs(message, m));
                    let (resource, scopes) = logs.map_err(malformed(WHAT))?;
                    batch.streams.push(stream(resource, scopes, now_ns));
                }
            }
        }
        Encoding::Json => {
            let json: serde_json::Value =
                serde_json::from_slice(message).map_err(|e| Error::malformed(WHAT, e))?;
            let bad = |why: String| Error::malformed(WHAT, why);
            let request = Object::of(&json, "request").map_err(bad)?;
            for logs in request.list("resourceLogs").map_err(bad)? {
                let (resource, scopes) = resource_logs_json(logs).map_err(bad)?;
                batch.streams.push(stream(resource, scopes, now_ns));
            }
        }
    }
    batch.streams.retain(|stream| !stream.entries.is_empty());
    Ok(batch)
}

/// One `LogRecord`.
#[derive(Debug, Default)]
struct Record {
    time_ns: u64,
    observed_ns: u64,
    severity_number: u64,
    severity_text: String,
    body: Body,
    attributes: Vec<Attribute>,
    dropped_attributes: u64,
    flags: u64,
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    event_name: String,
}

/// A record's body: a text of a binary request stays a slice of it.
#[derive(Debug)]
enum Body {
    Slice(Bytes),
    Value(Value),
}

impl Default for Body {
    fn default() -> Self {
        Body::Value(Value::Empty)
    }
}

type Scopes = Vec<(Scope, Vec<Record>)>;

fn resource_logs(body: &Bytes, message: &[u8]) -> Result<(Resource, Scopes), Bad> {
    let (mut resource, mut scopes) = (Resource::default(), Vec::new());
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => resource = proto::resource(value.bytes()?)?,
            // 1000 is where the scopes were before they had their name.
            2 | 1000 => scopes.push(scope_logs(body, value.bytes()?)?),
            _ => {}
        }
    }
    Ok((resource, scopes))
}

fn scope_logs(body: &Bytes, message: &[u8]) -> Result<(Scope, Vec<Record>), Bad> {
    let (mut scope, mut records) = (Scope::default(), Vec::new());
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => scope = proto::scope(value.bytes()?)?,
            2 => records.push(record(body, value.bytes()?)?),
            _ => {}
        }
    }
    Ok((scope, records))
}

fn record(body: &Bytes, message: &[u8]) -> Result<Record, Bad> {
    use crate::protobuf::Value as Field;
    let mut record = Record::default();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match (field, value) {
            (1, Field::Fixed64(n)) => record.time_ns = n,
            (11, Field::Fixed64(n)) => record.observed_ns = n,
            (8, Field::Fixed32(n)) => record.flags = u64::from(n),
            (1 | 8 | 11, _) => return Err("a field has the wrong wire type (fixed width expected)"),
            (2, value) => record.severity_number = value.varint()?,
            (3, value) => record.severity_text = value.text()?.to_owned(),
            (5, value) => record.body = read_body(body, value.bytes()?)?,
            (6, value) => record.attributes.push(proto::attribute(value.bytes()?)?),
            (7, value) => record.dropped_attributes = value.varint()?,
            (9, value) => record.trace_id = value.bytes()?.to_vec(),
            (10, value) => record.span_id = value.bytes()?.to_vec(),
            (12, value) => record.event_name = value.text()?.to_owned(),
            _ => {}
        }
    }
    Ok(record)
}

/// The body, whose text may be of any bytes.
fn read_body(body: &Bytes, message: &[u8]) -> Result<Body, Bad> {
    if let Ok(Some((1, value))) = Reader::new(message).field() {
        return Ok(Body::Slice(body.slice_ref(value.bytes()?)));
    }
    proto::any_value(message).map(Body::Value)
}

fn resource_logs_json(logs: &serde_json::Value) -> Result<(Resource, Scopes), json::Bad> {
    let logs = Object::of(logs, "resourceLogs")?;
    let resource = logs.object("resource")?.map(json::resource).transpose()?.unwrap_or_default();
    let mut scopes = Vec::new();
    for part in logs.list("scopeLogs")? {
        let part = Object::of(part, "scopeLogs")?;
        let scope = part.object("scope")?.map(json::scope).transpose()?.unwrap_or_default();
        let records = part.list("logRecords")?.iter().map(record_json).collect::<Result<_, _>>()?;
        scopes.push((scope, records));
    }
    Ok((resource, scopes))
}

fn record_json(record: &serde_json::Value) -> Result<Record, json::Bad> {
    let record = Object::of(record, "logRecords")?;
    Ok(Record {
        time_ns: record.uint("timeUnixNano")?,
        observed_ns: record.uint("observedTimeUnixNano")?,
        // The enum's names are allowed as well; the text says the same.
        severity_number: record.uint("severityNumber").unwrap_or_default(),
        severity_text: record.text("severityText")?.to_owned(),
        body: Body::Value(record.get("body").map(json::any_value).transpose()?.unwrap_or_default()),
        attributes: record.attributes("attributes")?,
        dropped_attributes: record.uint("droppedAttributesCount")?,
        flags: record.uint("flags")?,
        trace_id: json::id(record.text("traceId")?)?,
        span_id: json::id(record.text("spanId")?)?,
        event_name: record.text("eventName")?.to_owned(),
    })
}

fn stream(resource: Resource, scopes: Scopes, now_ns: i64) -> StreamEntries {
    let (mut labels, mut shared) = (Vec::new(), Vec::new());
    let (stream, rest): (Vec<Attribute>, Vec<Attribute>) =
        resource.attributes.into_iter().partition(|a| STREAM_ATTRIBUTES.contains(&a.key.as_str()));
    for attribute in stream {
        labels.push((label_name(&attribute.key), attribute.value.into_text()));
    }
    labels.retain(|(_, value)| !value.is_empty());
    flatten(rest, &mut shared);
    push_count(&mut shared, "resource_dropped_attributes_count", u64::from(resource.dropped_attributes));
    if !labels.iter().any(|(name, _)| name == SERVICE_NAME) {
        let of = |wanted: &&str| labels.iter().find(|(name, _)| name == wanted).map(|(_, v)| v.clone());
        let service = SERVICE_LABELS.iter().find_map(of).unwrap_or_else(|| "unknown_service".to_owned());
        labels.push((SERVICE_NAME.to_owned(), service));
    }
    let mut entries = Vec::new();
    for (scope, records) in scopes {
        let mut shared = shared.clone();
        flatten(scope.attributes, &mut shared);
        push_text(&mut shared, "scope_name", scope.name);
        push_text(&mut shared, "scope_version", scope.version);
        push_count(&mut shared, "scope_dropped_attributes_count", u64::from(scope.dropped_attributes));
        entries.extend(records.into_iter().map(|record| entry(record, &shared, now_ns)));
    }
    StreamEntries { labels: Labels::from_pairs(labels), entries }
}

fn entry(record: Record, shared: &[(String, String)], now_ns: i64) -> Entry {
    let mut metadata = shared.to_vec();
    flatten(record.attributes, &mut metadata);
    push_count(&mut metadata, "dropped_attributes_count", record.dropped_attributes);
    push_count(&mut metadata, "severity_number", record.severity_number);
    push_text(&mut metadata, "severity_text", record.severity_text);
    push_count(&mut metadata, "observed_timestamp", record.observed_ns);
    push_count(&mut metadata, "flags", record.flags);
    push_text(&mut metadata, "trace_id", hex(&record.trace_id));
    push_text(&mut metadata, "span_id", hex(&record.span_id));
    push_text(&mut metadata, "event_name", record.event_name);
    let time = [record.time_ns, record.observed_ns].into_iter().find(|ns| *ns > 0);
    let line = match record.body {
        Body::Slice(bytes) => bytes,
        Body::Value(value) => value.into_text().into(),
    };
    Entry {
        t_ns: time.map_or(now_ns, |ns| i64::try_from(ns).unwrap_or(i64::MAX)),
        line,
        metadata: Labels::from_pairs(metadata),
    }
}

fn push_text(into: &mut Vec<(String, String)>, name: &str, value: String) {
    if !value.is_empty() {
        into.push((name.to_owned(), value));
    }
}

fn push_count(into: &mut Vec<(String, String)>, name: &str, n: u64) {
    if n > 0 {
        into.push((name.to_owned(), n.to_string()));
    }
}

fn hex(id: &[u8]) -> String {
    // An id of zeros is none.
    if id.iter().all(|byte| *byte == 0) {
        return String::new();
    }
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
