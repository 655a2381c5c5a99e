//! Whose a process is: its command, its container.

use std::path::Path;

/// The program of a process and the container it runs in, both empty where that cannot be read.
pub(super) fn of_process(procfs: &Path, pid: u32) -> (String, String) {
    let folder = procfs.join(pid.to_string());
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
    let line = read("cmdline");
    let program = line.split(|byte| *byte == 0).next().unwrap_or_default();
    let command = match program.is_empty() {
        true => String::from_utf8_lossy(&read("comm")).trim().to_owned(),
        false => String::from_utf8_lossy(program).into_owned(),
    };
    (command, container(&String::from_utf8_lossy(&read("cgroup"))))
}

/// The container's id (its first twelve digits) in a process's control groups: `…/docker-<id>.scope`,
/// `/docker/<id>`, `…/libpod-<id>.scope`, `…/cri-containerd-<id>.scope`.
fn container(cgroup: &str) -> String {
    let is_id = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let found = cgroup.lines().flat_map(|line| line.rsplit('/')).find_map(|part| {
        let part = part.strip_suffix(".scope").unwrap_or(part);
        let id = part.rsplit(['-', ':']).next().unwrap_or(part);
        is_id(id).then_some(id)
    });
    found.map_or_else(String::new, |id| id[..12].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_found_in_control_groups() {
        let id = "0123456789ab".to_owned() + &"cd".repeat(26);
        for path in
            ["/docker/ID", "/system.slice/docker-ID.scope", "/machine.slice/libpod-ID.scope/container"]
        {
            assert_eq!(container(&format!("0::{}\n", path.replace("ID", &id))), "0123456789ab", "{path}");
        }
        assert_eq!(container("0::/user.slice/user-1000.slice/session-2.scope\n"), "");
    }

    #[test]
    fn this_process_has_a_command() {
        assert_ne!(of_process(Path::new("/proc"), std::process::id()).0, "");
        assert_eq!(of_process(Path::new("/nonexistent"), 1), (String::new(), String::new()));
    }
}
