//! A query's value as Prometheus' API writes it.

use std::sync::Arc;

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
        Value::Matrix(series) => {
            let mut times = Times::default();
            list(out, series, |out, series| matrix_series(out, series, &mut times));
        }
    }
}

fn list<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
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

/// A column of times as text: the series of an answer share theirs.
#[derive(Default)]
struct Times {
    column: Option<Arc<[i64]>>,
    text: String,
    ends: Vec<usize>,
}

impl Times {
    fn set(&mut self, column: &Arc<[i64]>) {
        if self.column.as_ref().is_some_and(|known| Arc::ptr_eq(known, column)) {
            return;
        }
        self.text.clear();
        self.ends.clear();
        for t_ms in column.iter() {
            json::seconds(&mut self.text, *t_ms);
            self.ends.push(self.text.len());
        }
        self.column = Some(Arc::clone(column));
    }

    fn get(&self, i: usize) -> &str {
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[i]]
    }
}

fn matrix_series(out: &mut String, series: &MatrixSeries, times: &mut Times) {
    times.set(&series.timestamps);
    out.push_str("{\"metric\":");
    json::labels(out, &series.labels);
    let (mut floats, mut histograms) = (0, 0);
    let begin = |out: &mut String, count: &mut usize, key: &str| {
        out.push_str(if *count == 0 { key } else { "," });
        *count += 1;
    };
    let is_histogram = |i: usize| {
        !series.histograms.is_empty()
            && series.histograms.binary_search_by_key(&i, |(at, _)| *at as usize).is_ok()
    };
    for (i, &value) in series.values.iter().enumerate() {
        if model::is_stale(value) || is_histogram(i) {
            continue;
        }
        begin(out, &mut floats, ",\"values\":[");
        out.push('[');
        out.push_str(times.get(i));
        out.push_str(",\"");
        json::float(out, value);
        out.push_str("\"]");
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
