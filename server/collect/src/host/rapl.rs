//! Energy that processors and memory used.

use std::collections::BTreeMap;

use wire::exposition::Page;

use super::{Host, Rows};

const FOLDER: &str = "sys/class/powercap";

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for zone in host.entries(FOLDER)?.iter().filter(|zone| zone.contains(':')) {
        let Some(name) = host.kept(&format!("{FOLDER}/{zone}/name")) else { continue };
        // `package-1` tells its number; others are numbered as they come.
        let numbered = name.rsplit_once('-').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit()));
        let (name, index) = match numbered {
            Some((name, index)) => (name.to_owned(), index.to_owned()),
            None => {
                let next = seen.entry(name.clone()).or_default();
                *next += 1;
                (name, (*next - 1).to_string())
            }
        };
        // Only the superuser may read it, as a rule.
        let path = format!("{FOLDER}/{zone}/energy_uj");
        let Some(energy) = host.value(&path) else { return Err(format!("{path} cannot be read")) };
        let path = host.path(&format!("{FOLDER}/{zone}")).display().to_string();
        let help = "Energy used, in joules.";
        if host.settings.option("rapl.enable-zone-label") {
            let labels = [("index", index.as_str()), ("path", &path), ("rapl_zone", &name)];
            rows.counter("node_rapl_joules_total", help, &labels, energy / 1e6);
        } else {
            let metric = format!("node_rapl_{}_joules_total", name.replace('-', "_"));
            rows.counter(&metric, help, &[("index", &index), ("path", &path)], energy / 1e6);
        }
    }
    rows.write(page);
    Ok(())
}
