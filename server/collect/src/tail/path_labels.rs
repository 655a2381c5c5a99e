//! Labels from a file's path: `/logs/{service}_{job_id}_{replica}.{stream}`, as batch systems name their files.

use std::sync::Arc;

use model::LabelsBuilder;
use regex::Regex;

/// A pattern of texts and `{label}`s. One that begins with `/` stands for the whole path, another for its end.
#[derive(Debug, Clone)]
pub(crate) struct PathLabels {
    regex: Regex,
    names: Arc<[String]>,
}

impl PathLabels {
    /// Reads a pattern; an error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut regex, mut names) = (String::new(), Vec::new());
        regex.push_str(if text.starts_with('/') { "^" } else { "(?:^|/)" });
        let mut rest = text;
        while let Some((before, tail)) = rest.split_once('{') {
            regex.push_str(&regex::escape(before));
            let (name, tail) =
                tail.split_once('}').ok_or_else(|| format!("{text:?}: a closing }} is missing"))?;
            let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !starts || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(format!("{text:?}: {name:?} is not a label's name"));
            }
            if names.iter().any(|n| n == name) {
                return Err(format!("{text:?}: {{{name}}} occurs twice"));
            }
            // The first parts take as much as they can: names of services hold what parts the numbers behind them.
            regex.push_str("([^/]+)");
            names.push(name.to_owned());
            rest = tail;
        }
        if names.is_empty() {
            return Err(format!("{text:?} has no {{label}}"));
        }
        regex.push_str(&regex::escape(rest));
        regex.push('$');
        let regex = Regex::new(&regex).map_err(|e| e.to_string())?;
        Ok(PathLabels { regex, names: names.into() })
    }

    /// Sets the labels that a path has; nothing if it is of another form.
    pub(crate) fn set(&self, path: &str, labels: &mut LabelsBuilder) {
        let Some(captures) = self.regex.captures(path) else { return };
        for (i, name) in self.names.iter().enumerate() {
            if let Some(value) = captures.get(i + 1) {
                labels.set(name.as_str(), value.as_str());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str, expect: &str) {
        let mut labels = LabelsBuilder::default();
        PathLabels::parse(pattern).unwrap().set(path, &mut labels);
        assert_eq!(labels.build().to_string(), expect, "{pattern} {path}");
    }

    #[test]
    fn labels_of_names_that_batch_systems_give() {
        let slurm = "/logs/{service}_{job_id}_{replica}.{stream}";
        check(
            slurm,
            "/logs/vllm-replicas_8812_0.out",
            r#"{job_id="8812", replica="0", service="vllm-replicas", stream="out"}"#,
        );
        check(
            slurm,
            "/logs/my_vllm_8812_10.err",
            r#"{job_id="8812", replica="10", service="my_vllm", stream="err"}"#,
        );
        check(slurm, "/logs/deep/x_1_0.out", "{}");
        check(slurm, "/logs/other.log", "{}");
        check("{name}-{job_id}.out", "/home/me/train:a-77.out", r#"{job_id="77", name="train:a"}"#);
        check("/logs/{user}/slurm-{job_id}.out", "/logs/ann/slurm-5.out", r#"{job_id="5", user="ann"}"#);
        for bad in ["/logs/*.log", "/{a", "/{a}{a}", "/{a b}", "/{}"] {
            assert!(PathLabels::parse(bad).is_err(), "{bad}");
        }
    }
}
