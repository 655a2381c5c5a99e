//! The messages in JSON.

use serde_json::Value as Json;

use super::super::json::{Bad, Object, id, resource, scope};
use super::{
    Buckets, Common, Data, Example, Explicit, Exponential, Metric, Number, ResourceMetrics, Scope, Summary,
    Temporality,
};

pub(super) fn request(message: &[u8]) -> Result<Vec<ResourceMetrics>, Bad> {
    let json: Json = serde_json::from_slice(message).map_err(|e| e.to_string())?;
    repeated(Object::of(&json, "request")?, "resourceMetrics", resource_metrics)
}

fn repeated<T>(
    object: Object<'_>,
    name: &str,
    read: impl Fn(Object<'_>) -> Result<T, Bad>,
) -> Result<Vec<T>, Bad> {
    object.list(name)?.iter().map(|item| read(Object::of(item, name)?)).collect()
}

fn resource_metrics(object: Object<'_>) -> Result<ResourceMetrics, Bad> {
    let of = object.object("resource")?.map(resource).transpose()?.unwrap_or_default();
    Ok(ResourceMetrics { resource: of, scopes: repeated(object, "scopeMetrics", scope_metrics)? })
}

fn scope_metrics(object: Object<'_>) -> Result<(Scope, Vec<Metric>), Bad> {
    let of = object.object("scope")?.map(scope).transpose()?.unwrap_or_default();
    Ok((of, repeated(object, "metrics", metric)?))
}

fn metric(object: Object<'_>) -> Result<Metric, Bad> {
    let points = "dataPoints";
    let data = if let Some(gauge) = object.object("gauge")? {
        Data::Gauge(repeated(gauge, points, number)?)
    } else if let Some(sum) = object.object("sum")? {
        let monotonic = sum.get("isMonotonic").and_then(Json::as_bool).unwrap_or(false);
        Data::Sum(repeated(sum, points, number)?, temporality(sum)?, monotonic)
    } else if let Some(all) = object.object("histogram")? {
        Data::Histogram(repeated(all, points, explicit)?, temporality(all)?)
    } else if let Some(all) = object.object("exponentialHistogram")? {
        Data::Exponential(repeated(all, points, exponential)?, temporality(all)?)
    } else if let Some(all) = object.object("summary")? {
        Data::Summary(repeated(all, points, summary)?)
    } else {
        Data::None
    };
    Ok(Metric {
        name: object.text("name")?.to_owned(),
        description: object.text("description")?.to_owned(),
        unit: object.text("unit")?.to_owned(),
        data,
    })
}

fn temporality(object: Object<'_>) -> Result<Temporality, Bad> {
    match object.get("aggregationTemporality") {
        Some(Json::String(name)) => Ok(match name.as_str() {
            "AGGREGATION_TEMPORALITY_DELTA" => Temporality::Delta,
            "AGGREGATION_TEMPORALITY_CUMULATIVE" => Temporality::Cumulative,
            _ => Temporality::Unspecified,
        }),
        _ => object.uint("aggregationTemporality").map(Temporality::of),
    }
}

fn common(object: Object<'_>) -> Result<Common, Bad> {
    Ok(Common {
        attributes: object.attributes("attributes")?,
        start_ns: object.uint("startTimeUnixNano")?,
        time_ns: object.uint("timeUnixNano")?,
        flags: object.uint("flags")?,
        exemplars: repeated(object, "exemplars", example)?,
    })
}

fn number(object: Object<'_>) -> Result<Number, Bad> {
    Ok(Number { common: common(object)?, value: value(object)? })
}

/// `asDouble` or `asInt`.
fn value(object: Object<'_>) -> Result<f64, Bad> {
    match object.get("asInt") {
        Some(int) => {
            let int = int.as_i64().or_else(|| int.as_str()?.parse().ok());
            int.map(|int| int as f64).ok_or_else(|| "asInt: an integer was expected".to_owned())
        }
        None => Ok(double(object, "asDouble")?.unwrap_or(0.0)),
    }
}

/// A number, or what JSON has no number for as text.
fn double(object: Object<'_>, name: &str) -> Result<Option<f64>, Bad> {
    object.get(name).map(|json| number_of(json, name)).transpose()
}

fn number_of(json: &Json, name: &str) -> Result<f64, Bad> {
    let parsed = match json {
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        other => other.as_f64(),
    };
    parsed.ok_or_else(|| format!("{name}: a number was expected"))
}

fn doubles(object: Object<'_>, name: &str) -> Result<Vec<f64>, Bad> {
    object.list(name)?.iter().map(|json| number_of(json, name)).collect()
}

fn uints(object: Object<'_>, name: &str) -> Result<Vec<u64>, Bad> {
    let parse = |json: &Json| json.as_u64().or_else(|| json.as_str()?.parse().ok());
    let all = object.list(name)?.iter().map(parse).collect::<Option<_>>();
    all.ok_or_else(|| format!("{name}: unsigned integers were expected"))
}

fn int(object: Object<'_>, name: &str) -> Result<i64, Bad> {
    match object.get(name) {
        None => Ok(0),
        Some(json) => json
            .as_i64()
            .or_else(|| json.as_str()?.parse().ok())
            .ok_or_else(|| format!("{name}: an integer was expected")),
    }
}

fn explicit(object: Object<'_>) -> Result<Explicit, Bad> {
    Ok(Explicit {
        common: common(object)?,
        count: object.uint("count")?,
        sum: double(object, "sum")?,
        counts: uints(object, "bucketCounts")?,
        bounds: doubles(object, "explicitBounds")?,
    })
}

fn exponential(object: Object<'_>) -> Result<Exponential, Bad> {
    let buckets = |name: &str| -> Result<Buckets, Bad> {
        let Some(object) = object.object(name)? else { return Ok(Buckets::default()) };
        Ok(Buckets { offset: int(object, "offset")?, counts: uints(object, "bucketCounts")? })
    };
    Ok(Exponential {
        common: common(object)?,
        count: object.uint("count")?,
        sum: double(object, "sum")?,
        scale: int(object, "scale")?,
        zero_count: object.uint("zeroCount")?,
        zero_threshold: double(object, "zeroThreshold")?.unwrap_or(0.0),
        positive: buckets("positive")?,
        negative: buckets("negative")?,
    })
}

fn summary(object: Object<'_>) -> Result<Summary, Bad> {
    let quantile = |object: Object<'_>| -> Result<(f64, f64), Bad> {
        Ok((double(object, "quantile")?.unwrap_or(0.0), double(object, "value")?.unwrap_or(0.0)))
    };
    Ok(Summary {
        common: common(object)?,
        count: object.uint("count")?,
        sum: double(object, "sum")?.unwrap_or(0.0),
        quantiles: repeated(object, "quantileValues", quantile)?,
    })
}

fn example(object: Object<'_>) -> Result<Example, Bad> {
    Ok(Example {
        attributes: object.attributes("filteredAttributes")?,
        time_ns: object.uint("timeUnixNano")?,
        value: value(object)?,
        trace_id: id(object.text("traceId")?)?,
        span_id: id(object.text("spanId")?)?,
    })
}
