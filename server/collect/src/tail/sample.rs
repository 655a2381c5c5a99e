//! What each stage makes of each line of a sample: for people who write a pipeline.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::Labels;

use super::config::TailJob;
use super::pipeline::{Draft, Failures, run};
use super::stages::{Stage, State};

/// A line of a sample, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleLine {
    /// The line as it was read.
    pub line: String,
    /// Stage by stage.
    pub steps: Vec<SampleStep>,
    /// What is stored: nothing if it was dropped, or joined to a line before it; several if it was split.
    pub stored: Vec<SampleEntry>,
}

/// What one stage did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleStep {
    /// The stage; those inside of a `match` as `match > json`.
    pub stage: String,
    /// What it changed, in words; empty if nothing.
    pub changes: Vec<String>,
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleEntry {
    /// Its time, ns; `None` where no stage set one: it is the time of reading.
    pub t_ns: Option<i64>,
    /// Its labels.
    pub labels: Labels,
    /// Its structured metadata.
    pub metadata: Labels,
    /// The line.
    pub line: String,
}

impl TailJob {
    /// Whether the job would read the file at `path`.
    pub fn reads(&self, path: &str) -> bool {
        self.paths.iter().any(|one| one.pattern.covers(path))
    }

    /// Sends lines of a file called `name` through the stages.
    pub fn sample(&self, name: &str, lines: &[&[u8]], now_ms: i64) -> Vec<SampleLine> {
        let of_path = self.paths.iter().find(|one| one.pattern.covers(name)).or(self.paths.first());
        let base = match of_path {
            Some(path) => path.file_labels(name),
            None => Labels::from_pairs([(model::JOB, self.job_name.as_str())]).with("filename", name),
        };
        let shown = |line: &&[u8]| SampleLine { line: text(line), steps: Vec::new(), stored: Vec::new() };
        let mut walk = Walk { now_ms, lines: lines.iter().map(shown).collect() };
        let mut states: Vec<State> = self.pipeline.stages.iter().map(Stage::state).collect();
        let read_ns = now_ms.saturating_mul(1_000_000);
        for (i, line) in lines.iter().enumerate() {
            let draft = Draft::new(Bytes::copy_from_slice(line), i as u64, base.clone(), read_ns + i as i64);
            let through = walk.stages(&self.pipeline.stages, &mut states, "", vec![draft]);
            walk.store(through);
        }
        let through = walk.release(&self.pipeline.stages, &mut states, "");
        walk.store(through);
        walk.lines
    }
}

struct Walk {
    now_ms: i64,
    lines: Vec<SampleLine>,
}

impl Walk {
    /// Sends lines through stages one by one.
    fn stages(
        &mut self,
        stages: &[Stage],
        states: &mut [State],
        within: &str,
        drafts: Vec<Draft>,
    ) -> Vec<Draft> {
        let mut drafts = drafts;
        for (stage, state) in stages.iter().zip(states) {
            let mut next = Vec::new();
            for draft in drafts {
                next.extend(self.stage(stage, state, within, draft));
            }
            drafts = next;
        }
        drafts
    }

    fn stage(&mut self, stage: &Stage, state: &mut State, within: &str, draft: Draft) -> Vec<Draft> {
        let name = format!("{within}{}", stage.name());
        if let Stage::Match(inner) = stage {
            let word = match (inner.matches(&draft), inner.drops) {
                (false, _) => "does not match",
                (true, true) => "dropped",
                (true, false) => "matches",
            };
            self.step(&draft, &name, vec![word.to_owned()]);
            return match word {
                "matches" => self.stages(&inner.stages, state.nested(), &format!("{name} > "), vec![draft]),
                "dropped" => Vec::new(),
                _ => vec![draft],
            };
        }
        let before = draft.clone();
        let (mut given, mut failures) = (Vec::new(), Failures::default());
        run(
            std::slice::from_ref(stage),
            std::slice::from_mut(state),
            draft,
            self.now_ms,
            (&mut given, &mut failures),
        );
        let failed =
            failures.by_stage.into_values().map(|(_, why)| format!("failed, the line is kept: {why}"));
        let mut changes: Vec<String> = failed.collect();
        if failures.dropped > 0 {
            changes.push("dropped".to_owned());
        }
        let own: Vec<&Draft> = given.iter().filter(|one| one.start == before.start).collect();
        match own.first() {
            Some(_) if own.len() > 1 => {
                changes.extend(own.iter().map(|one| format!("line {:?}", text(&one.line))));
            }
            Some(after) => changes.extend(differences(&before, after)),
            None if failures.dropped == 0 => {
                let holds = matches!(stage, Stage::Gather(gather) if gather.held(state).is_some());
                changes
                    .push(if holds { "held, or joined to a line before it" } else { "dropped" }.to_owned());
            }
            None => {}
        }
        self.step(&before, &name, changes);
        for other in given.iter().filter(|one| one.start != before.start) {
            self.step(other, &name, vec![format!("let go: line {:?}", text(&other.line))]);
        }
        given
    }

