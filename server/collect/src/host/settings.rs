//! node_exporter's own flags, taken as people have them: `--collector.processes`, `--no-collector.arp`,
//! `--collector.filesystem.mount-points-exclude=…`, `--path.procfs=…`.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::COLLECTORS;
use super::read::Roots;

/// What flags say, and what of them could not be used.
#[derive(Debug, Clone)]
pub struct Flags {
    /// Where the host's files are.
    pub roots: Roots,
    /// Which collectors run and what they leave out.
    pub settings: Settings,
    /// A message for each flag that has no effect here.
    pub unused: Vec<String>,
}

/// Which collectors run and what they leave out.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Collectors that were switched on or off.
    switched: BTreeMap<String, bool>,
    none_by_default: bool,
    filters: BTreeMap<&'static str, Filter>,
    options: BTreeSet<&'static str>,
    textfile_folders: Vec<String>,
    ipvs_labels: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default)]
struct Filter {
    include: Option<Regex>,
    exclude: Option<Regex>,
}

/// A flag's name, the filter it belongs to, whether it includes.
const FILTERS: [(&str, &str, bool); 28] = [
    ("arp.device-include", "arp", true),
    ("arp.device-exclude", "arp", false),
    ("cpu.info.flags-include", "cpu.flags", true),
    ("cpu.info.bugs-include", "cpu.bugs", true),
    ("diskstats.device-include", "diskstats", true),
    ("diskstats.device-exclude", "diskstats", false),
    ("diskstats.ignored-devices", "diskstats", false),
    ("filesystem.mount-points-include", "mount-points", true),
    ("filesystem.mount-points-exclude", "mount-points", false),
    ("filesystem.ignored-mount-points", "mount-points", false),
    ("filesystem.fs-types-include", "fs-types", true),
    ("filesystem.fs-types-exclude", "fs-types", false),
    ("filesystem.ignored-fs-types", "fs-types", false),
    ("hwmon.chip-include", "hwmon.chip", true),
    ("hwmon.chip-exclude", "hwmon.chip", false),
    ("hwmon.sensor-include", "hwmon.sensor", true),
    ("hwmon.sensor-exclude", "hwmon.sensor", false),
    ("interrupts.name-include", "interrupts", true),
    ("interrupts.name-exclude", "interrupts", false),
    ("netclass.ignored-devices", "netclass", false),
    ("netdev.device-include", "netdev", true),
    ("netdev.device-exclude", "netdev", false),
    ("netdev.device-whitelist", "netdev", true),
    ("netdev.device-blacklist", "netdev", false),
    ("netstat.fields", "netstat", true),
    ("vmstat.fields", "vmstat", true),
    ("powersupply.ignored-supplies", "powersupply", false),
    ("tapestats.ignored-devices", "tapestats", false),
];

