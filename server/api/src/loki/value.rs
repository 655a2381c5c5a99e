//! A query's value as Loki's API writes it: like Prometheus' matrices and vectors, and streams.

use std::fmt::Write;
use std::time::Duration;

use logql::{Answer, Stats, Stream, StreamEntry, Value};

use crate::json;
use crate::prometheus;

/// `{"resultType":…,"result":…,"stats":…}`
///
/// `categories`: whether each line says which of its labels are structured metadata and which are parsed, and the
/// streams have their own labels alone (`X-Loki-Response-Encoding-Flags: categorize-labels`).
pub(super) fn render(answer: &Answer, t_ms: i64, elapsed: Duration, categories: bool) -> String {
    let mut out = String::with_capacity(4096);
    out.push('{');
    let lines = match &answer.value {
        Value::Streams(all) => {
            out.push_str("\"resultType\":\"streams\",");
            if categories {
                out.push_str("\"encodingFlags\":[\"categorize-labels\"],");
            }
            out.push_str("\"result\":");
            streams(&mut out, all, categories);
            all.iter().map(|stream| stream.entries.len()).sum()
        }
        Value::Metric(value) => {
            prometheus::value::write(&mut out, value, t_ms);
            0
        }
    };
    stats(&mut out, &answer.stats, lines, elapsed);
    out.push('}');
    out
}

/// A message of a live tail.
pub(super) fn tail_message(lines: &[Stream], categories: bool) -> String {
    let mut out = String::with_capacity(4096);
    out.push('{');
    if categories {
        out.push_str("\"encodingFlags\":[\"categorize-labels\"],");
    }
    out.push_str("\"streams\":");
    streams(&mut out, lines, categories);
    out.push_str(",\"dropped_entries\":null}");
    out
}

fn streams(out: &mut String, streams: &[Stream], categories: bool) {
    out.push('[');
    for (i, stream) in streams.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str("{\"stream\":");
        json::labels(out, if categories { &stream.stream_labels } else { &stream.labels });
        out.push_str(",\"values\":[");
        for (j, entry) in stream.entries.iter().enumerate() {
            if j > 0 {
                out.push(',');
            }
            // Writing to a String cannot fail.
            let _ = write!(out, "[\"{}\",", entry.t_ns);
            // JSON is UTF-8: other bytes are shown as U+FFFD.
            json::string(out, &String::from_utf8_lossy(&entry.line));
            if categories {
                entry_categories(out, entry);
            }
            out.push(']');
        }
        out.push_str("]}");
    }
    out.push(']');
}

/// `,{"structuredMetadata":{…},"parsed":{…}}`; what is empty is left out.
fn entry_categories(out: &mut String, entry: &StreamEntry) {
    out.push_str(",{");
    for (name, labels) in [("structuredMetadata", &entry.metadata), ("parsed", &entry.parsed)] {
        if labels.is_empty() {
            continue;
        }
        if !out.ends_with('{') {
            out.push(',');
        }
        json::string(out, name);
        out.push(':');
        json::labels(out, labels);
    }
    out.push('}');
}

/// Statistics in Loki's form. There is one store: what it read stands under the querier, chunks are blocks.
fn stats(out: &mut String, read: &Stats, lines: usize, elapsed: Duration) {
    let seconds = elapsed.as_secs_f64();
    let per_second = |n: u64| if seconds > 0.0 { (n as f64 / seconds) as u64 } else { 0 };
    let (entries, bytes, parts) = (read.entries, read.bytes, read.parts);
    let store = |(refs, parts, bytes, entries): (u64, u64, u64, u64)| {
        serde_json::json!({
            "totalChunksRef": refs, "totalChunksDownloaded": parts, "chunksDownloadTime": 0,
            "queryReferencedStructuredMetadata": false, "congestionControlLatency": 0, "pipelineWrapperFilteredLines": 0,
            "chunk": {
                "headChunkBytes": 0, "headChunkLines": 0, "decompressedBytes": bytes, "decompressedLines": entries,
                "compressedBytes": 0, "totalDuplicates": 0, "postFilterLines": entries,
                "headChunkStructuredMetadataBytes": 0, "decompressedStructuredMetadataBytes": 0,
            },
        })
    };
    let cache = serde_json::json!({"entriesFound": 0, "entriesRequested": 0, "entriesStored": 0, "bytesReceived": 0,
        "bytesSent": 0, "requests": 0, "downloadTime": 0, "queryLengthServed": 0});
    let caches = [
        "chunk",
        "index",
        "result",
        "statsResult",
        "volumeResult",
        "seriesResult",
        "labelResult",
        "instantMetricResult",
    ];
    let caches: serde_json::Map<String, serde_json::Value> =
        caches.iter().map(|name| ((*name).to_owned(), cache.clone())).collect();
    let all = serde_json::json!({
        "summary": {
            "bytesProcessedPerSecond": per_second(bytes), "linesProcessedPerSecond": per_second(entries),
            "totalBytesProcessed": bytes, "totalLinesProcessed": entries, "execTime": seconds, "queueTime": 0,
            "subqueries": 0, "totalEntriesReturned": lines, "splits": 1, "shards": 0, "totalPostFilterLines": entries,
            "totalStructuredMetadataBytesProcessed": 0,
        },
        "querier": {"store": store((read.parts_offered, parts, bytes, entries))},
        "ingester": {"totalReached": 0, "totalChunksMatched": 0, "totalBatches": 0, "totalLinesSent": 0,
            "store": store((0, 0, 0, 0))},
        "cache": caches,
        "index": {"totalChunks": read.parts_offered, "postFilterChunks": parts, "shardsDuration": 0},
    });
    // Writing to a String cannot fail.
    let _ = write!(out, ",\"stats\":{all}");
}
