//! Nodes, services, pods and ingresses as targets.

use serde_json::Value;

use super::ByName;
use crate::config::TargetGroup;
use crate::discovery::labels::{MetaLabels, items, join, sanitize, text};

pub(super) const PREFIX: &str = "__meta_kubernetes_";
/// The port of kubelets that do not say theirs.
const KUBELET_PORT: u64 = 10_250;

/// Name, labels and annotations of an object.
pub(super) fn metadata(object: &Value, role: &str) -> MetaLabels {
    let about = &object["metadata"];
    let mut labels = MetaLabels::default();
    labels
        .set(format!("{PREFIX}{role}_name"), text(&about["name"]))
        .set_all(
            &format!("{PREFIX}{role}_label_"),
            Some(&format!("{PREFIX}{role}_labelpresent_")),
            &about["labels"],
        )
        .set_all(
            &format!("{PREFIX}{role}_annotation_"),
            Some(&format!("{PREFIX}{role}_annotationpresent_")),
            &about["annotations"],
        );
    labels
}

pub(super) fn namespace(object: &Value, labels: &mut MetaLabels) {
    labels.set(format!("{PREFIX}namespace"), text(&object["metadata"]["namespace"]));
}

pub(super) fn node(node: &Value) -> Option<TargetGroup> {
    let mut labels = metadata(node, "node");
    labels.set(format!("{PREFIX}node_provider_id"), text(&node["spec"]["providerID"]));
    let addresses = items(&node["status"]["addresses"]);
    for address in addresses {
        let kind = sanitize(&text(&address["type"]));
        labels.set(format!("{PREFIX}node_address_{kind}"), text(&address["address"]));
    }
    let of = |kind: &str| addresses.iter().find(|a| a["type"] == kind).map(|a| text(&a["address"]));
    let host = ["InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname"]
        .into_iter()
        .find_map(of)?;
    let port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"].as_u64().unwrap_or(KUBELET_PORT);
    labels.set("instance", text(&node["metadata"]["name"]));
    Some(labels.target(join(&host, port)))
}

/// What is said about a service, for its own targets and for those of its endpoints.
pub(super) fn service(service: &Value, groups: &mut Vec<TargetGroup>) {
    let spec = &service["spec"];
    let mut labels = metadata(service, "service");
    namespace(service, &mut labels);
    labels.set(format!("{PREFIX}service_type"), text(&spec["type"]));
    let (name, namespace) = (text(&service["metadata"]["name"]), text(&service["metadata"]["namespace"]));
    for port in items(&spec["ports"]) {
        let mut of_port = labels.clone();
        of_port
            .set(format!("{PREFIX}service_port_name"), text(&port["name"]))
            .set(format!("{PREFIX}service_port_number"), text(&port["port"]))
            .set(format!("{PREFIX}service_port_protocol"), text(&port["protocol"]));
        match text(&spec["type"]).as_str() {
            "ExternalName" => {
                of_port.set(format!("{PREFIX}service_external_name"), text(&spec["externalName"]));
            }
            "LoadBalancer" => {
                of_port
                    .set(format!("{PREFIX}service_cluster_ip"), text(&spec["clusterIP"]))
                    .set(format!("{PREFIX}service_loadbalancer_ip"), text(&spec["loadBalancerIP"]));
            }
            _ => {
                of_port.set(format!("{PREFIX}service_cluster_ip"), text(&spec["clusterIP"]));
            }
        }
        groups.push(of_port.target(join(&format!("{name}.{namespace}.svc"), text(&port["port"]))));
    }
}

/// What is said about a pod, whatever the role of the target.
pub(super) fn pod_labels(pod: &Value) -> MetaLabels {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let name = |part: &str| format!("{PREFIX}pod_{part}");
    let ready = items(&status["conditions"]).iter().find(|c| c["type"] == "Ready");
    let ready = ready.map(|c| text(&c["status"]).to_lowercase()).unwrap_or_else(|| "unknown".to_owned());
    let mut labels = metadata(pod, "pod");
    labels
        .set(name("ip"), text(&status["podIP"]))
        .set(name("ready"), ready)
        .set(name("phase"), text(&status["phase"]))
        .set(name("node_name"), text(&spec["nodeName"]))
        .set(name("host_ip"), text(&status["hostIP"]))
        .set(name("uid"), text(&pod["metadata"]["uid"]));
    let owners = items(&pod["metadata"]["ownerReferences"]);
    if let Some(owner) = owners.iter().find(|owner| owner["controller"] == true) {
        labels
            .set(name("controller_kind"), text(&owner["kind"]))
            .set(name("controller_name"), text(&owner["name"]));
    }
    labels
}

