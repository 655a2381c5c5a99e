//! Remote write 1.0 and 2.0. Source: Prometheus Remote-Write specifications 1.0 and 2.0.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{CommitTicket, ErrorKind, MetricBatch};
use tokio::sync::oneshot;

use crate::State;

/// The message that a request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// What a request brought: the numbers that 2.0 answers with.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    samples: u64,
    histograms: u64,
    exemplars: u64,
}

/// `POST /api/v1/write`: answered once the samples are durable. 400 names the first series that could not be kept;
/// the others of the request are kept all the same, so a sender must not send it again.
pub(crate) async fn remote_write(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let version = match version(&headers) {
        Ok(version) => version,
        Err(refusal) => return *refusal,
    };
    let appended = match append(state, version, body).await {
        Ok(appended) => appended,
        Err(error) => return answer(version, Written::default(), Err(error)),
    };
    let (written, rejected, commit) = appended;
    match committed(commit).await {
        Err(error) => answer(version, Written::default(), Err(error)),
        Ok(()) => answer(version, written, rejected),
    }
}

/// Waits for a commit without a thread that waits.
pub(crate) async fn committed(commit: CommitTicket) -> model::Result<()> {
    let (tell, told) = oneshot::channel();
    // Nobody is there to be told if the client has gone.
    commit.notify(move |outcome| drop(tell.send(outcome)));
    told.await.unwrap_or_else(|_| Err(model::Error::internal("the commit's outcome is not known")))
}

type Taken = (Written, model::Result<()>, CommitTicket);

/// Requests up to this size are taken in on the thread that read them: they cost less than waking another.
const SMALL: usize = 64 << 10;

async fn append(state: Arc<State>, version: Version, body: Bytes) -> model::Result<Taken> {
    let small = body.len() <= SMALL;
    let decode = move |state: &State| {
        let batch = match version {
            Version::V1 => state.metric_ingest.decode(&body),
            Version::V2 => state.metric_ingest.decode_v2(&body),
        };
        batch.map_err(|e| model::Error::new(e.kind(), e.to_string()))
    };
    if small {
        let batch = decode(&state)?;
        return match state.metric_sink.try_append(&batch) {
            Some(appended) => Ok(taken(&batch, appended?)),
            None => on_blocking(move || Ok(taken(&batch, state.metric_sink.append(&batch)?))).await,
        };
    }
    on_blocking(move || {
        let batch = decode(&state)?;
        Ok(taken(&batch, state.metric_sink.append(&batch)?))
    })
    .await
}

async fn on_blocking(work: impl FnOnce() -> model::Result<Taken> + Send + 'static) -> model::Result<Taken> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(model::Error::internal("the write failed in a way it should not")))
}

fn taken(batch: &MetricBatch, appended: model::Appended) -> Taken {
    let rejected: u64 = appended.rejected.iter().map(|row| row.count).sum();
    let floats = batch.samples.len() as u64;
    let written = Written {
        samples: floats.saturating_sub(rejected),
        histograms: (batch.histograms.len() as u64).saturating_sub(rejected.saturating_sub(floats)),
        exemplars: batch.exemplars.len() as u64,
    };
    let outcome = match appended.rejected.first() {
        None => Ok(()),
        Some(first) => {
            let (labels, reason) = (&first.labels, &first.reason);
            Err(model::Error::bad_input(format!(
                "{rejected} samples rejected, the first of {labels}: {reason}"
            )))
        }
    };
    (written, outcome, appended.commit)
}

/// Which message the body is, by its content type; it must be a snappy block.
fn version(headers: &HeaderMap) -> Result<Version, Box<Response>> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let unsupported = |why: String| Err(Box::new((StatusCode::UNSUPPORTED_MEDIA_TYPE, why).into_response()));
    let encoding = text(header::CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("snappy") {
        return unsupported(format!("the content encoding {encoding:?} is not supported: send snappy"));
    }
    let content_type = text(header::CONTENT_TYPE);
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    if !media.is_empty() && !media.eq_ignore_ascii_case("application/x-protobuf") {
        return unsupported(format!(
            "the content type {media:?} is not supported: send application/x-protobuf"
        ));
    }
    let message = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("proto").then(|| value.trim())
    });
    match message {
        None | Some("prometheus.WriteRequest") => Ok(Version::V1),
        Some("io.prometheus.write.v2.Request") => Ok(Version::V2),
        Some(other) => unsupported(format!(
            "the message {other:?} is not known: send prometheus.WriteRequest or io.prometheus.write.v2.Request"
        )),
    }
}

fn answer(version: Version, written: Written, outcome: model::Result<()>) -> Response {
    let mut response = match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let status = match error.kind() {
                ErrorKind::BadInput => StatusCode::BAD_REQUEST,
                ErrorKind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
                ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Cancelled => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (status, model::shorten(error.message(), 2_000).into_owned()).into_response()
        }
    };
    if version == Version::V2 {
        let numbers = [
            ("x-prometheus-remote-write-samples-written", written.samples),
            ("x-prometheus-remote-write-histograms-written", written.histograms),
            ("x-prometheus-remote-write-exemplars-written", written.exemplars),
        ];
        for (name, number) in numbers {
            response.headers_mut().insert(name, HeaderValue::from(number));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        let check = |content_type: &str, encoding: &str, expect: Result<Version, u16>| {
            let mut headers = HeaderMap::new();
            if !content_type.is_empty() {
                headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            }
            if !encoding.is_empty() {
                headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
            }
            let got = version(&headers).map_err(|refusal| refusal.status().as_u16());
            assert_eq!(got, expect, "{content_type} {encoding}");
        };
        check("", "", Ok(Version::V1));
        check("application/x-protobuf", "snappy", Ok(Version::V1));
        check("application/x-protobuf;proto=prometheus.WriteRequest", "snappy", Ok(Version::V1));
        check("application/x-protobuf; proto=io.prometheus.write.v2.Request", "snappy", Ok(Version::V2));
        check("application/x-protobuf;proto=io.prometheus.write.v3.Request", "snappy", Err(415));
        check("application/json", "", Err(415));
        check("application/x-protobuf", "gzip", Err(415));
    }
}
