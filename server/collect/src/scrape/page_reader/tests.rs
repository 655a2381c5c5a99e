//! What becomes of pages, one after the other.

use std::path::Path;

use super::*;
use crate::config::PrometheusConfig;

struct Fixture {
    reader: PageReader,
    target: Target,
    config: ScrapeConfig,
}

fn fixture(yaml: &str) -> Fixture {
    let text = format!("scrape_configs: [{{job_name: j, {yaml}}}]");
    let config = PrometheusConfig::parse(&text, Path::new("")).unwrap().0.scrape_configs.remove(0);
    let labels = Labels::from_pairs([("instance", "i"), ("job", "j")]);
    let target = Target::new(labels.clone(), labels, String::new(), 1_000, 1_000);
    Fixture { reader: PageReader::default(), target, config }
}

fn show(batch: &MetricBatch) -> String {
    let mut lines: Vec<String> = batch
        .series
        .iter()
        .map(|series| {
            let sample = batch.samples_of(series)[0];
            let labels = series.labels.to_string().replace(r#", instance="i", job="j""#, "");
            let value = if model::is_stale(sample.value) { "stale".into() } else { sample.value.to_string() };
            format!("{labels} {value} @{}", sample.t_ms)
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

impl Fixture {
    fn check(&mut self, page: &str, t_ms: i64, expect: &str) -> Counts {
        let (batch, counts, outcome) = self.reader.read(
            (page.as_bytes(), PageFormat::Lines(Format::Text)),
            &self.target,
            &self.config,
            t_ms,
        );
        let mut got = show(&batch);
        if let Err(error) = outcome {
            got += &format!("\nerror: {error}");
        }
        assert_eq!(got.trim(), expect, "{page}");
        counts
    }
}

#[test]
fn series_that_disappear_go_stale() {
    let mut f = fixture("");
    let counts = f.check("a 1\nb 2\n", 10, "{__name__=\"a\"} 1 @10\n{__name__=\"b\"} 2 @10");
    assert_eq!(counts, Counts { scraped: 2, kept: 2, added: 2 });
    let counts = f.check(
        "a 1\nc 3\n",
        20,
        "{__name__=\"a\"} 1 @20\n{__name__=\"b\"} stale @20\n{__name__=\"c\"} 3 @20",
    );
    assert_eq!(counts, Counts { scraped: 2, kept: 2, added: 1 });
    f.check("a 1\n", 30, "{__name__=\"a\"} 1 @30\n{__name__=\"c\"} stale @30");
    f.check("a 1\n", 40, "{__name__=\"a\"} 1 @40");
    let mut batch = MetricBatch::default();
    f.reader.end_all(50, &mut batch);
    assert_eq!(show(&batch), "{__name__=\"a\"} stale @50");
    f.check("", 60, "");
}

#[test]
fn a_bad_page_costs_that_scrape_only() {
    let mut f = fixture("");
    f.check("a 1\n", 10, "{__name__=\"a\"} 1 @10");
    f.check("new 1\na 2\noops\n", 20, {
        "{__name__=\"a\"} stale @20\nerror: line 3: a value was expected: \"oops\""
    });
    f.check("a 3\n", 30, "{__name__=\"a\"} 3 @30");
}

#[test]
fn series_of_an_earlier_run_go_stale() {
    let mut f = fixture("");
    let series = |name: &str| Labels::from_pairs([("__name__", name), ("instance", "i"), ("job", "j")]);
    f.reader.seed(vec![series("a"), series("old")]);
    let counts = f.check("a 1\n", 10, "{__name__=\"a\"} 1 @10\n{__name__=\"old\"} stale @10");
    assert_eq!(counts.added, 0);
}

#[test]
fn labels_of_page_and_target() {
    let page = "a{job=\"x\",exported_job=\"y\",instance=\"\"} 1\n";
    fixture("").check(page, 1, r#"{__name__="a", exported_exported_job="x", exported_job="y"} 1 @1"#);
    fixture("honor_labels: true").check(page, 1, r#"{__name__="a", exported_job="y", job="x"} 1 @1"#);
    fixture("honor_labels: true").check("a 1", 1, r#"{__name__="a"} 1 @1"#);
}

#[test]
fn times_of_their_own() {
    let mut f = fixture("");
    f.check("a 1 5\n", 10, "{__name__=\"a\"} 1 @5");
    f.check("", 20, "");
    let mut f = fixture("track_timestamps_staleness: true");
    f.check("a 1 5\n", 10, "{__name__=\"a\"} 1 @5");
    f.check("", 20, "{__name__=\"a\"} stale @20");
    let mut f = fixture("honor_timestamps: false");
    f.check("a 1 5\n", 10, "{__name__=\"a\"} 1 @10");
}

#[test]
fn rules_and_limits() {
    let mut f =
        fixture("metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: 'go_.*'}]");
    for t_ms in [1, 2] {
        let counts = f.check("go_x 1\na 1\n", t_ms, &format!("{{__name__=\"a\"}} 1 @{t_ms}"));
        assert_eq!((counts.scraped, counts.kept), (2, 1));
    }
    fixture("sample_limit: 1").check(
        "a 1\nb 1\n",
        1,
        "error: the page has more samples than sample_limit (1)",
    );
    fixture("label_limit: 3").check("a{x=\"1\"} 1\n", 1, "error: a series of a passes label_limit (3)");
    fixture("label_name_length_limit: 8").check(
        "a{abcdefghi=\"1\"} 1\n",
        1,
        "error: a series of a passes label_name_length_limit (8)",
    );
    fixture("label_value_length_limit: 2").check(
        "a{x=\"123\"} 1\n",
        1,
        "error: a series of a passes label_value_length_limit (2)",
    );
    fixture("metric_relabel_configs: [{action: labeldrop, regex: __name__}]").check(
        "a 1",
        1,
        "error: line 1: relabelling leaves the series without a metric name: a",
    );
}

#[test]
fn two_texts_may_be_one_series() {
    let mut f = fixture("");
    f.check("a{x=\"1\",y=\"2\"} 1\n", 1, r#"{__name__="a", x="1", y="2"} 1 @1"#);
    f.check("a{y=\"2\",x=\"1\"} 1\n", 2, r#"{__name__="a", x="1", y="2"} 1 @2"#);
}

#[test]
fn metadata_is_sent_when_it_is_new() {
    let mut f = fixture("");
    let mut families = |page: &str| -> Vec<Metadata> {
        f.reader.read((page.as_bytes(), PageFormat::Lines(Format::Text)), &f.target, &f.config, 1).0.metadata
    };
    let page = "# HELP a Help.\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n";
    let first = families(page);
    assert_eq!((first[0].family.as_str(), first[0].help.as_str()), ("a", "Help."));
    assert_eq!((first[1].kind, first.len()), (model::MetricKind::Gauge, 2));
    assert_eq!(families(page), []);
    assert_eq!(families(&page.replace("Help.", "More."))[0].help, "More.");
}

#[test]
fn memory_of_texts_is_bounded() {
    let mut f = fixture("");
    for i in 0..5_000 {
        let page = format!("a{{i=\"{i}\"}} 1\n");
        let (batch, counts, outcome) =
            f.reader.read((page.as_bytes(), PageFormat::Lines(Format::Text)), &f.target, &f.config, i);
        assert!(outcome.is_ok() && counts.added == 1 && batch.series.len() == 1 + usize::from(i > 0));
    }
    assert!(f.reader.texts.len() <= 103 && f.reader.live.len() == 1);
}

fn histograms(batch: &MetricBatch) -> Vec<String> {
    let mut lines: Vec<String> = batch
        .histograms
        .iter()
        .map(|(index, t_ms, h)| {
            let labels = batch.series[*index as usize].labels.to_string();
            let labels = labels.replace(r#", instance="i", job="j""#, "");
            let (buckets, bounds) = (&h.positive_buckets, &h.custom_bounds);
            format!("{labels} {} {} {buckets:?} {bounds:?} @{t_ms}", h.count, h.sum)
        })
        .collect();
    lines.sort();
    lines
}

const CLASSIC: &str = "# TYPE h histogram\nh_bucket{a=\"x\",le=\"1\"} 2\nh_bucket{a=\"x\",le=\"2.5\"} 2\n\
                       h_bucket{a=\"x\",le=\"+Inf\"} 5\nh_sum{a=\"x\"} 9\nh_count{a=\"x\"} 5\n# TYPE g gauge\ng 1\n";

#[test]
fn classic_histograms_become_native_ones() {
    let mut f = fixture("convert_classic_histograms_to_nhcb: true");
    let read = |f: &mut Fixture| {
        f.reader.read((CLASSIC.as_bytes(), PageFormat::Lines(Format::Text)), &f.target, &f.config, 7)
    };
    let (batch, counts, outcome) = read(&mut f);
    outcome.unwrap();
    assert_eq!(histograms(&batch), [r#"{__name__="h", a="x"} 5 9 [2.0, 3.0] [1.0, 2.5] @7"#]);
    assert_eq!((batch.samples.len(), counts.scraped), (1, 2));
    let mut f = fixture("convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true");
    let (batch, ..) = read(&mut f);
    assert_eq!((batch.samples.len(), batch.histograms.len()), (6, 1));
}

#[test]
fn bounds_are_written_as_prometheus_does() {
    let mut f = fixture("");
    let (batch, ..) =
        f.reader.read((CLASSIC.as_bytes(), PageFormat::Lines(Format::Text)), &f.target, &f.config, 7);
    let shown = show(&batch);
    assert!(shown.contains(r#"le="1.0""#) && shown.contains(r#"le="2.5""#), "{shown}");
    f.check("# TYPE s summary\ns{quantile=\"1\"} 1\nu{le=\"1\"} 2\n", 8, {
        "{__name__=\"g\"} stale @8\n\
         {__name__=\"h_bucket\", a=\"x\", le=\"+Inf\"} stale @8\n\
         {__name__=\"h_bucket\", a=\"x\", le=\"1.0\"} stale @8\n\
         {__name__=\"h_bucket\", a=\"x\", le=\"2.5\"} stale @8\n\
         {__name__=\"h_count\", a=\"x\"} stale @8\n{__name__=\"h_sum\", a=\"x\"} stale @8\n\
         {__name__=\"s\", quantile=\"1.0\"} 1 @8\n\
         {__name__=\"u\", le=\"1\"} 2 @8"
    });
}

#[test]
fn formats_are_told_by_their_content_type() {
    let check = |content_type: &str, fallback: Option<ScrapeProtocol>, expect: PageFormat| {
        assert_eq!(PageFormat::of(content_type, fallback), expect, "{content_type}");
    };
    let (text, open) = (PageFormat::Lines(Format::Text), PageFormat::Lines(Format::OpenMetrics));
    check("text/plain; version=0.0.4", Some(ScrapeProtocol::PrometheusProto), text);
    check("application/openmetrics-text; version=1.0.0; charset=utf-8", None, open);
    check(
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        None,
        PageFormat::Protobuf,
    );
    check("", None, text);
    check("application/json", Some(ScrapeProtocol::OpenMetricsText1_0_0), open);
    check("", Some(ScrapeProtocol::PrometheusProto), PageFormat::Protobuf);
}

/// A page of one histogram that is native and classic.
fn native_page() -> Vec<u8> {
    let mut histogram = vec![0x08, 6, 0x11];
    histogram.extend_from_slice(&9f64.to_bits().to_le_bytes());
    let mut bucket = vec![0x08, 2, 0x11];
    bucket.extend_from_slice(&1f64.to_bits().to_le_bytes());
    histogram.extend_from_slice(&[0x1a, bucket.len() as u8]);
    histogram.extend_from_slice(&bucket);
    // Schema 1; one span of two buckets from -1, deltas 2 and 2; created at 3 s.
    histogram.extend_from_slice(&[0x28, 2, 0x62, 4, 0x08, 1, 0x10, 2, 0x6a, 2, 4, 4, 0x7a, 2, 0x08, 3]);
    let metric = [&[0x3a, histogram.len() as u8][..], &histogram].concat();
    let family = [&[0x0a, 1, b'n', 0x18, 4, 0x22, metric.len() as u8][..], &metric].concat();
    [&[family.len() as u8][..], &family].concat()
}

#[test]
fn native_histograms_are_scraped_and_bounded() {
    let read = |yaml: &str| {
        let mut f = fixture(yaml);
        let page = native_page();
        let (batch, _, outcome) = f.reader.read((&page, PageFormat::Protobuf), &f.target, &f.config, 5_000);
        (batch, outcome)
    };
    let (batch, outcome) = read("scrape_native_histograms: true");
    outcome.unwrap();
    assert_eq!(histograms(&batch), [r#"{__name__="n"} 6 9 [2.0, 4.0] [] @5000"#]);
    assert_eq!((batch.series[0].start_ms, batch.histograms[0].2.schema), (3_000, 1));
    assert_eq!(batch.metadata[0].kind, MetricKind::Histogram);
    let (batch, _) = read("");
    assert_eq!((batch.histograms.len(), batch.samples.len()), (0, 4));
    let (batch, _) = read("scrape_native_histograms: true, native_histogram_bucket_limit: 1");
    let h = &batch.histograms[0].2;
    assert_eq!((h.schema, &h.positive_buckets[..]), (0, &[6.0][..]));
    let (batch, _) = read("scrape_native_histograms: true, native_histogram_min_bucket_factor: 2");
    assert_eq!(batch.histograms[0].2.schema, 0);
}

#[test]
fn extra_metrics_tell_timeout_limit_and_size() {
    let f = fixture("extra_scrape_metrics: true, sample_limit: 9");
    let mut batch = MetricBatch::default();
    let scraped =
        Scraped { t_ms: 1, duration_seconds: 0.5, up: true, counts: Counts::default(), body_bytes: 12 };
    add_reports(&mut batch, &f.target, &f.config, &scraped);
    let shown = show(&batch);
    for line in
        ["scrape_timeout_seconds\"} 1 @1", "scrape_sample_limit\"} 9 @1", "scrape_body_size_bytes\"} 12 @1"]
    {
        assert!(shown.contains(line), "{line} in {shown}");
    }
}
