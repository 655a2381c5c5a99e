//! File descriptors of the whole host.

use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/sys/fs/file-nr")?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [allocated, _, maximum] = words[..] else {
        return Err("proc/sys/fs/file-nr has not three numbers".into());
    };
    page.gauge("node_filefd_allocated", "File descriptors allocated.", number(allocated)?);
    page.gauge("node_filefd_maximum", "The most file descriptors that may be.", number(maximum)?);
    Ok(())
}
