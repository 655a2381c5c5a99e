//! Whether SELinux is on, and how it is set.

use wire::exposition::Page;

use super::Host;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let enforce = host.value("sys/fs/selinux/enforce");
    let help = "Whether SELinux is on.";
    page.gauge("node_selinux_enabled", help, f64::from(u8::from(enforce.is_some())));
    let Some(enforce) = enforce else { return Ok(()) };
    page.gauge("node_selinux_current_mode", "1 enforcing, 0 permissive.", enforce);
    let config = host.kept("etc/selinux/config").unwrap_or_default();
    let mode = config.lines().find_map(|line| line.trim().strip_prefix("SELINUX="));
    let mode = match mode.unwrap_or_default().trim() {
        "enforcing" => 1.0,
        "permissive" => 0.0,
        _ => -1.0,
    };
    page.gauge("node_selinux_config_mode", "1 enforcing, 0 permissive, -1 off, at the next start.", mode);
    Ok(())
}
