//! Data points to series.

use model::{
    BUCKET_LABEL, BatchSeries, Exemplar, Histogram, INSTANCE, JOB, Labels, LabelsBuilder, METRIC_NAME,
    Metadata, MetricKind, Sample, Span, stale_nan,
};

use super::super::values::flatten;
use super::cumulate::Delta;
use super::{
    Accumulator, Common, Data, Decoded, Example, Explicit, Exponential, Metric, Number, Options,
    ResourceMetrics, Scope, Summary, Temporality,
};
use crate::otlp::{Attribute, Resource};

/// The schema of custom bounds.
const CUSTOM: i32 = -53;
/// Prometheus' width of the zero bucket where the sender says none.
const ZERO_THRESHOLD: f64 = 1e-128;

const NAMESPACE: &str = "service.namespace";
const NAME: &str = "service.name";
const INSTANCE_ID: &str = "service.instance.id";

pub(super) fn translate(
    resources: Vec<ResourceMetrics>,
    options: &Options,
    accumulator: &Accumulator,
    now_ms: i64,
) -> Decoded {
    let mut out = Decoded::default();
    for ResourceMetrics { resource, scopes } in resources {
        let base = base_labels(&resource, options);
        let mut newest = None;
        for (scope, metrics) in scopes {
            let base = if options.promote_scope { with_scope(&base, &scope, options) } else { base.clone() };
            for metric in metrics {
                let mut one = One {
                    options,
                    accumulator,
                    now_ms,
                    base: &base,
                    name: String::new(),
                    out: &mut out,
                    newest: &mut newest,
                };
                one.metric(metric);
            }
        }
        if let Some(t_ms) = newest {
            target_info(&resource, options, t_ms, &mut out);
        }
    }
    out
}

fn text<'a>(resource: &'a Resource, key: &str) -> Option<&'a Attribute> {
    resource.attributes.iter().find(|attribute| attribute.key == key)
}

/// `job` and `instance` of a resource.
fn identity(resource: &Resource) -> (String, String) {
    let value = |key: &str| text(resource, key).map(|a| a.value.clone().into_text()).unwrap_or_default();
    let (namespace, name) = (value(NAMESPACE), value(NAME));
    let job = if namespace.is_empty() || name.is_empty() { name } else { format!("{namespace}/{name}") };
    (job, value(INSTANCE_ID))
}

fn is_identifying(key: &str) -> bool {
    matches!(key, NAMESPACE | NAME | INSTANCE_ID)
}

/// The labels that every series of a resource has.
fn base_labels(resource: &Resource, options: &Options) -> Labels {
    let promoted = resource.attributes.iter().filter(|attribute| match options.promote_all {
        true => !options.ignore.contains(&attribute.key),
        false => options.promote.contains(&attribute.key),
    });
    let mut labels = labels_of(promoted.cloned().collect(), options);
    let (job, instance) = identity(resource);
    labels.set(JOB, job);
    labels.set(INSTANCE, instance);
    labels.build()
}

fn with_scope(base: &Labels, scope: &Scope, options: &Options) -> Labels {
    let mut labels = base.to_builder();
    labels.set("otel_scope_name", &scope.name);
    labels.set("otel_scope_version", &scope.version);
    for (name, value) in labels_of(scope.attributes.clone(), options).build().iter() {
        labels.set(format!("otel_scope_{name}"), value);
    }
    labels.build()
}

/// Attributes as labels; values of names that become equal are joined with `;`.
fn labels_of(attributes: Vec<Attribute>, options: &Options) -> LabelsBuilder {
    let mut labels = LabelsBuilder::default();
    for attribute in attributes {
        let name = options.label(&attribute.key);
        if name.is_empty() {
            continue;
        }
        let value = attribute.value.into_text();
        let known = labels.value(&name).to_owned();
        match known.is_empty() {
            true => labels.set(name, value),
            false => labels.set(name, format!("{known};{value}")),
        };
    }
    labels
}

/// Indexes and counts of exponential buckets.
type Buckets<'a> = &'a [(i32, f64)];

/// The attributes of a resource, as the info metric that joins give to the others.
fn target_info(resource: &Resource, options: &Options, t_ms: i64, out: &mut Decoded) {
    let (job, instance) = identity(resource);
    let about = resource.attributes.iter().filter(|a| options.keep_identifying || !is_identifying(&a.key));
    let mut labels = labels_of(about.cloned().collect(), options);
    if labels.iter().next().is_none() || (job.is_empty() && instance.is_empty()) {
        return;
    }
    labels.set(JOB, job);
    labels.set(INSTANCE, instance);
    labels.set(METRIC_NAME, "target_info");
    let labels = labels.build();
    let known =
        out.batch.series.iter().any(|s| s.labels == labels && out.batch.samples_of(s)[0].t_ms == t_ms);
    if !known {
        out.batch.push(labels, [Sample { t_ms, value: 1.0 }]);
        let help = "Target metadata".to_owned();
        let (family, kind, unit) = ("target_info".to_owned(), MetricKind::Gauge, String::new());
        out.batch.metadata.push(Metadata { family, kind, help, unit });
    }
}

