//! The messages in binary protobuf.

use super::super::proto::{attribute, resource, scope};
use super::{
    Buckets, Data, Example, Explicit, Exponential, Metric, Number, ResourceMetrics, Scope, Summary,
    Temporality,
};
use crate::protobuf::{Bad, Reader, Value};

/// Buckets of one histogram, at most.
const MAX_BUCKETS: usize = 100_000;

pub(super) fn request(message: &[u8]) -> Result<Vec<ResourceMetrics>, Bad> {
    repeated(message, 1, resource_metrics)
}

/// All messages in field `number`.
fn repeated<T>(message: &[u8], number: u32, read: impl Fn(&[u8]) -> Result<T, Bad>) -> Result<Vec<T>, Bad> {
    let mut all = Vec::new();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        if field == number {
            all.push(read(value.bytes()?)?);
        }
    }
    Ok(all)
}

fn resource_metrics(message: &[u8]) -> Result<ResourceMetrics, Bad> {
    let mut all = ResourceMetrics::default();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => all.resource = resource(value.bytes()?)?,
            // 1000 is where the scopes were before they had their name.
            2 | 1000 => all.scopes.push(scope_metrics(value.bytes()?)?),
            _ => {}
        }
    }
    Ok(all)
}

fn scope_metrics(message: &[u8]) -> Result<(Scope, Vec<Metric>), Bad> {
    let (mut of, mut metrics) = (Scope::default(), Vec::new());
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => of = scope(value.bytes()?)?,
            2 => metrics.push(metric(value.bytes()?)?),
            _ => {}
        }
    }
    Ok((of, metrics))
}

fn metric(message: &[u8]) -> Result<Metric, Bad> {
    let mut metric = Metric::default();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => metric.name = value.text()?.to_owned(),
            2 => metric.description = value.text()?.to_owned(),
            3 => metric.unit = value.text()?.to_owned(),
            5 => metric.data = Data::Gauge(repeated(value.bytes()?, 1, number)?),
            7 => {
                let sum = value.bytes()?;
                let monotonic = varint_of(sum, 3)? != 0;
                metric.data = Data::Sum(repeated(sum, 1, number)?, temporality(sum)?, monotonic);
            }
            9 => {
                let all = value.bytes()?;
                metric.data = Data::Histogram(repeated(all, 1, explicit)?, temporality(all)?);
            }
            10 => {
                let all = value.bytes()?;
                metric.data = Data::Exponential(repeated(all, 1, exponential)?, temporality(all)?);
            }
            11 => metric.data = Data::Summary(repeated(value.bytes()?, 1, summary)?),
            _ => {}
        }
    }
    Ok(metric)
}

fn temporality(message: &[u8]) -> Result<Temporality, Bad> {
    varint_of(message, 2).map(Temporality::of)
}

fn varint_of(message: &[u8], number: u32) -> Result<u64, Bad> {
    let mut found = 0;
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        if field == number {
            found = value.varint()?;
        }
    }
    Ok(found)
}

fn fixed(value: Value<'_>) -> Result<u64, Bad> {
    match value {
        Value::Fixed64(n) => Ok(n),
        _ => Err("a field has the wrong wire type (fixed width expected)"),
    }
}

fn number(message: &[u8]) -> Result<Number, Bad> {
    let mut point = Number::default();
    let common = &mut point.common;
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            2 => common.start_ns = fixed(value)?,
            3 => common.time_ns = fixed(value)?,
            4 => point.value = value.double()?,
            5 => common.exemplars.push(example(value.bytes()?)?),
            6 => point.value = fixed(value)? as i64 as f64,
            7 => common.attributes.push(attribute(value.bytes()?)?),
            8 => common.flags = value.varint()?,
            _ => {}
        }
    }
    Ok(point)
}

