//! Which formats a target is asked for, and what becomes of its histograms.

use crate::Result;
use crate::section::Section;

/// A format of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScrapeProtocol {
    /// Protocol buffers, native histograms among them.
    PrometheusProto,
    /// OpenMetrics 0.0.1.
    OpenMetricsText0_0_1,
    /// OpenMetrics 1.0.0.
    OpenMetricsText1_0_0,
    /// Exposition text.
    PrometheusText0_0_4,
    /// Exposition text with names of any UTF-8.
    PrometheusText1_0_0,
}

use ScrapeProtocol::{
    OpenMetricsText0_0_1, OpenMetricsText1_0_0, PrometheusProto, PrometheusText0_0_4, PrometheusText1_0_0,
};

impl ScrapeProtocol {
    const ALL: [(&'static str, ScrapeProtocol); 5] = [
        ("PrometheusProto", PrometheusProto),
        ("OpenMetricsText0.0.1", OpenMetricsText0_0_1),
        ("OpenMetricsText1.0.0", OpenMetricsText1_0_0),
        ("PrometheusText0.0.4", PrometheusText0_0_4),
        ("PrometheusText1.0.0", PrometheusText1_0_0),
    ];

    fn named(name: &str) -> std::result::Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, protocol)| *protocol);
        found.ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            format!("{name:?} is not one of {}", known.join(", "))
        })
    }

    /// The media type that asks for it.
    fn media_type(self) -> &'static str {
        match self {
            PrometheusProto => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
            OpenMetricsText0_0_1 => "application/openmetrics-text;version=0.0.1",
            OpenMetricsText1_0_0 => "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
            PrometheusText0_0_4 => "text/plain;version=0.0.4",
            PrometheusText1_0_0 => "text/plain;version=1.0.0;escaping=allow-utf-8",
        }
    }
}

/// Formats and histograms of a scrape.
#[derive(Debug, Clone, PartialEq)]
pub struct Protocols {
    /// `scrape_protocols`: what is asked for, the most wanted first.
    pub wanted: Vec<ScrapeProtocol>,
    /// `fallback_scrape_protocol`: how a page is read whose content type is missing or not known.
    pub fallback: Option<ScrapeProtocol>,
    /// `enable_compression`
    pub compression: bool,
    /// `scrape_native_histograms`
    pub native: bool,
    /// `always_scrape_classic_histograms`
    pub classic_too: bool,
    /// `convert_classic_histograms_to_nhcb`
    pub convert_classic: bool,
    /// `native_histogram_bucket_limit`: a histogram with more buckets gets coarser; 0 = none.
    pub bucket_limit: u64,
    /// `native_histogram_min_bucket_factor`: a histogram with finer buckets gets coarser; 0 = none.
    pub min_bucket_factor: f64,
    /// `extra_scrape_metrics`: timeout, sample limit and body size of each scrape.
    pub extra_metrics: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Protocols {
            wanted: Vec::new(),
            fallback: None,
            compression: true,
            native: false,
            classic_too: false,
            convert_classic: false,
            bucket_limit: 0,
            min_bucket_factor: 0.0,
            extra_metrics: false,
        }
    }
}

impl Protocols {
    /// Reads the keys that `global` and every job have.
    pub(super) fn read_shared(section: &Section<'_>, global: &Protocols) -> Result<Self> {
        let mut protocols = global.clone();
        if let Some(names) = section.texts("scrape_protocols")? {
            let wanted: std::result::Result<Vec<_>, _> =
                names.iter().map(|name| ScrapeProtocol::named(name)).collect();
            let wanted = wanted.map_err(|why| section.bad("scrape_protocols", why))?;
            if let Some(twice) = (1..wanted.len()).find(|at| wanted[..*at].contains(&wanted[*at])) {
                let why = format!("{} is named twice", names[twice]);
                return Err(section.bad("scrape_protocols", why));
            }
            protocols.wanted = wanted;
        }
        let mut flag = |key: &'static str, into: fn(&mut Protocols) -> &mut bool| -> Result<()> {
            if let Some(on) = section.bool(key)? {
                *into(&mut protocols) = on;
            }
            Ok(())
        };
        flag("scrape_native_histograms", |p| &mut p.native)?;
        flag("scrape_classic_histograms", |p| &mut p.classic_too)?;
        flag("always_scrape_classic_histograms", |p| &mut p.classic_too)?;
        flag("convert_classic_histograms_to_nhcb", |p| &mut p.convert_classic)?;
        flag("extra_scrape_metrics", |p| &mut p.extra_metrics)?;
        let names = &["metric_name_validation_scheme", "metric_name_escaping_scheme"];
        section.ignored(names, "names of any UTF-8 are taken");
        Ok(protocols)
    }

    /// Reads the keys of a job.
    pub(super) fn read(section: &Section<'_>, global: &Protocols) -> Result<Self> {
        let mut protocols = Self::read_shared(section, global)?;
        if let Some(name) = section.text("fallback_scrape_protocol")? {
            let fallback = ScrapeProtocol::named(&name);
            protocols.fallback = Some(fallback.map_err(|why| section.bad("fallback_scrape_protocol", why))?);
        }
        protocols.compression = section.bool("enable_compression")?.unwrap_or(true);
        protocols.bucket_limit = section.number("native_histogram_bucket_limit")?.unwrap_or(0);
        if let Some(text) = section.text("native_histogram_min_bucket_factor")? {
            let bad = || section.bad("native_histogram_min_bucket_factor", "a number was expected");
            protocols.min_bucket_factor = text.parse().map_err(|_| bad())?;
        }
        Ok(protocols)
    }

    /// The header `Accept` as Prometheus makes it of its list.
    pub(crate) fn accept(&self) -> String {
        let default: &[ScrapeProtocol] = match self.native {
            true => &[
                PrometheusProto,
                OpenMetricsText1_0_0,
                OpenMetricsText0_0_1,
                PrometheusText1_0_0,
                PrometheusText0_0_4,
            ],
            false => &[OpenMetricsText1_0_0, OpenMetricsText0_0_1, PrometheusText1_0_0, PrometheusText0_0_4],
        };
        let wanted = if self.wanted.is_empty() { default } else { &self.wanted };
        let mut weight = wanted.len() + 1;
        let mut parts = Vec::new();
        for media in wanted.iter().map(|protocol| protocol.media_type()).chain(["*/*"]) {
            parts.push(format!("{media};q=0.{weight}"));
            weight -= 1;
        }
        parts.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_names_formats_by_preference() {
        let check = |protocols: Protocols, expect: &str| assert_eq!(protocols.accept(), expect);
        check(Protocols { wanted: vec![PrometheusText0_0_4], ..Default::default() }, {
            "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
        });
        check(Protocols::default(), {
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
             application/openmetrics-text;version=0.0.1;q=0.4,\
             text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
        });
        let native = Protocols { native: true, ..Default::default() }.accept();
        assert!(native.starts_with(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
        ));
    }
}
