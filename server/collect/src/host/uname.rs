//! The kernel's name for this host.

use model::MetricKind;
use wire::exposition::Page;

use super::Host;

pub(super) fn collect(_: &Host, page: &mut Page) -> Result<(), String> {
    let uname = rustix::system::uname();
    let text = |bytes: &std::ffi::CStr| bytes.to_string_lossy().into_owned();
    let labels = [
        ("domainname", text(uname.domainname())),
        ("machine", text(uname.machine())),
        ("nodename", text(uname.nodename())),
        ("release", text(uname.release())),
        ("sysname", text(uname.sysname())),
        ("version", text(uname.version())),
    ];
    let labels = labels.each_ref().map(|(name, value)| (*name, value.as_str()));
    page.family("node_uname_info", MetricKind::Gauge, "The kernel's name for this host; 1.")
        .sample(&labels, 1.0);
    Ok(())
}