/// The containers of a pod; true: it is one that only runs at the start.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = (&Value, bool)> {
    let of = |key: &str, init: bool| items(&pod["spec"][key]).iter().map(move |c| (c, init));
    of("containers", false).chain(of("initContainers", true))
}

pub(super) fn container_labels(pod: &Value, container: &Value, init: bool, labels: &mut MetaLabels) {
    let name = |part: &str| format!("{PREFIX}pod_container_{part}");
    let states = if init { "initContainerStatuses" } else { "containerStatuses" };
    let state = items(&pod["status"][states]).iter().find(|state| state["name"] == container["name"]);
    labels
        .set(name("name"), text(&container["name"]))
        .set(name("image"), text(&container["image"]))
        .set(name("init"), init)
        .set(name("id"), state.map(|state| text(&state["containerID"])).unwrap_or_default());
}

pub(super) fn port_labels(port: &Value, labels: &mut MetaLabels) {
    let name = |part: &str| format!("{PREFIX}pod_container_port_{part}");
    let protocol = text(&port["protocol"]);
    labels
        .set(name("name"), text(&port["name"]))
        .set(name("number"), text(&port["containerPort"]))
        .set(name("protocol"), if protocol.is_empty() { "TCP" } else { &protocol });
}

pub(super) fn pod(pod: &Value, nodes: &ByName, groups: &mut Vec<TargetGroup>) {
    let ip = text(&pod["status"]["podIP"]);
    // Without an address it is not there yet, or not any more.
    if ip.is_empty() {
        return;
    }
    let mut labels = pod_labels(pod);
    namespace(pod, &mut labels);
    if let Some(node) = nodes.get(&(String::new(), text(&pod["spec"]["nodeName"]))) {
        labels.extend(&metadata(node, "node"));
    }
    for (container, init) in containers(pod) {
        let mut of_container = labels.clone();
        container_labels(pod, container, init, &mut of_container);
        let ports = items(&container["ports"]);
        if ports.is_empty() {
            groups.push(of_container.target(if ip.contains(':') { format!("[{ip}]") } else { ip.clone() }));
        }
        for port in ports {
            let mut of_port = of_container.clone();
            port_labels(port, &mut of_port);
            groups.push(of_port.target(join(&ip, text(&port["containerPort"]))));
        }
    }
}

pub(super) fn ingress(ingress: &Value, groups: &mut Vec<TargetGroup>) {
    let spec = &ingress["spec"];
    let mut labels = metadata(ingress, "ingress");
    namespace(ingress, &mut labels);
    labels.set(format!("{PREFIX}ingress_class_name"), text(&spec["ingressClassName"]));
    let secure: Vec<String> =
        items(&spec["tls"]).iter().flat_map(|tls| items(&tls["hosts"])).map(text).collect();
    let is_secure = |host: &str| {
        secure.iter().any(|known| match known.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest == domain),
            None => known == host,
        })
    };
    for rule in items(&spec["rules"]) {
        let host = text(&rule["host"]);
        let paths: Vec<String> =
            items(&rule["http"]["paths"]).iter().map(|path| text(&path["path"])).collect();
        let paths = if paths.is_empty() { vec!["/".to_owned()] } else { paths };
        for path in paths {
            let mut of_path = labels.clone();
            of_path
                .set(format!("{PREFIX}ingress_scheme"), if is_secure(&host) { "https" } else { "http" })
                .set(format!("{PREFIX}ingress_host"), &host)
                .set(format!("{PREFIX}ingress_path"), if path.is_empty() { "/" } else { &path });
            groups.push(of_path.target(host.clone()));
        }
    }
}
