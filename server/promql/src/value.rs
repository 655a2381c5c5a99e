//! What a query answers.

use std::sync::Arc;

use model::{Histogram, Labels, is_stale};

use crate::ast::ValueType;

/// The value of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number (instant queries; a range query gives a matrix).
    Scalar(f64),
    /// A string.
    String(String),
    /// One sample a series, in the order of the evaluation (`sort`, `topk`).
    Vector(Vec<VectorSample>),
    /// Many samples a series, sorted by labels.
    Matrix(Vec<MatrixSeries>),
}

impl Value {
    /// Its type.
    pub fn value_type(&self) -> ValueType {
        match self {
            Value::Scalar(_) => ValueType::Scalar,
            Value::String(_) => ValueType::String,
            Value::Vector(_) => ValueType::Vector,
            Value::Matrix(_) => ValueType::Matrix,
        }
    }
}

/// A float or a histogram.
#[derive(Debug, Clone, PartialEq)]
pub enum Point {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<Histogram>),
}

/// A series of a vector with its sample; the time is the query's.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorSample {
    /// The labels.
    pub labels: Labels,
    /// The value.
    pub point: Point,
}

/// A series of a matrix.
#[derive(Debug, Clone)]
pub struct MatrixSeries {
    /// The labels.
    pub labels: Labels,
    /// Times in ms; all series of a range query share one allocation.
    pub timestamps: Arc<[i64]>,
    /// One value a timestamp; the stale marker where the series has none or has a histogram.
    pub values: Vec<f64>,
    /// (index into `timestamps`, histogram), ascending.
    pub histograms: Vec<(u32, Arc<Histogram>)>,
}

impl MatrixSeries {
    /// The samples there are, in order of time.
    pub fn points(&self) -> impl Iterator<Item = (i64, Point)> {
        let mut histograms = self.histograms.iter().peekable();
        self.timestamps.iter().zip(&self.values).enumerate().filter_map(move |(i, (&t_ms, &value))| {
            if let Some((_, histogram)) = histograms.next_if(|(at, _)| *at as usize == i) {
                return Some((t_ms, Point::Histogram(histogram.clone())));
            }
            (!is_stale(value)).then_some((t_ms, Point::Float(value)))
        })
    }
}

impl PartialEq for MatrixSeries {
    fn eq(&self, other: &Self) -> bool {
        self.labels == other.labels && self.points().eq(other.points())
    }
}

/// Numbers about an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Samples that were read from the source.
    pub samples: u64,
    /// The most memory that was reserved at once.
    pub peak_bytes: u64,
}

/// A value with what is to be said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The value.
    pub value: Value,
    /// What may be wrong: `PromQL warning: …`, and what the source could not read.
    pub warnings: Vec<String>,
    /// What may surprise: `PromQL info: …`.
    pub infos: Vec<String>,
    /// Numbers about the evaluation.
    pub stats: Stats,
    /// Samples that each step looked at, as Prometheus counts them; empty unless [`crate::Options`] ask.
    pub queryable: Vec<u64>,
}
