//! The path of a push: `job/NAME/LABEL/VALUE/…`, any value as base64 behind `@base64`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::GroupingKey;

/// The grouping key that a path behind `/metrics/` names; its parts are percent-decoded already.
pub fn grouping_key(path: &str) -> Result<GroupingKey, String> {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let mut key = GroupingKey::new();
    // An empty value may stand at the end: the slash that was cut.
    let mut parts = parts.into_iter();
    while let Some(name) = parts.next() {
        let value = parts.next().unwrap_or_default();
        let (name, value) = match name.strip_suffix("@base64") {
            Some(name) => (name, decode(value)?),
            None => (name, value.to_owned()),
        };
        if name.is_empty() || name == model::METRIC_NAME {
            return Err(format!("{name:?} is not a label of a grouping key"));
        }
        if key.insert(name.to_owned(), value).is_some() {
            return Err(format!("the label {name:?} appears twice in the path"));
        }
    }
    match key.get(model::JOB) {
        Some(job) if !job.is_empty() => {
            key.retain(|_, value| !value.is_empty());
            Ok(key)
        }
        _ => Err("job name is required".to_owned()),
    }
}

fn decode(value: &str) -> Result<String, String> {
    let bytes =
        BASE64.decode(value.trim_end_matches('=')).map_err(|e| format!("{value:?} is not base64: {e}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{value:?} does not decode to UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: &str) {
        let got = match grouping_key(path) {
            Ok(key) => key.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" "),
            Err(why) => format!("error: {why}"),
        };
        assert_eq!(got, expect, "{path}");
    }

    #[test]
    fn paths() {
        check("job/a", "job=a");
        check("job/a/instance/b:9/x/y", "instance=b:9 job=a x=y");
        check("job/a/x/", "job=a");
        check("job@base64/L3Zhci90bXA", "job=/var/tmp");
        check("job@base64/L3Zhci90bXA=/p@base64/=", "job=/var/tmp");
        check("job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C", "job=titan name=Προμηθεύς");
        check("instance/a", "error: job name is required");
        check("job/", "error: job name is required");
        check("job/a/job/b", r#"error: the label "job" appears twice in the path"#);
        check("job@base64/!!", r#"error: "!!" is not base64: Invalid symbol 33, offset 0."#);
    }
}
