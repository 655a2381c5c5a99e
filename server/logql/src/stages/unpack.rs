//! `| unpack`: labels and line of what a `pack` stage had packed.

use super::{Stage, push_label_name};
use crate::json::{Kind, Scanned, Scanner};
use crate::line::{Line, LineError};

/// The field with the packed line.
const ENTRY: &str = "_entry";

#[derive(Debug)]
pub(super) struct Unpack;

impl Stage for Unpack {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let mut entry = None;
        let unpacked = unpack(line, &mut entry);
        if let Err(malformed) = unpacked {
            line.labels.set_error(LineError::Json, malformed);
        } else if let Some(entry) = entry {
            line.rewritten = Some(entry);
        }
        true
    }
}

fn unpack(line: &mut Line<'_>, entry: &mut Option<Vec<u8>>) -> Scanned<()> {
    let text = line.rewritten.as_deref().unwrap_or(line.original);
    let (labels, value) = (&mut line.labels, &mut line.scratch);
    let mark = labels.mark();
    let mut scanner = Scanner::new(text);
    scanner.enter_object()?;
    let (mut first, mut key_text, mut name) = (true, String::new(), String::new());
    while let Some(key) = scanner.next_key(first)? {
        first = false;
        if scanner.kind()? != Kind::String {
            scanner.skip()?;
            continue;
        }
        let text = scanner.string()?;
        key_text.clear();
        key.push_to(&mut key_text);
        value.clear();
        text.push_to(value);
        if key_text == ENTRY {
            *entry = Some(value.as_bytes().to_vec());
            continue;
        }
        name.clear();
        push_label_name(&mut name, &key_text);
        labels.extract(mark, &name, value);
    }
    scanner.end()
}
