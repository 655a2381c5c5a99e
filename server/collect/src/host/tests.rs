//! A made-up host, and this one against node_exporter.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use model::{Labels, ManualClock, SystemClock};
use wire::exposition::{Format, Item, Parser};

use super::*;

fn samples(page: &[u8]) -> BTreeMap<Labels, f64> {
    let items = Parser::new(page, Format::Text).unwrap().map(|item| item.unwrap());
    let mut out = BTreeMap::new();
    for item in items {
        if let Item::Sample(point) = item {
            let labels = point.labels().unwrap();
            assert!(out.insert(labels.clone(), point.value).is_none(), "{labels} twice");
        }
    }
    out
}

fn made_up(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let host = Host::new(root.path(), Arc::new(ManualClock::new(1_500)));
    (root, host)
}

fn check(collect: Collect, files: &[(&str, &str)], expect: &str) {
    let (_root, host) = made_up(files);
    let mut page = Page::default();
    let outcome = collect(&host, &mut page);
    let mut got: Vec<&str> = page.as_str().lines().filter(|line| !line.starts_with('#')).collect();
    let error = outcome.err().unwrap_or_default();
    got.extend((!error.is_empty()).then_some("error"));
    assert_eq!(got.join("\n"), expect, "{error}");
}

#[test]
fn collectors_read_what_the_kernel_writes() {
    check(loadavg::collect, &[("proc/loadavg", "0.5 1.25 2 1/200 1234\n")], {
        "node_load1 0.5\nnode_load5 1.25\nnode_load15 2"
    });
    check(
        meminfo::collect,
        &[("proc/meminfo", "MemTotal: 2 kB\nActive(anon):  1 kB\nHugePages_Total: 3\n")],
        {
            "node_memory_MemTotal_bytes 2048\nnode_memory_Active_anon_bytes 1024\nnode_memory_HugePages_Total 3"
        },
    );
    let stat = "cpu  9 9\ncpu0 100 200 300 400 500 600 700 800 50 25\nintr 7 1 2\nctxt 8\nbtime 9\nprocesses 10\n\
                procs_running 2\nprocs_blocked 1\nsoftirq 5 5\n";
    check(cpu::collect, &[("proc/stat", stat)], {
        "node_cpu_guest_seconds_total{cpu=\"0\",mode=\"user\"} 0.5\n\
         node_cpu_guest_seconds_total{cpu=\"0\",mode=\"nice\"} 0.25\n\
         node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 1\nnode_cpu_seconds_total{cpu=\"0\",mode=\"nice\"} 2\n\
         node_cpu_seconds_total{cpu=\"0\",mode=\"system\"} 3\nnode_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 4\n\
         node_cpu_seconds_total{cpu=\"0\",mode=\"iowait\"} 5\nnode_cpu_seconds_total{cpu=\"0\",mode=\"irq\"} 6\n\
         node_cpu_seconds_total{cpu=\"0\",mode=\"softirq\"} 7\nnode_cpu_seconds_total{cpu=\"0\",mode=\"steal\"} 8"
    });
    check(stat::collect, &[("proc/stat", stat)], {
        "node_intr_total 7\nnode_context_switches_total 8\nnode_forks_total 10\nnode_procs_running 2\n\
         node_procs_blocked 1"
    });
    check(boottime::collect, &[("proc/stat", stat)], "node_boot_time_seconds 9");
    check(filefd::collect, &[("proc/sys/fs/file-nr", "100\t0\t9223372036854775807\n")], {
        "node_filefd_allocated 100\nnode_filefd_maximum 9.223372036854776e18"
    });
    check(
        vmstat::collect,
        &[("proc/vmstat", "nr_free 1\npgpgin 2\npgmajfault 3\noom_kill 0\npgfree 1\n")],
        "node_vmstat_pgpgin 2\nnode_vmstat_pgmajfault 3\nnode_vmstat_oom_kill 0",
    );
    check(loadavg::collect, &[], "error");
    check(loadavg::collect, &[("proc/loadavg", "a b c")], "error");
    check(pressure::collect, &[("proc/pressure/cpu", "some avg10=0.00 total=1500000\n")], {
        "node_pressure_cpu_waiting_seconds_total 1.5\nerror"
    });
}

