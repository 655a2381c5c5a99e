//! `dockerswarm_sd_configs`: services, tasks and nodes of a swarm. Source: Prometheus' documentation of its labels,
//! and the Docker Engine API.

use std::collections::BTreeMap;

use serde_json::Value;

use super::docker::{filters, networks};
use super::labels::{MetaLabels, items, join, text};
use super::poll::Asker;
use crate::Result;
use crate::config::{DockerSwarmSd, SwarmRole, TargetGroup};

const PREFIX: &str = "__meta_dockerswarm_";

/// The targets.
pub(super) async fn groups(sd: &DockerSwarmSd, asker: &Asker) -> Result<Vec<TargetGroup>> {
    let wanted = filters(&sd.filters);
    if sd.role == SwarmRole::Nodes {
        let nodes = asker.ask("/nodes", &wanted).await?;
        return Ok(items(&nodes)
            .iter()
            .map(|node| of_node(node).target(node_address(node, sd.port)))
            .collect());
    }
    let networks = networks(asker, PREFIX).await?;
    let mut groups = Vec::new();
    if sd.role == SwarmRole::Services {
        for service in items(&asker.ask("/services", &wanted).await?) {
            add_service(sd, service, &networks, &mut groups);
        }
        return Ok(groups);
    }
    let by_id = |all: &Value| -> BTreeMap<String, Value> {
        items(all).iter().map(|one| (text(&one["ID"]), one.clone())).collect()
    };
    let (services, nodes) = (asker.ask("/services", &[]).await?, asker.ask("/nodes", &[]).await?);
    let known = Known { services: by_id(&services), nodes: by_id(&nodes), networks };
    for task in items(&asker.ask("/tasks", &wanted).await?) {
        add_task(sd, task, &known, &mut groups);
    }
    Ok(groups)
}

struct Known {
    services: BTreeMap<String, Value>,
    nodes: BTreeMap<String, Value>,
    networks: BTreeMap<String, MetaLabels>,
}

fn node_address(node: &Value, port: u16) -> String {
    join(&text(&node["Status"]["Addr"]), port)
}

fn of_node(node: &Value) -> MetaLabels {
    let name = |part: &str| format!("{PREFIX}node_{part}");
    let description = &node["Description"];
    let mut labels = MetaLabels::default();
    labels
        .set(name("id"), text(&node["ID"]))
        .set(name("hostname"), text(&description["Hostname"]))
        .set(name("address"), text(&node["Status"]["Addr"]))
        .set(name("availability"), text(&node["Spec"]["Availability"]))
        .set(name("engine_version"), text(&description["Engine"]["EngineVersion"]))
        .set(name("platform_architecture"), text(&description["Platform"]["Architecture"]))
        .set(name("platform_os"), text(&description["Platform"]["OS"]))
        .set(name("role"), text(&node["Spec"]["Role"]))
        .set(name("status"), text(&node["Status"]["State"]))
        .set_all(&name("label_"), None, &node["Spec"]["Labels"]);
    let manager = &node["ManagerStatus"];
    if manager.is_object() {
        labels
            .set(name("manager_leader"), manager["Leader"].as_bool().unwrap_or(false))
            .set(name("manager_reachability"), text(&manager["Reachability"]))
            .set(name("manager_address"), text(&manager["Addr"]));
    }
    labels
}

fn of_service(service: &Value) -> MetaLabels {
    let name = |part: &str| format!("{PREFIX}service_{part}");
    let (spec, mode) = (&service["Spec"], &service["Spec"]["Mode"]);
    let mut labels = MetaLabels::default();
    let mode = if mode["Global"].is_object() { "global" } else { "replicated" };
    labels
        .set(name("id"), text(&service["ID"]))
        .set(name("name"), text(&spec["Name"]))
        .set(name("mode"), mode)
        .set_all(&name("label_"), None, &spec["Labels"]);
    labels
}

fn add_service(
    sd: &DockerSwarmSd,
    service: &Value,
    networks: &BTreeMap<String, MetaLabels>,
    groups: &mut Vec<TargetGroup>,
) {
    let mut labels = of_service(service);
    let container = &service["Spec"]["TaskTemplate"]["ContainerSpec"];
    labels
        .set(format!("{PREFIX}service_task_container_hostname"), text(&container["Hostname"]))
        .set(format!("{PREFIX}service_task_container_image"), text(&container["Image"]))
        .set(format!("{PREFIX}service_updating_status"), text(&service["UpdateStatus"]["State"]));
    for virtual_ip in items(&service["Endpoint"]["VirtualIPs"]) {
        let Some(about) = networks.get(&text(&virtual_ip["NetworkID"])) else { continue };
        let address = text(&virtual_ip["Addr"]);
        let ip = address.split('/').next().unwrap_or_default();
        if ip.is_empty() {
            continue;
        }
        let mut of_network = labels.clone();
        of_network.extend(about);
        let ports = items(&service["Endpoint"]["Ports"]);
        let mut added = false;
        for port in ports.iter().filter(|port| port["Protocol"] == "tcp") {
            let mut of_port = of_network.clone();
            of_port
                .set(format!("{PREFIX}service_endpoint_port_name"), text(&port["Name"]))
                .set(format!("{PREFIX}service_endpoint_port_publish_mode"), text(&port["PublishMode"]));
            groups.push(of_port.target(join(ip, text(&port["PublishedPort"]))));
            added = true;
        }
        if !added {
            groups.push(of_network.target(join(ip, sd.port)));
        }
    }
}

