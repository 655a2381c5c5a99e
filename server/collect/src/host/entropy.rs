//! The kernel's pool of randomness.

use wire::exposition::Page;

use super::Host;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for (file, metric, help) in [
        ("entropy_avail", "node_entropy_available_bits", "Bits of entropy at hand."),
        ("poolsize", "node_entropy_pool_size_bits", "Bits that the pool holds."),
    ] {
        let path = format!("proc/sys/kernel/random/{file}");
        page.gauge(metric, help, host.value(&path).ok_or_else(|| format!("{path} cannot be read"))?);
    }
    Ok(())
}