#[test]
fn devices() {
    let line =
        "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n   8       1 sda1 1 1\n   7 0 loop0 1\n";
    let (_root, host) = made_up(&[
        ("proc/diskstats", line),
        ("run/udev/data/b8:0", "E:ID_MODEL=Fast\nE:ID_SERIAL_SHORT=77\n"),
        ("proc/net/dev", "Inter-|\n face |bytes\n  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"),
        ("sys/class/net/eth0/statistics/rx_nohandler", "5\n"),
        (
            "proc/1/mounts",
            "/dev/sda1 / ext4 ro,noatime 0 0\ntmpfs /dev/shm tmpfs rw 0 0\nproc /proc proc rw 0 0\n",
        ),
    ]);
    let mut page = Page::default();
    for collect in [diskstats::collect, netdev::collect, filesystem::collect] {
        collect(&host, &mut page).unwrap();
    }
    let got = samples(page.as_str().as_bytes());
    let value = |name: &str| {
        let mut of_name = got.iter().filter(|(labels, _)| labels.metric_name() == name);
        of_name.next().map(|(_, value)| *value)
    };
    assert_eq!(value("node_disk_read_bytes_total"), Some(3.0 * 512.0));
    assert_eq!(value("node_disk_read_time_seconds_total"), Some(0.004));
    assert_eq!(value("node_disk_flush_requests_time_seconds_total"), Some(0.017));
    assert_eq!(value("node_network_receive_bytes_total"), Some(1.0));
    assert_eq!(value("node_network_transmit_compressed_total"), Some(16.0));
    assert_eq!(value("node_network_receive_nohandler_total"), Some(5.0));
    assert_eq!(value("node_filesystem_readonly"), Some(1.0));
    let devices: Vec<&str> =
        got.keys().filter(|l| l.metric_name() == "node_disk_info").map(|l| l.value("device")).collect();
    assert_eq!(devices, ["sda"]);
    let info = got.keys().find(|l| l.metric_name() == "node_disk_info").unwrap();
    assert_eq!((info.value("model"), info.value("serial"), info.value("wwn")), ("Fast", "77", ""));
    assert!(
        got.keys()
            .filter(|l| l.metric_name() == "node_filesystem_size_bytes")
            .all(|l| l.value("mountpoint") == "/")
    );
}

struct Exporter(Child);

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// node_exporter's page, if it is installed.
fn node_exporter() -> Option<Vec<u8>> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let mut child = Command::new("prometheus-node-exporter")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let log = BufReader::new(child.stderr.take()?);
    let exporter = Exporter(child);
    // It says so when it listens.
    let mut lines = log.lines();
    lines.find(|line| line.as_ref().is_ok_and(|line| line.to_lowercase().contains("listening on")))?.ok()?;
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).ok()?;
    drop(exporter);
    let body = answer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    Some(answer.split_off(body))
}

/// Families of collectors that are not this program's, or of details that are left out.
fn is_ours(name: &str) -> bool {
    const FAMILIES: [&str; 16] = [
        "node_boot_time_",
        "node_cpu_seconds_",
        "node_cpu_guest_",
        "node_disk_",
        "node_filefd_",
        "node_filesystem_",
        "node_load",
        "node_memory_",
        "node_netstat_",
        "node_network_",
        "node_sockstat_",
        "node_pressure_",
        "node_time_",
        "node_uname_",
        "node_vmstat_",
        "node_procs_",
    ];
    const OTHERS: [&str; 3] = ["node_intr_total", "node_context_switches_total", "node_forks_total"];
    const LEFT_OUT: [&str; 3] = ["node_disk_ata_", "node_disk_device_mapper_", "node_disk_filesystem_"];
    let is = |list: &[&str]| list.iter().any(|prefix| name.starts_with(prefix));
    (is(&FAMILIES) || OTHERS.contains(&name)) && !is(&LEFT_OUT)
}

#[test]
fn agrees_with_node_exporter() {
    let Some(page) = node_exporter() else {
        println!("skipped: prometheus-node-exporter cannot be started");
        return;
    };
    let theirs = samples(&page);
    let host = Host::new("/", Arc::new(SystemClock));
    let mut page = Page::default();
    host.gather(&mut page);
    // Later releases than Debian's have this label too.
    let ours = samples(page.as_str().as_bytes());
    let ours: BTreeMap<Labels, f64> =
        ours.into_iter().map(|(labels, value)| (labels.without(&["adminstate"]), value)).collect();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (labels, their) in theirs.iter().filter(|(labels, _)| is_ours(labels.metric_name())) {
        // Later releases than Debian's leave compressed memory out too.
        if labels.value("device").starts_with("zram") {
            continue;
        }
        compared += 1;
        match ours.get(labels) {
            None => wrong.push(format!("{labels} {their}: missing")),
            // What moves on moves little in between.
            Some(our) if (our - their).abs() > their.abs() * 0.5 + 5e8 => {
                wrong.push(format!("{labels}: {our} is not {their}"));
            }
            Some(_) => {}
        }
    }
    let names = |samples: &BTreeMap<Labels, f64>| {
        let all = samples.keys().map(|labels| labels.metric_name().to_owned());
        all.filter(|name| is_ours(name)).collect::<std::collections::BTreeSet<_>>()
    };
    // And these families.
    let later = ["node_netstat_TcpExt_TCPOFOQueue", "node_netstat_TcpExt_TCPRcvQDrop"];
    let is_new = |name: &&String| !later.contains(&name.as_str());
    wrong.extend(
        names(&ours).difference(&names(&theirs)).filter(is_new).map(|name| format!("{name}: not theirs")),
    );
    assert!(compared > 100, "only {compared} samples to compare");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
