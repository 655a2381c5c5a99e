//! Software RAID, from `/proc/mdstat`.

use wire::exposition::Page;

use super::{Host, Rows, number};

/// States of an array, as label values.
const STATES: [&str; 5] = ["active", "inactive", "recovering", "resync", "check"];

/// An array.
#[derive(Default)]
struct Array {
    name: String,
    state: &'static str,
    /// Blocks, and of them those that are the same on all disks.
    blocks: f64,
    synced: f64,
    required: f64,
    active: f64,
    failed: f64,
    spare: f64,
}

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/mdstat")?;
    let mut arrays: Vec<Array> = Vec::new();
    for line in text.lines() {
        if line.starts_with("md")
            && let Some((name, about)) = line.split_once(" : ")
        {
            arrays.push(begin(name, about));
        } else if line.starts_with(char::is_whitespace)
            && let Some(array) = arrays.last_mut()
        {
            go_on(array, line.trim());
        }
    }
    write(page, &arrays);
    Ok(())
}

/// `active raid5 sde1[4](F) sdd1[3]`
fn begin(name: &str, about: &str) -> Array {
    let mut array = Array { name: name.trim().to_owned(), state: "inactive", ..Array::default() };
    let mut disks = 0.0;
    for word in about.split_ascii_whitespace() {
        match word {
            "active" => array.state = "active",
            word if word.contains('[') => {
                disks += 1.0;
                array.failed += f64::from(u8::from(word.contains("(F)")));
                array.spare += f64::from(u8::from(word.contains("(S)")));
            }
            _ => {}
        }
    }
    if array.state == "active" {
        // Levels without redundancy name no counts: all their disks are needed and there.
        array.required = disks;
        array.active = disks;
    }
    array
}

/// `7813735424 blocks super 1.2 level 5 [4/3] [UUU_]` or
/// `[=>…]  recovery =  8.5% (16775552/195310144) finish=17.0min`
fn go_on(array: &mut Array, line: &str) {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    if let [blocks, "blocks", ..] = words[..] {
        array.blocks = number(blocks).unwrap_or_default();
        array.synced = array.blocks;
        let pair = words.iter().find_map(|word| word.strip_prefix('[')?.strip_suffix(']')?.split_once('/'));
        if let Some((required, active)) = pair {
            array.required = number(required).unwrap_or_default();
            array.active = number(active).unwrap_or_default();
        }
        return;
    }
    let state =
        [("recovery", "recovering"), ("resync", "resync"), ("check", "check"), ("reshape", "reshaping")]
            .into_iter()
            .find(|(word, _)| line.split(|c: char| !c.is_ascii_alphabetic()).any(|part| part == *word));
    let Some((_, state)) = state else { return };
    array.state = state;
    let synced = line.split_once('(').and_then(|(_, rest)| rest.split_once('/')).map(|(synced, _)| synced);
    // One that waits for another (`resync=DELAYED`) has done nothing yet.
    array.synced = synced.and_then(|synced| number(synced).ok()).unwrap_or_default();
}

fn write(page: &mut Page, arrays: &[Array]) {
    let mut rows = Rows::default();
    for array in arrays {
        let device = ("device", array.name.as_str());
        rows.gauge("node_md_blocks", "Blocks of an array.", &[device], array.blocks);
        rows.gauge(
            "node_md_blocks_synced",
            "Blocks that are the same on all disks.",
            &[device],
            array.synced,
        );
        for (state, count) in [("active", array.active), ("failed", array.failed), ("spare", array.spare)] {
            rows.gauge("node_md_disks", "Disks of an array by state.", &[device, ("state", state)], count);
        }
        rows.gauge("node_md_disks_required", "Disks that an array needs.", &[device], array.required);
        for state in STATES {
            let is = f64::from(u8::from(state == array.state));
            rows.gauge("node_md_state", "Whether an array is in a state.", &[device, ("state", state)], is);
        }
    }
    rows.write(page);
}
