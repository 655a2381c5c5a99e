//! What this host serves as an NFS server.

use wire::exposition::Page;

use super::nfs::{V2, V3};
use super::{Host, Rows, number};

/// Operations by their number in the protocol (RFC 7530, section 16), from 3; empty ones are not given.
const V4: [&str; 37] = [
    "Access",
    "Close",
    "Commit",
    "Create",
    "DelegPurge",
    "DelegReturn",
    "GetAttr",
    "GetFH",
    "Link",
    "Lock",
    "Lockt",
    "Locku",
    "Lookup",
    "LookupRoot",
    "Nverify",
    "Open",
    "OpenAttr",
    "OpenConfirm",
    "OpenDgrd",
    "PutFH",
    "",
    "",
    "Read",
    "ReadDir",
    "ReadLink",
    "Remove",
    "Rename",
    "Renew",
    "RestoreFH",
    "SaveFH",
    "SecInfo",
    "SetAttr",
    "SetClientID",
    "SetClientIDConfirm",
    "Verify",
    "Write",
    "RelLockOwner",
];
/// Behind a line's count of numbers stand those of operations 0 to 2.
const V4_FIRST: usize = 4;

/// Line, place in it, metric, help.
const COUNTERS: [(&str, usize, &str, &str); 9] = [
    ("rc", 0, "node_nfsd_reply_cache_hits_total", "Answers from the reply cache."),
    ("rc", 1, "node_nfsd_reply_cache_misses_total", "Answers that were not in it."),
    ("rc", 2, "node_nfsd_reply_cache_nocache_total", "Answers that need no cache."),
    ("fh", 0, "node_nfsd_file_handles_stale_total", "Stale file handles."),
    ("io", 0, "node_nfsd_disk_bytes_read_total", "Bytes read."),
    ("io", 1, "node_nfsd_disk_bytes_written_total", "Bytes written."),
    ("ra", 11, "node_nfsd_read_ahead_cache_not_found_total", "Reads ahead that found nothing."),
    ("net", 3, "node_nfsd_connections_total", "Connections over TCP."),
    ("rpc", 0, "node_nfsd_server_rpcs_total", "Calls."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/net/rpc/nfsd")?;
    let mut rows = Rows::default();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        // The thread line ends in fractions that mean nothing any more.
        let values = words.map(number).collect::<Result<Vec<_>, _>>()?;
        let value = |i: usize| values.get(i).copied().unwrap_or_default();
        for (_, i, metric, help) in COUNTERS.into_iter().filter(|(line, ..)| *line == name) {
            rows.counter(metric, help, &[], value(i));
        }
        match name {
            "th" => rows.gauge("node_nfsd_server_threads", "Threads of the server.", &[], value(0)),
            "ra" => {
                rows.gauge("node_nfsd_read_ahead_cache_size_blocks", "Blocks of the cache.", &[], value(0));
            }
            "net" => {
                let help = "Packets of NFS, by protocol.";
                rows.counter("node_nfsd_packets_total", help, &[("proto", "udp")], value(1));
                rows.counter("node_nfsd_packets_total", help, &[("proto", "tcp")], value(2));
            }
            "rpc" => {
                for (i, error) in [(2, "fmt"), (3, "auth"), (4, "cInt")] {
                    let help = "Calls that were refused, by reason.";
                    rows.counter("node_nfsd_rpc_errors_total", help, &[("error", error)], value(i));
                }
            }
            "proc2" => requests(&mut rows, ("2", &V2[1..]), values.get(2..).unwrap_or_default()),
            "proc3" => requests(&mut rows, ("3", &V3[1..]), values.get(2..).unwrap_or_default()),
            "proc4ops" => requests(&mut rows, ("4", &V4), values.get(V4_FIRST..).unwrap_or_default()),
            "wdeleg_getattr" => requests(&mut rows, ("4", &["WdelegGetattr"]), &values),
            _ => {}
        }
    }
    rows.write(page);
    Ok(())
}

fn requests(rows: &mut Rows, (proto, methods): (&str, &[&str]), values: &[f64]) {
    for (method, value) in methods.iter().zip(values).filter(|(method, _)| !method.is_empty()) {
        let labels = [("method", *method), ("proto", proto)];
        rows.counter("node_nfsd_requests_total", "Calls, by procedure.", &labels, *value);
    }
}