/// What the filters are unless flags say otherwise, as in node_exporter 1.9.
const DEFAULTS: [(&str, bool, &str); 5] = [
    ("diskstats", false, r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"),
    (
        "mount-points",
        false,
        "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
    ),
    (
        "fs-types",
        false,
        "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|fuse\\.lxcfs|hugetlbfs|\
         iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$",
    ),
    (
        "netstat",
        true,
        "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|\
         TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|\
         Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|\
         Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
    ),
    ("vmstat", true, "^(oom_kill|pgpg|pswp|pg.*fault).*"),
];

/// Flags that are on or off.
const OPTIONS: [&str; 8] = [
    "bcache.priorityStats",
    "cpu.info",
    "cpu.guest",
    "interrupts.include-zeros",
    "netclass.ignore-invalid-speed",
    "netdev.label-ifalias",
    "rapl.enable-zone-label",
    "stat.softirq",
];

/// Those of them that are on unless switched off. `cpu.info` is off in node_exporter: one file, read every few
/// minutes, is cheap here.
const OPTIONS_ON: [&str; 3] = ["cpu.info", "cpu.guest", "interrupts.include-zeros"];

impl Flags {
    /// Reads flags, with `roots` where they name no other.
    ///
    /// # Errors
    ///
    /// A regular expression that is none: the message names the flag.
    pub fn parse(flags: &[String], roots: Roots) -> Result<Flags, String> {
        let mut out = Flags { roots, settings: Settings::default(), unused: Vec::new() };
        let settings = &mut out.settings;
        settings.options.extend(OPTIONS_ON);
        for (filter, includes, pattern) in DEFAULTS {
            settings.set_filter(filter, includes, pattern)?;
        }
        for flag in flags {
            let body = flag.trim().trim_start_matches('-');
            let (name, value) =
                body.split_once('=').map_or((body, None), |(name, value)| (name, Some(value)));
            let value = value.map(|value| value.trim_matches(|c| c == '"' || c == '\''));
            match out.apply(name, value) {
                Ok(true) => {}
                Ok(false) => out.unused.push(format!("node_exporter's flag {flag} has no effect here")),
                Err(why) => return Err(format!("{flag}: {why}")),
            }
        }
        Ok(out)
    }

    /// Takes one flag over; whether it is one that has an effect.
    fn apply(&mut self, name: &str, value: Option<&str>) -> Result<bool, String> {
        let settings = &mut self.settings;
        match (name, value) {
            ("path.procfs", Some(path)) => self.roots.procfs = path.into(),
            ("path.sysfs", Some(path)) => self.roots.sysfs = path.into(),
            ("path.rootfs", Some(path)) => self.roots.rootfs = path.into(),
            ("path.udev.data", Some(path)) => self.roots.udev = path.into(),
            ("collector.textfile.directory", Some(path)) => settings.textfile_folders.push(path.to_owned()),
            ("collector.disable-defaults", None) => settings.none_by_default = true,
            ("collector.ipvs.backend-labels", Some(labels)) => {
                let labels = labels.split(',').map(|label| label.trim().to_owned());
                settings.ipvs_labels = Some(labels.filter(|label| !label.is_empty()).collect());
            }
            _ => return settings.apply(name, value),
        }
        Ok(true)
    }
}

impl Settings {
    fn apply(&mut self, name: &str, value: Option<&str>) -> Result<bool, String> {
        let (on, name) = match name.strip_prefix("no-") {
            Some(rest) => (false, rest),
            None => (value != Some("false"), name),
        };
        let Some(name) = name.strip_prefix("collector.") else { return Ok(false) };
        if let Some((_, filter, includes)) = FILTERS.iter().find(|(flag, ..)| *flag == name) {
            self.set_filter(filter, *includes, value.unwrap_or_default())?;
        } else if let Some(option) = OPTIONS.iter().find(|option| **option == name) {
            if on {
                self.options.insert(option);
            } else {
                self.options.remove(option);
            }
        } else if COLLECTORS.iter().any(|collector| collector.name == name) {
            self.switched.insert(name.to_owned(), on);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn set_filter(&mut self, name: &'static str, includes: bool, pattern: &str) -> Result<(), String> {
        let regex = match pattern {
            "" | "^$" => None,
            pattern => Some(Regex::new(pattern).map_err(|e| e.to_string())?),
        };
        let filter = self.filters.entry(name).or_default();
        if includes {
            filter.include = regex;
        } else {
            filter.exclude = regex;
        }
        Ok(())
    }

    pub(super) fn runs(&self, collector: &str, by_default: bool) -> bool {
        self.switched.get(collector).copied().unwrap_or(by_default && !self.none_by_default)
    }

    /// Whether a filter lets a name pass.
    pub(super) fn keeps(&self, filter: &str, name: &str) -> bool {
        let Some(Filter { include, exclude }) = self.filters.get(filter) else { return true };
        include.as_ref().is_none_or(|include| include.is_match(name))
            && !exclude.as_ref().is_some_and(|exclude| exclude.is_match(name))
    }

    /// What a filter asks for by name: nothing unless it was given.
    pub(super) fn includes(&self, filter: &str, name: &str) -> bool {
        let include = self.filters.get(filter).and_then(|filter| filter.include.as_ref());
        include.is_some_and(|include| include.is_match(name))
    }

    pub(super) fn option(&self, name: &str) -> bool {
        self.options.contains(name)
    }

    /// Folders, or patterns of them, whose `*.prom` files are taken in.
    pub(super) fn textfile_folders(&self) -> &[String] {
        &self.textfile_folders
    }

    /// The labels of IPVS' backends; all unless they were chosen.
    pub(super) fn ipvs_label(&self, label: &str) -> bool {
        self.ipvs_labels.as_ref().is_none_or(|labels| labels.iter().any(|chosen| chosen == label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(text: &str) -> Flags {
        let flags: Vec<String> = text.split(' ').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
        Flags::parse(&flags, Roots::below("/host")).unwrap()
    }

    #[test]
    fn flags_switch_filter_and_move() {
        let none = flags("");
        assert!(none.settings.runs("arp", true) && !none.settings.runs("tcpstat", false));
        assert!(none.settings.keeps("netdev", "lo") && !none.settings.keeps("fs-types", "tracefs"));
        assert!(!none.settings.includes("cpu.flags", "avx"));
        let some = flags(
            "--no-collector.arp --collector.tcpstat --path.procfs=/p --collector.netdev.device-exclude=^(lo|veth.*)$ \
             --no-collector.cpu.info --collector.diskstats.device-exclude= --web.listen-address=:9100",
        );
        assert!(!some.settings.runs("arp", true) && some.settings.runs("tcpstat", false));
        assert!(!some.settings.keeps("netdev", "veth1") && some.settings.keeps("netdev", "eth0"));
        assert!(some.settings.keeps("diskstats", "loop0") && !none.settings.keeps("diskstats", "loop0"));
        assert!(none.settings.option("cpu.info") && !some.settings.option("cpu.info"));
        assert_eq!((some.roots.procfs.to_str(), some.roots.sysfs.to_str()), (Some("/p"), Some("/host/sys")));
        assert_eq!(some.unused, ["node_exporter's flag --web.listen-address=:9100 has no effect here"]);
        let only = flags("--collector.disable-defaults --collector.cpu");
        assert!(only.settings.runs("cpu", true) && !only.settings.runs("arp", true));
        let broken = ["--collector.netdev.device-exclude=(".to_owned()];
        assert!(Flags::parse(&broken, Roots::below("/")).unwrap_err().contains("netdev.device-exclude"));
    }
}
