//! The heatmap of before Grafana 9, whose settings stood on the panel.

use serde_json::{Map, Value, json};

use super::super::json::{flag, number, object, text};

pub(super) fn migrate(panel: &mut Map<String, Value>) -> &'static str {
    let buckets = text(panel, "dataFormat") == "tsbuckets";
    let of = |key: &str| panel.get(key).cloned().unwrap_or_default();
    let (color, y, cards, tooltip) = (of("color"), of("yAxis"), of("cards"), of("tooltip"));
    let (axis, color) = (y_axis(&y, flag(panel, "reverseYBuckets")), color_options(&color));
    let layout = match text(panel, "yBucketBound") {
        "upper" => "le",
        "lower" => "ge",
        "middle" => "unknown",
        _ => "auto",
    };
    let calculation = json!({
        "xBuckets": amount(&of("xBucketSize"), &of("xBucketNumber")),
        "yBuckets": y_buckets(panel, &y),
    });
    let (hide, legend) = (flag(panel, "hideZeroBuckets"), of("legend")["show"] == true);
    let (show_tip, histogram) = (tooltip["show"].as_bool().unwrap_or(true), tooltip["showHistogram"] == true);

    let options = object(panel, "options");
    options.insert("calculate".into(), json!(!buckets));
    if !buckets {
        options.insert("calculation".into(), calculation);
    }
    options.insert("color".into(), color);
    options.insert("cellGap".into(), json!(number(&cards["cardPadding"]).unwrap_or(2.0)));
    options.insert("cellRadius".into(), json!(number(&cards["cardRound"]).unwrap_or(0.0)));
    options.insert("yAxis".into(), axis);
    options.insert("rowsFrame".into(), json!({"layout": layout}));
    options.insert("legend".into(), json!({"show": legend}));
    options.insert("showValue".into(), json!("never"));
    let mode = if show_tip { "single" } else { "none" };
    options.insert("tooltip".into(), json!({"mode": mode, "yHistogram": histogram, "showColorScale": false}));
    if hide {
        options.insert("filterValues".into(), json!({"le": 1e-9}));
    }
    "heatmap"
}

fn y_axis(y: &Value, reverse: bool) -> Value {
    let mut out = json!({"reverse": reverse});
    out["axisPlacement"] = json!(if y["show"] == false { "hidden" } else { "left" });
    if let Some(unit) = y["format"].as_str() {
        out["unit"] = json!(unit);
    }
    for key in ["min", "max", "decimals"] {
        if let Some(value) = number(&y[key]) {
            out[key] = json!(value);
        }
    }
    out
}

fn color_options(color: &Value) -> Value {
    let mut out = json!({
        "mode": if color["mode"] == "opacity" { "opacity" } else { "scheme" },
        "scale": "exponential",
        "exponent": number(&color["exponent"]).unwrap_or(0.5),
        "steps": 128,
        "reverse": false,
        "fill": color["cardColor"].as_str().unwrap_or("dark-orange"),
    });
    let scheme = color["colorScheme"].as_str().unwrap_or("interpolateOranges");
    out["scheme"] = json!(scheme.strip_prefix("interpolate").unwrap_or(scheme));
    for key in ["min", "max"] {
        if let Some(value) = number(&color[key]) {
            out[key] = json!(value);
        }
    }
    out
}

/// Buckets by their size, else by their number, else as the panel sees fit.
fn amount(size: &Value, count: &Value) -> Value {
    match (size, count) {
        (Value::String(text), _) if !text.is_empty() => json!({"mode": "size", "value": text}),
        (Value::Number(n), _) => json!({"mode": "size", "value": n.to_string()}),
        (_, count) => match number(count) {
            Some(n) if n > 0.0 => json!({"mode": "count", "value": n.to_string()}),
            _ => json!({}),
        },
    }
}

fn y_buckets(panel: &Map<String, Value>, y: &Value) -> Value {
    let of = |key: &str| panel.get(key).cloned().unwrap_or_default();
    let mut out = amount(&of("yBucketSize"), &of("yBucketNumber"));
    if let Some(base) = number(&y["logBase"]).filter(|base| *base > 1.0) {
        out["scale"] = json!({"type": "log", "log": if base < 6.0 { 2 } else { 10 }});
        if let Some(split) = number(&y["splitFactor"]).filter(|n| *n > 0.0) {
            out["mode"] = json!("count");
            out["value"] = json!(split.to_string());
        }
    }
    out
}