/// One metric on its way into the batch.
struct One<'a> {
    options: &'a Options,
    accumulator: &'a Accumulator,
    now_ms: i64,
    base: &'a Labels,
    /// The translated name.
    name: String,
    out: &'a mut Decoded,
    /// The newest time of the resource's points.
    newest: &'a mut Option<i64>,
}

/// Where the samples of a point go.
#[derive(Clone, Copy)]
struct Place {
    t_ms: i64,
    start_ms: i64,
    /// The point says that there is no value.
    missing: bool,
}

impl One<'_> {
    fn metric(&mut self, metric: Metric) {
        let Metric { name, description, unit, data } = metric;
        let (kind, monotonic) = match &data {
            Data::None => return,
            Data::Gauge(_) => (MetricKind::Gauge, false),
            Data::Sum(_, _, true) => (MetricKind::Counter, true),
            Data::Sum(..) => (MetricKind::Gauge, false),
            Data::Histogram(..) | Data::Exponential(..) => (MetricKind::Histogram, false),
            Data::Summary(_) => (MetricKind::Summary, false),
        };
        let gauge = matches!(data, Data::Gauge(_));
        self.name = self.options.strategy.metric(&name, &unit, (monotonic, gauge));
        if self.name.is_empty() {
            return self.reject(1, "a metric has no name");
        }
        let family = self.name.clone();
        self.out.batch.metadata.push(Metadata { family, kind, help: description, unit });
        match data {
            Data::None => {}
            Data::Gauge(points) => {
                points.into_iter().for_each(|p| self.number(p, Temporality::Cumulative, false))
            }
            Data::Sum(points, temporality, monotonic) => {
                points.into_iter().for_each(|p| self.number(p, temporality, monotonic));
            }
            Data::Histogram(points, temporality) => {
                points.into_iter().for_each(|p| self.explicit(p, temporality))
            }
            Data::Exponential(points, temporality) => {
                points.into_iter().for_each(|p| self.exponential(p, temporality));
            }
            Data::Summary(points) => points.into_iter().for_each(|p| self.summary(p)),
        }
    }

    fn reject(&mut self, points: u64, why: &str) {
        self.out.rejected += points;
        if self.out.reason.is_empty() {
            self.out.reason = format!("{}: {why}", self.name);
        }
    }

    /// The labels of a point, without a metric's name, and where its samples go.
    fn place(&mut self, common: &mut Common) -> (Labels, Place) {
        let mut labels = labels_of(std::mem::take(&mut common.attributes), self.options);
        for (name, value) in self.base.iter() {
            labels.set(name, value);
        }
        let t_ms = if common.time_ns == 0 { self.now_ms } else { ms(common.time_ns) };
        *self.newest = Some(self.newest.map_or(t_ms, |newest| newest.max(t_ms)));
        let start_ms = ms(common.start_ns);
        (labels.build(), Place { t_ms, start_ms, missing: common.flags & 1 != 0 })
    }

    fn push(&mut self, labels: &Labels, name: &str, place: Place, value: f64) -> u32 {
        let value = if place.missing { stale_nan() } else { value };
        let index = self.out.batch.series.len() as u32;
        self.out.batch.push(labels.with(METRIC_NAME, name), [Sample { t_ms: place.t_ms, value }]);
        self.out.batch.series[index as usize].start_ms = place.start_ms;
        index
    }

    fn number(&mut self, mut point: Number, temporality: Temporality, monotonic: bool) {
        let (labels, mut place) = self.place(&mut point.common);
        let mut value = point.value;
        if temporality == Temporality::Delta && !place.missing {
            let labels = labels.with(METRIC_NAME, &self.name);
            let delta = delta_of(&point.common, vec![value], Vec::new());
            match self.accumulator.add(&labels, delta) {
                Ok((start_ns, totals)) => (place.start_ms, value) = (ms(start_ns), totals[0]),
                Err(why) => return self.reject(1, why),
            }
        } else if temporality == Temporality::Unspecified {
            return self.reject(1, "it has no aggregation temporality");
        }
        if !monotonic && temporality == Temporality::Cumulative {
            place.start_ms = 0;
        }
        let name = self.name.clone();
        let index = self.push(&labels, &name, place, value);
        self.exemplars(index, point.common.exemplars);
    }

    fn explicit(&mut self, mut point: Explicit, temporality: Temporality) {
        let (labels, mut place) = self.place(&mut point.common);
        if point.counts.is_empty() {
            point.counts.push(point.count);
        }
        if point.counts.len() != point.bounds.len() + 1 {
            return self.reject(1, "a histogram's counts do not fit its bounds");
        }
        if point.bounds.windows(2).any(|w| w[0] >= w[1]) {
            return self.reject(1, "a histogram's bounds do not ascend");
        }
        let mut values: Vec<f64> = point.counts.iter().map(|count| *count as f64).collect();
        let (mut count, mut sum) = (point.count as f64, point.sum);
        if temporality == Temporality::Delta && !place.missing {
            values.extend([count, sum.unwrap_or(0.0)]);
            let shape = point.bounds.iter().map(|bound| bound.to_bits()).collect();
            let labels = labels.with(METRIC_NAME, &self.name);
            match self.accumulator.add(&labels, delta_of(&point.common, values, shape)) {
                Ok((start_ns, totals)) => {
                    (place.start_ms, values) = (ms(start_ns), totals);
                    sum = sum.and(values.pop());
                    count = values.pop().unwrap_or(count);
                }
                Err(why) => return self.reject(1, why),
            }
        }
        if self.options.convert_histograms {
            let histogram = native_of(&values, point.bounds, (count, sum.unwrap_or(0.0)));
            return self.histogram(&labels, place, histogram, point.common.exemplars);
        }
        self.classic(&labels, place, (&values, &point.bounds), (count, sum), point.common.exemplars);
    }

    fn classic(
        &mut self,
        labels: &Labels,
        place: Place,
        (values, bounds): (&[f64], &[f64]),
        (count, sum): (f64, Option<f64>),
        exemplars: Vec<Example>,
    ) {
        let name = self.name.clone();
        let mut cumulative = 0.0;
        let first = self.out.batch.series.len() as u32;
        for (value, bound) in values.iter().zip(bounds.iter().copied().chain([f64::INFINITY])) {
            cumulative += value;
            let bound = if bound.is_infinite() { "+Inf".to_owned() } else { bound.to_string() };
            // The last bucket holds all, whatever the others say.
            let value = if bound == "+Inf" { count } else { cumulative };
            self.push(&labels.with(BUCKET_LABEL, &bound), &format!("{name}_bucket"), place, value);
        }
        for example in exemplars {
            let bucket = bounds.partition_point(|bound| *bound < example.value) as u32;
            self.exemplars(first + bucket, vec![example]);
        }
        self.push(labels, &format!("{name}_count"), place, count);
        if let Some(sum) = sum {
            self.push(labels, &format!("{name}_sum"), place, sum);
        }
    }

    fn exponential(&mut self, mut point: Exponential, temporality: Temporality) {
        let (labels, mut place) = self.place(&mut point.common);
        let Some((schema, shift)) = schema_of(point.scale) else {
            return self.reject(1, "an exponential histogram is coarser than scale -4");
        };
        let positive = buckets(point.positive.offset, &point.positive.counts, shift);
        let negative = buckets(point.negative.offset, &point.negative.counts, shift);
        let threshold = if point.zero_threshold > 0.0 { point.zero_threshold } else { ZERO_THRESHOLD };
        let mut histogram = Histogram {
            schema,
            zero_threshold: threshold,
            zero_count: point.zero_count as f64,
            count: point.count as f64,
            sum: point.sum.unwrap_or(0.0),
            ..Histogram::default()
        };
        (histogram.positive_spans, histogram.positive_buckets) = spans(&positive);
        (histogram.negative_spans, histogram.negative_buckets) = spans(&negative);
        if temporality == Temporality::Delta && !place.missing {
            // Buckets come and go from delta to delta: each is a running total of its own.
            match self.cumulated(&labels, &point.common, &mut histogram, (&positive, &negative)) {
                Ok(start_ns) => place.start_ms = ms(start_ns),
                Err(why) => return self.reject(1, why),
            }
        }
        self.histogram(&labels, place, histogram, point.common.exemplars);
    }

    fn cumulated(
        &self,
        labels: &Labels,
        common: &Common,
        histogram: &mut Histogram,
        (positive, negative): (Buckets<'_>, Buckets<'_>),
    ) -> Result<u64, &'static str> {
        let labels = labels.with(METRIC_NAME, &self.name);
        let shape = vec![histogram.schema as u64, histogram.zero_threshold.to_bits()];
        let heads = vec![histogram.count, histogram.sum, histogram.zero_count];
        let (start_ns, heads) = self.accumulator.add(&labels, delta_of(common, heads, shape))?;
        (histogram.count, histogram.sum, histogram.zero_count) = (heads[0], heads[1], heads[2]);
        let positive = self.accumulator.add_buckets(&labels, (start_ns, '+'), positive);
        let negative = self.accumulator.add_buckets(&labels, (start_ns, '-'), negative);
        (histogram.positive_spans, histogram.positive_buckets) = spans(&positive);
        (histogram.negative_spans, histogram.negative_buckets) = spans(&negative);
        Ok(start_ns)
    }

    fn histogram(&mut self, labels: &Labels, place: Place, histogram: Histogram, exemplars: Vec<Example>) {
        let name = self.name.clone();
        if place.missing {
            self.push(labels, &name, place, 0.0);
            return;
        }
        let index = self.out.batch.series.len() as u32;
        let first = self.out.batch.samples.len() as u32;
        let labels = labels.with(METRIC_NAME, &name);
        self.out.batch.series.push(BatchSeries { labels, first, count: 0, start_ms: place.start_ms });
        self.out.batch.histograms.push((index, place.t_ms, histogram));
        self.exemplars(index, exemplars);
    }

    fn summary(&mut self, mut point: Summary) {
        let (labels, place) = self.place(&mut point.common);
        let name = self.name.clone();
        self.push(&labels, &format!("{name}_sum"), place, point.sum);
        self.push(&labels, &format!("{name}_count"), place, point.count as f64);
        for (quantile, value) in point.quantiles {
            self.push(&labels.with("quantile", &quantile.to_string()), &name, place, value);
        }
    }

    fn exemplars(&mut self, index: u32, examples: Vec<Example>) {
        for example in examples {
            let mut pairs = Vec::new();
            flatten(example.attributes, &mut pairs);
            for (name, bytes) in [("trace_id", example.trace_id), ("span_id", example.span_id)] {
                if !bytes.is_empty() {
                    pairs.push((name.to_owned(), bytes.iter().map(|byte| format!("{byte:02x}")).collect()));
                }
            }
            let t_ms = if example.time_ns == 0 { self.now_ms } else { ms(example.time_ns) };
            let sample = Sample { t_ms, value: example.value };
            self.out.batch.exemplars.push((index, Exemplar { labels: Labels::from_pairs(pairs), sample }));
        }
    }
}