fn add_task(sd: &DockerSwarmSd, task: &Value, known: &Known, groups: &mut Vec<TargetGroup>) {
    let name = |part: &str| format!("{PREFIX}task_{part}");
    let mut labels = MetaLabels::default();
    let status = &task["Status"];
    labels
        .set(name("id"), text(&task["ID"]))
        .set(name("desired_state"), text(&task["DesiredState"]))
        .set(name("slot"), task["Slot"].as_u64().unwrap_or(0))
        .set(name("state"), text(&status["State"]))
        .set(name("container_id"), text(&status["ContainerStatus"]["ContainerID"]))
        .set_all(&format!("{PREFIX}container_label_"), None, &task["Spec"]["ContainerSpec"]["Labels"]);
    let service = known.services.get(&text(&task["ServiceID"]));
    if let Some(service) = service {
        labels.extend(&of_service(service));
    }
    let node = known.nodes.get(&text(&task["NodeID"]));
    if let Some(node) = node {
        labels.extend(&of_node(node));
    }
    // Ports that the host publishes.
    for port in items(&status["PortStatus"]["Ports"]).iter().filter(|port| port["Protocol"] == "tcp") {
        let mut of_port = labels.clone();
        of_port.set(name("port_publish_mode"), text(&port["PublishMode"]));
        let host = node.map(|node| text(&node["Status"]["Addr"])).unwrap_or_default();
        groups.push(of_port.target(join(&host, text(&port["PublishedPort"]))));
    }
    for attachment in items(&task["NetworksAttachments"]) {
        for address in items(&attachment["Addresses"]) {
            let address = text(address);
            let ip = address.split('/').next().unwrap_or_default();
            let mut of_network = labels.clone();
            if let Some(about) = known.networks.get(&text(&attachment["Network"]["ID"])) {
                of_network.extend(about);
            }
            let ports = service.map_or(&[][..], |service| items(&service["Endpoint"]["Ports"]));
            let mut added = false;
            for port in ports.iter().filter(|port| port["Protocol"] == "tcp") {
                let mut of_port = of_network.clone();
                of_port.set(name("port_publish_mode"), text(&port["PublishMode"]));
                groups.push(of_port.target(join(ip, text(&port["TargetPort"]))));
                added = true;
            }
            if !added {
                groups.push(of_network.target(join(ip, sd.port)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HttpConfig;

    fn sd(role: SwarmRole) -> DockerSwarmSd {
        DockerSwarmSd {
            host: String::new(),
            role,
            port: 80,
            filters: Vec::new(),
            http: HttpConfig::default(),
        }
    }

    #[test]
    fn services_and_tasks() {
        let service = serde_json::json!({
            "ID": "s1",
            "Spec": {"Name": "web", "Labels": {"a.b": "c"}, "Mode": {"Replicated": {"Replicas": 2}},
                     "TaskTemplate": {"ContainerSpec": {"Image": "web:1"}}},
            "Endpoint": {"Ports": [{"Protocol": "tcp", "TargetPort": 9100, "PublishedPort": 19100,
                                    "PublishMode": "ingress"}],
                         "VirtualIPs": [{"NetworkID": "n1", "Addr": "10.0.0.5/24"},
                                        {"NetworkID": "unknown", "Addr": "10.1.0.5/24"}]},
        });
        let mut about = MetaLabels::default();
        about.set("__meta_dockerswarm_network_name", "ingress");
        let networks = BTreeMap::from([("n1".to_owned(), about)]);
        let mut groups = Vec::new();
        add_service(&sd(SwarmRole::Services), &service, &networks, &mut groups);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].targets, ["10.0.0.5:19100"]);
        let has = |group: &TargetGroup, name: &str, value: &str| {
            assert!(
                group.labels.contains(&(format!("{PREFIX}{name}"), value.to_owned())),
                "{name} in {group:?}"
            );
        };
        has(&groups[0], "service_label_a_b", "c");
        has(&groups[0], "service_mode", "replicated");
        has(&groups[0], "network_name", "ingress");
        let task = serde_json::json!({
            "ID": "t1", "ServiceID": "s1", "NodeID": "k1", "Slot": 2, "DesiredState": "running",
            "Status": {"State": "running", "ContainerStatus": {"ContainerID": "c1"}},
            "NetworksAttachments": [{"Network": {"ID": "n1"}, "Addresses": ["10.0.0.9/24"]}],
        });
        let node = serde_json::json!({"ID": "k1", "Status": {"Addr": "192.168.0.1", "State": "ready"},
            "Description": {"Hostname": "manager"}, "ManagerStatus": {"Leader": true}});
        let known = Known {
            services: BTreeMap::from([("s1".to_owned(), service)]),
            nodes: BTreeMap::from([("k1".to_owned(), node.clone())]),
            networks,
        };
        groups.clear();
        add_task(&sd(SwarmRole::Tasks), &task, &known, &mut groups);
        assert_eq!(groups[0].targets, ["10.0.0.9:9100"]);
        has(&groups[0], "task_slot", "2");
        has(&groups[0], "node_hostname", "manager");
        has(&groups[0], "service_name", "web");
        assert_eq!(node_address(&node, 9323), "192.168.0.1:9323");
        has(&of_node(&node).target("x"), "node_manager_leader", "true");
    }
}