    /// Lets go what stages hold at the end.
    fn release(&mut self, stages: &[Stage], states: &mut [State], within: &str) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for i in 0..stages.len() {
            let name = format!("{within}{}", stages[i].name());
            let given = match &stages[i] {
                Stage::Each(_) => continue,
                Stage::Gather(gather) => {
                    let mut given = Vec::new();
                    gather.release(&mut states[i], i64::MAX, &mut given);
                    for draft in &given {
                        self.step(draft, &name, vec![format!("let go: line {:?}", text(&draft.line))]);
                    }
                    given
                }
                Stage::Match(inner) => self.release(&inner.stages, states[i].nested(), &format!("{name} > ")),
            };
            drafts.extend(self.stages(&stages[i + 1..], &mut states[i + 1..], within, given));
        }
        drafts
    }

    fn step(&mut self, draft: &Draft, stage: &str, changes: Vec<String>) {
        if let Some(line) = self.lines.get_mut(draft.start as usize) {
            line.steps.push(SampleStep { stage: stage.to_owned(), changes });
        }
    }

    fn store(&mut self, drafts: Vec<Draft>) {
        for draft in drafts {
            let Some(line) = self.lines.get_mut(draft.start as usize) else { continue };
            line.stored.push(SampleEntry {
                t_ns: (draft.t_ns != draft.read_ns).then_some(draft.t_ns),
                labels: draft.labels(),
                metadata: Labels::from_pairs(draft.metadata.iter().map(|(n, v)| (n.to_string(), v.clone()))),
                line: text(&draft.line),
            });
        }
    }
}

/// What a stage changed, in words.
fn differences(before: &Draft, after: &Draft) -> Vec<String> {
    let mut changes = Vec::new();
    let map = |pairs: &[(std::sync::Arc<str>, String)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(n, v)| (n.to_string(), v.clone())).collect()
    };
    let labels = |draft: &Draft| -> BTreeMap<String, String> {
        draft.labels().iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    };
    for (what, old, new) in [
        ("extracted", map(&before.extracted), map(&after.extracted)),
        ("label", labels(before), labels(after)),
        ("metadata", map(&before.metadata), map(&after.metadata)),
    ] {
        for (name, value) in new.iter().filter(|(name, value)| old.get(*name) != Some(*value)) {
            changes.push(format!("{what} {name}={value:?}"));
        }
        changes.extend(
            old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("no {what} {name}")),
        );
    }
    if before.t_ns != after.t_ns {
        let time = jiff::Timestamp::from_nanosecond(i128::from(after.t_ns));
        changes
            .push(format!("time {}", time.map_or_else(|_| after.t_ns.to_string(), |time| time.to_string())));
    }
    if before.line != after.line {
        changes.push(format!("line {:?}", text(&after.line)));
    }
    changes
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

#[cfg(test)]
mod tests {
    use crate::tail::TailConfig;
    use crate::tail::tests::selectors;

    const CONFIG: &str = "scrape_configs: [{job_name: a, static_configs: [{labels: {__path__: '/x/*.log', app: y}}], \
                          pipeline_stages: [{multiline: {firstline: '^{'}}, {json: {expressions: {level: , ts: }}}, \
                          {timestamp: {source: ts, format: RFC3339}}, {labels: {level: }}, \
                          {match: {selector: '{level=\"DEBUG\"}', action: drop}}, \
                          {match: {selector: '{level=\"WARN\"}', stages: [{static_labels: {bad: 'yes'}}]}}]}]";

    #[test]
    fn tells_stage_by_stage() {
        let (config, _) = TailConfig::parse(CONFIG, &selectors).unwrap();
        let job = &config.jobs[0];
        assert!(job.reads("/x/a.log") && !job.reads("/y/a.log"));
        let lines: [&[u8]; 4] =
            [br#"{"level":"WARN","ts":"2025-11-22T10:00:00Z"}"#, br#"{"level":"DEBUG"}"#, b"{", b"  joined"];
        let got = job.sample("/x/a.log", &lines, 1_767_268_800_000);
        let mut shown = String::new();
        for (i, line) in got.iter().enumerate() {
            for step in &line.steps {
                shown += &format!("{i} {}: {}\n", step.stage, step.changes.join(", "));
            }
            for entry in &line.stored {
                shown += &format!("{i} = {:?} {} {:?}\n", entry.t_ns, entry.labels, entry.line);
            }
        }
        insta::assert_snapshot!(shown, @r#"
        0 multiline: held, or joined to a line before it
        0 multiline: let go: line "{\"level\":\"WARN\",\"ts\":\"2025-11-22T10:00:00Z\"}"
        0 json: extracted level="WARN", extracted ts="2025-11-22T10:00:00Z"
        0 timestamp: time 2025-11-22T10:00:00Z
        0 labels: label level="WARN"
        0 match: does not match
        0 match: matches
        0 match > static_labels: label bad="yes"
        0 = Some(1763805600000000000) {app="y", bad="yes", filename="/x/a.log", job="a", level="WARN"} "{\"level\":\"WARN\",\"ts\":\"2025-11-22T10:00:00Z\"}"
        1 multiline: held, or joined to a line before it
        1 multiline: let go: line "{\"level\":\"DEBUG\"}"
        1 json: extracted level="DEBUG"
        1 timestamp: failed, the line is kept: nothing was extracted as "ts", time 2025-11-22T10:00:00.000000001Z
        1 labels: label level="DEBUG"
        1 match: dropped
        2 multiline: held, or joined to a line before it
        2 multiline: let go: line "{\n  joined"
        2 json: failed, the line is kept: not JSON: key must be a string at line 2 column 3
        2 timestamp: failed, the line is kept: nothing was extracted as "ts", time 2025-11-22T10:00:00.000000002Z
        2 labels: 
        2 match: does not match
        2 match: does not match
        2 = Some(1763805600000000002) {app="y", filename="/x/a.log", job="a"} "{\n  joined"
        3 multiline: held, or joined to a line before it
        "#);
    }
}
