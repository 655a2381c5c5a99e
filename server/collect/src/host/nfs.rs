//! What this host asks of NFS servers.

use wire::exposition::Page;

use super::{Host, Rows, number};

/// Procedures in the kernel's order; the first does nothing.
pub(super) const V2: [&str; 18] = [
    "Null", "GetAttr", "SetAttr", "Root", "Lookup", "ReadLink", "Read", "WrCache", "Write", "Create",
    "Remove", "Rename", "Link", "SymLink", "MkDir", "RmDir", "ReadDir", "FsStat",
];
/// See `V2`.
pub(super) const V3: [&str; 22] = [
    "Null",
    "GetAttr",
    "SetAttr",
    "Lookup",
    "Access",
    "ReadLink",
    "Read",
    "Write",
    "Create",
    "MkDir",
    "SymLink",
    "MkNod",
    "Remove",
    "RmDir",
    "Rename",
    "Link",
    "ReadDir",
    "ReadDirPlus",
    "FsStat",
    "FsInfo",
    "PathConf",
    "Commit",
];
const V4: [&str; 59] = [
    "Null",
    "Read",
    "Write",
    "Commit",
    "Open",
    "OpenConfirm",
    "OpenNoattr",
    "OpenDowngrade",
    "Close",
    "Setattr",
    "FsInfo",
    "Renew",
    "SetClientID",
    "SetClientIDConfirm",
    "Lock",
    "Lockt",
    "Locku",
    "Access",
    "Getattr",
    "Lookup",
    "LookupRoot",
    "Remove",
    "Rename",
    "Link",
    "Symlink",
    "Create",
    "Pathconf",
    "StatFs",
    "ReadLink",
    "ReadDir",
    "ServerCaps",
    "DelegReturn",
    "GetACL",
    "SetACL",
    "FsLocations",
    "ReleaseLockowner",
    "Secinfo",
    "FsidPresent",
    "ExchangeID",
    "CreateSession",
    "DestroySession",
    "Sequence",
    "GetLeaseTime",
    "ReclaimComplete",
    "LayoutGet",
    "GetDeviceInfo",
    "LayoutCommit",
    "LayoutReturn",
    "SecinfoNoName",
    "TestStateID",
    "FreeStateID",
    "GetDeviceList",
    "BindConnToSession",
    "DestroyClientID",
    "Seek",
    "Allocate",
    "DeAllocate",
    "LayoutStats",
    "Clone",
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/net/rpc/nfs")?;
    let mut rows = Rows::default();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let values = words.map(number).collect::<Result<Vec<_>, _>>()?;
        let value = |i: usize| values.get(i).copied().unwrap_or_default();
        match name {
            "net" => {
                let help = "Packets of NFS, by protocol.";
                rows.counter("node_nfs_packets_total", help, &[("protocol", "udp")], value(1));
                rows.counter("node_nfs_packets_total", help, &[("protocol", "tcp")], value(2));
                rows.counter("node_nfs_connections_total", "Connections over TCP.", &[], value(3));
            }
            "rpc" => {
                rows.counter("node_nfs_rpcs_total", "Calls.", &[], value(0));
                let name = "node_nfs_rpc_retransmissions_total";
                rows.counter(name, "Calls that were repeated.", &[], value(1));
                let name = "node_nfs_rpc_authentication_refreshes_total";
                rows.counter(name, "Credentials that were renewed.", &[], value(2));
            }
            "proc2" => requests(&mut rows, ("2", &V2), values.get(1..).unwrap_or_default()),
            "proc3" => requests(&mut rows, ("3", &V3), values.get(1..).unwrap_or_default()),
            "proc4" => requests(&mut rows, ("4", &V4), values.get(1..).unwrap_or_default()),
            _ => {}
        }
    }
    rows.write(page);
    Ok(())
}

fn requests(rows: &mut Rows, (proto, methods): (&str, &[&str]), values: &[f64]) {
    // Kernels that do not know the last procedures yet give fewer numbers: they did none of them.
    for (i, method) in methods.iter().enumerate() {
        let value = values.get(i).copied().unwrap_or_default();
        let labels = [("method", *method), ("proto", proto)];
        rows.counter("node_nfs_requests_total", "Calls, by procedure.", &labels, value);
    }
}
