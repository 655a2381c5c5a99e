//! What network devices are: up or down, how fast, and what they are called.

use model::MetricKind::{self, Counter, Gauge};
use wire::exposition::Page;

use super::{Host, any_number, number};

/// File below `/sys/class/net/<device>`, metric, kind, help.
const FILES: [(&str, &str, MetricKind, &str); 16] = [
    ("addr_assign_type", "node_network_address_assign_type", Gauge, "How the address was assigned."),
    ("carrier", "node_network_carrier", Gauge, "Whether there is a carrier."),
    ("carrier_changes", "node_network_carrier_changes_total", Counter, "Changes of the carrier."),
    ("carrier_down_count", "node_network_carrier_down_changes_total", Counter, "Losses of the carrier."),
    ("carrier_up_count", "node_network_carrier_up_changes_total", Counter, "Returns of the carrier."),
    ("dev_id", "node_network_device_id", Gauge, "Tells devices with one address apart."),
    ("dormant", "node_network_dormant", Gauge, "Whether the device waits for an event."),
    ("flags", "node_network_flags", Gauge, "The device's flags."),
    ("ifindex", "node_network_iface_id", Gauge, "The device's number."),
    ("iflink", "node_network_iface_link", Gauge, "The number of the device below it."),
    ("link_mode", "node_network_iface_link_mode", Gauge, "The link mode."),
    ("mtu", "node_network_mtu_bytes", Gauge, "The largest packet."),
    ("name_assign_type", "node_network_name_assign_type", Gauge, "How the name was assigned."),
    ("netdev_group", "node_network_net_dev_group", Gauge, "The group of the device."),
    ("tx_queue_len", "node_network_transmit_queue_length", Gauge, "Packets that may wait to be sent."),
    ("type", "node_network_protocol_type", Gauge, "The protocol's number."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut devices = host.entries("sys/class/net")?;
    // `bonding_masters` is a file.
    devices.retain(|name| host.settings.keeps("netclass", name) && host.path(&folder(name)).is_dir());
    // Files that make no sense for a device cannot be read: then it has no sample.
    let file = |device: &str, name: &str| host.text(&format!("{}/{name}", folder(device)));
    for (name, metric, kind, help) in FILES {
        let mut family = page.family(metric, kind, help);
        for device in &devices {
            if let Some(value) = file(device, name).and_then(|text| any_number(&text).ok()) {
                family.sample(&[("device", device)], value);
            }
        }
    }
    let mut family =
        page.family("node_network_speed_bytes", Gauge, "Bytes a second that the link can carry.");
    for device in &devices {
        let megabits = file(device, "speed").and_then(|text| number(&text).ok());
        // A link that is down has the speed -1.
        let known =
            |megabits: &f64| *megabits >= 0.0 || !host.settings.option("netclass.ignore-invalid-speed");
        if let Some(megabits) = megabits.filter(known) {
            family.sample(&[("device", device)], megabits * 1_000_000.0 / 8.0);
        }
    }
    let state = |device: &str| file(device, "operstate").unwrap_or_default();
    let mut family = page.family("node_network_up", Gauge, "Whether the device is up.");
    for device in &devices {
        family.sample(&[("device", device)], f64::from(u8::from(state(device) == "up")));
    }
    let mut family = page.family("node_network_info", Gauge, "What a network device is; 1.");
    for device in &devices {
        let text = |name: &str| file(device, name).unwrap_or_default();
        let (address, broadcast, duplex) = (text("address"), text("broadcast"), text("duplex"));
        let (admin, alias) = (admin_state(&text("flags")), text("ifalias"));
        let labels = [
            ("address", address.as_str()),
            ("adminstate", admin),
            ("broadcast", &broadcast),
            ("device", device),
            ("duplex", &duplex),
            ("ifalias", &alias),
            ("operstate", &state(device)),
        ];
        family.sample(&labels, 1.0);
    }
    Ok(())
}

fn folder(device: &str) -> String {
    format!("sys/class/net/{device}")
}

/// The lowest of the device's flags says whether it was set up.
fn admin_state(flags: &str) -> &'static str {
    match any_number(flags) {
        Ok(flags) if flags as u64 & 1 == 1 => "up",
        Ok(_) => "down",
        Err(_) => "unknown",
    }
}
