//! The positions file of a Promtail that ran here before: files go on where it stopped. It is taken once, at the first
//! start with it; from then on positions are in the data folder.

use std::collections::HashMap;
use std::path::Path;

use model::TailCursor;
use serde_yaml_ng::Value;

/// Most bytes of such a file.
const MAX_BYTES: u64 = 64 << 20;

/// The cursor that says that the file was taken.
pub(crate) fn mark(path: &str) -> TailCursor {
    TailCursor {
        key: format!("@positions\t{path}"),
        device: 0,
        inode: 0,
        fingerprint: 0,
        fingerprint_len: 0,
        offset: 0,
        gone: false,
    }
}

/// Offsets by path; nothing if the file is not there or is none of Promtail's.
pub(crate) fn read(path: &str) -> HashMap<String, u64> {
    let is_small =
        std::fs::metadata(Path::new(path)).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_BYTES);
    let text = if is_small { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let document: Value = serde_yaml_ng::from_str(&text).unwrap_or_default();
    let pairs = document.get("positions").and_then(Value::as_mapping).into_iter().flatten();
    let offset = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    // Keys that are no paths belong to other sources: `cursor-journal`.
    let files = pairs.filter_map(|(key, value)| Some((key.as_str()?.to_owned(), offset(value)?)));
    files.filter(|(path, _)| path.starts_with('/')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_promtail_writes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text =
            "positions:\n  /var/log/a.log: \"120\"\n  /b c: 7\n  cursor-journal: \"s=1;i=2\"\n  /bad: x\n";
        std::fs::write(file.path(), text).unwrap();
        let read = |path: &Path| super::read(path.to_str().unwrap());
        let mut got: Vec<_> = read(file.path()).into_iter().collect();
        got.sort();
        assert_eq!(got, [("/b c".to_owned(), 7), ("/var/log/a.log".to_owned(), 120)]);
        std::fs::write(file.path(), "[1, 2]").unwrap();
        assert!(read(file.path()).is_empty() && read(Path::new("/no/such")).is_empty());
    }
}
