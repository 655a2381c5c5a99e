//! A made-up host, and this one against node_exporter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::{Labels, ManualClock};
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

fn host(root: &Path, flags: &[&str]) -> Host {
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let mut roots = Roots::below(root);
    if root.join("udev").is_dir() {
        roots.udev = root.join("udev");
    }
    Host::new(Flags::parse(&flags, roots).unwrap(), Arc::new(ManualClock::new(1_500)))
}

fn made_up(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(&root.path().join(path), text);
    }
    let host = host(root.path(), &[]);
    (root, host)
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Makes the files of a `.tree`.
fn unpack(tree: &str, root: &Path) {
    for part in tree.split("=== ").skip(1) {
        let (path, text) = part.split_once('\n').unwrap();
        match path.split_once(" -> ") {
            None => write(&root.join(path), text),
            Some((link, target)) => {
                std::fs::create_dir_all(root.join(link).parent().unwrap()).unwrap();
                std::os::unix::fs::symlink(target, root.join(link)).unwrap();
            }
        }
    }
}

/// Flags that a made-up host needs to show all it has.
fn flags_of(collector: &str, root: &Path) -> Vec<String> {
    match collector {
        "bcache" => vec!["--collector.bcache.priorityStats".into()],
        "cpu" => vec!["--no-collector.cpufreq".into()],
        "stat" => vec!["--collector.stat.softirq".into()],
        "textfile" => vec![format!("--collector.textfile.directory={}/text", root.display())],
        _ => Vec::new(),
    }
}

fn types(page: &str) -> BTreeSet<String> {
    page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).map(str::to_owned).collect()
}

/// Every collector gives of its made-up host exactly what node_exporter 1.9 gives: families, types, labels, values.
#[test]
fn made_up_hosts_give_what_node_exporter_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/host");
    let mut compared = 0;
    let mut wrong = Vec::new();
    let trees = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    for tree in trees.filter(|path| path.extension().is_some_and(|e| e == "tree")) {
        let name = tree.file_stem().unwrap().to_str().unwrap();
        let root = tempfile::tempdir().unwrap();
        unpack(&std::fs::read_to_string(&tree).unwrap(), root.path());
        let flags = flags_of(name, root.path());
        let host = host(root.path(), &flags.iter().map(String::as_str).collect::<Vec<_>>());
        let collector = COLLECTORS.iter().find(|collector| collector.name == name);
        let mut page = Page::default();
        let outcome = (collector.unwrap_or_else(|| panic!("no collector {name}")).collect)(&host, &mut page);
        assert_eq!(outcome, Ok(()), "{name}");
        let ours = page.as_str().replace(root.path().to_str().unwrap(), "ROOT");
        let theirs = std::fs::read_to_string(tree.with_extension("prom")).unwrap();
        let (our, their) = (samples(ours.as_bytes()), samples(theirs.as_bytes()));
        for (labels, value) in &their {
            compared += 1;
            match our.get(labels) {
                Some(our) if (our - value).abs() <= value.abs() * 1e-12 => {}
                found => wrong.push(format!("{name}: {labels} is {found:?}, should be {value}")),
            }
        }
        let when = "node_textfile_mtime_seconds";
        let more = our.keys().filter(|labels| !their.contains_key(labels) && labels.metric_name() != when);
        wrong.extend(more.map(|labels| format!("{name}: {labels} is not theirs")));
        let types = (types(&ours), types(&theirs));
        wrong.extend(types.0.symmetric_difference(&types.1).map(|line| format!("{name}: type {line}")));
    }
    assert!(compared > 800, "only {compared} samples to compare");
    assert!(wrong.is_empty(), "{compared} compared\n{}", wrong.join("\n"));
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
        "node_intr_total 7\nnode_context_switches_total 8\nnode_boot_time_seconds 9\nnode_forks_total 10\nnode_procs_running 2\n\
         node_procs_blocked 1"
    });
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
            "proc/1/mountinfo",
            "24 1 8:1 / / ro,noatime shared:1 - ext4 /dev/sda1 rw\n25 24 0:5 / /dev/shm rw - tmpfs tmpfs rw\n\
             26 24 0:6 / /proc rw - proc proc rw\n",
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

mod real;
