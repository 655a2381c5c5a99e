//! A query's value as Prometheus' API writes it.

use promql::{MatrixSeries, Point, Value, VectorSample};

use super::histogram;
use crate::json;

/// Appends `"resultType":…,"result":…`: the inside of an object.
pub(crate) fn write(out: &mut String, value: &Value, t_ms: i64) {
    out.push_str("\"resultType\":\"");
    out.push_str(value.value_type().as_str());
    out.push_str("\",\"result\":");
    match value {
        Value::Scalar(value) => scalar(out, t_ms, *value),
        Value::String(text) => {
            out.push('[');
            json::seconds(out, t_ms);
            out.push(',');
            json::string(out, text);
            out.push(']');
        }
        Value::Vector(samples) => list(out, samples, |out, sample| vector_sample(out, sample, t_ms)),
        Value::Matrix(series) => list(out, series, matrix_series),
    }
}

fn list<T>(out: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

fn scalar(out: &mut String, t_ms: i64, value: f64) {
    out.push('[');
    json::seconds(out, t_ms);
    out.push_str(",\"");
    json::float(out, value);
    out.push_str("\"]");
}

fn point(out: &mut String, t_ms: i64, histogram: &model::Histogram) {
    out.push('[');
    json::seconds(out, t_ms);
    out.push(',');
    histogram::write(out, histogram);
    out.push(']');
}

fn vector_sample(out: &mut String, sample: &VectorSample, t_ms: i64) {
    out.push_str("{\"metric\":");
    json::labels(out, &sample.labels);
    match &sample.point {
        Point::Float(value) => {
            out.push_str(",\"value\":");
            scalar(out, t_ms, *value);
        }
        Point::Histogram(histogram) => {
            out.push_str(",\"histogram\":");
            point(out, t_ms, histogram);
        }
    }
    out.push('}');
}

fn matrix_series(out: &mut String, series: &MatrixSeries) {
    out.push_str("{\"metric\":");
    json::labels(out, &series.labels);
    let (mut floats, mut histograms) = (0, 0);
    let begin = |out: &mut String, count: &mut usize, key: &str| {
        out.push_str(if *count == 0 { key } else { "," });
        *count += 1;
    };
    for (t_ms, value) in series.points() {
        if let Point::Float(value) = value {
            begin(out, &mut floats, ",\"values\":[");
            scalar(out, t_ms, value);
        }
    }
    if floats > 0 {
        out.push(']');
    }
    if !series.histograms.is_empty() {
        for (t_ms, value) in series.points() {
            if let Point::Histogram(value) = value {
                begin(out, &mut histograms, ",\"histograms\":[");
                point(out, t_ms, &value);
            }
        }
        out.push(']');
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Labels, stale_nan};

    use super::*;

    fn check(value: Value, expect: &str) {
        let mut out = String::from("{");
        write(&mut out, &value, 1_500);
        out.push('}');
        assert_eq!(out, expect);
    }

    #[test]
    fn every_type_of_value() {
        check(Value::Scalar(1.0), r#"{"resultType":"scalar","result":[1.500,"1"]}"#);
        check(Value::String("a\"".into()), r#"{"resultType":"string","result":[1.500,"a\""]}"#);
        let labels = Labels::of_metric("up");
        let vector = vec![VectorSample { labels: labels.clone(), point: Point::Float(f64::NAN) }];
        check(
            Value::Vector(vector),
            r#"{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1.500,"NaN"]}]}"#,
        );
        let timestamps: Arc<[i64]> = Arc::from([0, 1_000]);
        let matrix =
            vec![MatrixSeries { labels, timestamps, values: vec![stale_nan(), 2.5], histograms: Vec::new() }];
        check(
            Value::Matrix(matrix),
            r#"{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[1,"2.5"]]}]}"#,
        );
        check(Value::Matrix(Vec::new()), r#"{"resultType":"matrix","result":[]}"#);
    }
}
