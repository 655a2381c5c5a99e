//! The section `otlp`: how metrics that are pushed over OTLP become series.

use wire::otlp::metrics::{Options, Strategy};

use crate::Result;
use crate::section::Section;

pub(super) fn read(section: &Section<'_>) -> Result<Options> {
    let truth = |key| section.bool(key);
    let name = section.text("translation_strategy")?.unwrap_or_default();
    let strategy = Strategy::named(&name).ok_or_else(|| {
        section.bad("translation_strategy", format!("{name:?} is none of UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes, NoTranslation"))
    })?;
    let options = Options {
        strategy,
        promote: section.texts("promote_resource_attributes")?.unwrap_or_default(),
        promote_all: truth("promote_all_resource_attributes")?.unwrap_or(false),
        ignore: section.texts("ignore_resource_attributes")?.unwrap_or_default(),
        keep_identifying: truth("keep_identifying_resource_attributes")?.unwrap_or(false),
        convert_histograms: truth("convert_histograms_to_nhcb")?.unwrap_or(false),
        promote_scope: truth("promote_scope_metadata")?.unwrap_or(false),
        collapse_underscores: !truth("label_name_preserve_multiple_underscores")?.unwrap_or(true),
        plain_underscores: !truth("label_name_underscore_sanitization")?.unwrap_or(true),
    };
    if options.promote_all && !options.promote.is_empty() {
        return Err(section
            .bad("promote_resource_attributes", "promote_all_resource_attributes promotes them already"));
    }
    if !options.promote_all && !options.ignore.is_empty() {
        return Err(
            section.bad("ignore_resource_attributes", "it needs promote_all_resource_attributes: true")
        );
    }
    section.finish();
    Ok(options)
}