fn explicit(message: &[u8]) -> Result<Explicit, Bad> {
    let mut point = Explicit::default();
    let common = &mut point.common;
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            2 => common.start_ns = fixed(value)?,
            3 => common.time_ns = fixed(value)?,
            4 => point.count = fixed(value)?,
            5 => point.sum = Some(value.double()?),
            6 => fixed_list(value, &mut point.counts)?,
            7 => {
                let mut bits = Vec::new();
                fixed_list(value, &mut bits)?;
                point.bounds.extend(bits.into_iter().map(f64::from_bits));
            }
            8 => common.exemplars.push(example(value.bytes()?)?),
            9 => common.attributes.push(attribute(value.bytes()?)?),
            10 => common.flags = value.varint()?,
            _ => {}
        }
    }
    Ok(point)
}

fn fixed_list(value: Value<'_>, into: &mut Vec<u64>) -> Result<(), Bad> {
    match value {
        Value::Fixed64(n) => into.push(n),
        other => {
            let mut reader = Reader::new(other.bytes()?);
            while reader.remaining() > 0 {
                into.push(reader.fixed64()?);
            }
        }
    }
    bounded(into.len())
}

fn bounded(len: usize) -> Result<(), Bad> {
    if len > MAX_BUCKETS { Err("a histogram has more than 100,000 buckets") } else { Ok(()) }
}

fn exponential(message: &[u8]) -> Result<Exponential, Bad> {
    let mut point = Exponential::default();
    let common = &mut point.common;
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => common.attributes.push(attribute(value.bytes()?)?),
            2 => common.start_ns = fixed(value)?,
            3 => common.time_ns = fixed(value)?,
            4 => point.count = fixed(value)?,
            5 => point.sum = Some(value.double()?),
            6 => point.scale = value.sint()?,
            7 => point.zero_count = fixed(value)?,
            8 => point.positive = buckets(value.bytes()?)?,
            9 => point.negative = buckets(value.bytes()?)?,
            10 => common.flags = value.varint()?,
            11 => common.exemplars.push(example(value.bytes()?)?),
            14 => point.zero_threshold = value.double()?,
            _ => {}
        }
    }
    Ok(point)
}

fn buckets(message: &[u8]) -> Result<Buckets, Bad> {
    let mut buckets = Buckets::default();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match (field, value) {
            (1, value) => buckets.offset = value.sint()?,
            (2, Value::Varint(n)) => buckets.counts.push(n),
            (2, value) => {
                let mut packed = Reader::new(value.bytes()?);
                while packed.remaining() > 0 {
                    buckets.counts.push(packed.varint()?);
                }
            }
            _ => {}
        }
        bounded(buckets.counts.len())?;
    }
    Ok(buckets)
}

fn summary(message: &[u8]) -> Result<Summary, Bad> {
    let mut point = Summary::default();
    let common = &mut point.common;
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            2 => common.start_ns = fixed(value)?,
            3 => common.time_ns = fixed(value)?,
            4 => point.count = fixed(value)?,
            5 => point.sum = value.double()?,
            6 => point.quantiles.push(quantile(value.bytes()?)?),
            7 => common.attributes.push(attribute(value.bytes()?)?),
            8 => common.flags = value.varint()?,
            _ => {}
        }
    }
    Ok(point)
}

fn quantile(message: &[u8]) -> Result<(f64, f64), Bad> {
    let mut pair = (0.0, 0.0);
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => pair.0 = value.double()?,
            2 => pair.1 = value.double()?,
            _ => {}
        }
    }
    Ok(pair)
}

fn example(message: &[u8]) -> Result<Example, Bad> {
    let mut example = Example::default();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            2 => example.time_ns = fixed(value)?,
            3 => example.value = value.double()?,
            4 => example.span_id = value.bytes()?.to_vec(),
            5 => example.trace_id = value.bytes()?.to_vec(),
            6 => example.value = fixed(value)? as i64 as f64,
            7 => example.attributes.push(attribute(value.bytes()?)?),
            _ => {}
        }
    }
    Ok(example)
}