fn ms(ns: u64) -> i64 {
    (ns / 1_000_000) as i64
}

fn delta_of(common: &Common, values: Vec<f64>, shape: Vec<u64>) -> Delta {
    Delta { start_ns: common.start_ns, end_ns: common.time_ns, values, shape }
}

/// Prometheus' schema for a scale, and by how many halvings the buckets get there.
fn schema_of(scale: i64) -> Option<(i32, u32)> {
    match scale {
        9..=40 => Some((8, (scale - 8) as u32)),
        -4..=8 => Some((scale as i32, 0)),
        _ => None,
    }
}

/// Buckets that are not empty by Prometheus' index: one above OTLP's, as the upper bound belongs to the bucket.
fn buckets(offset: i64, counts: &[u64], shift: u32) -> Vec<(i32, f64)> {
    let mut out: Vec<(i32, f64)> = Vec::new();
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let index = ((offset.saturating_add(at as i64)) >> shift).saturating_add(1);
        let index = i32::try_from(index).unwrap_or(if index < 0 { i32::MIN } else { i32::MAX });
        match out.last_mut() {
            Some((last, sum)) if *last == index => *sum += *count as f64,
            _ => out.push((index, *count as f64)),
        }
    }
    out
}

fn spans(buckets: &[(i32, f64)]) -> (Vec<Span>, Vec<f64>) {
    let mut spans: Vec<Span> = Vec::new();
    let mut next = 0i32;
    for (index, _) in buckets {
        match spans.last_mut() {
            Some(span) if *index == next => span.length += 1,
            _ => spans.push(Span { offset: index.saturating_sub(next), length: 1 }),
        }
        next = index.saturating_add(1);
    }
    (spans, buckets.iter().map(|(_, count)| *count).collect())
}

/// A native histogram with custom bounds.
fn native_of(values: &[f64], bounds: Vec<f64>, (count, sum): (f64, f64)) -> Histogram {
    let filled: Vec<(i32, f64)> =
        values.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(at, v)| (at as i32, *v)).collect();
    let (positive_spans, positive_buckets) = spans(&filled);
    Histogram {
        schema: CUSTOM,
        count,
        sum,
        positive_spans,
        positive_buckets,
        custom_bounds: bounds,
        ..Histogram::default()
    }
}
