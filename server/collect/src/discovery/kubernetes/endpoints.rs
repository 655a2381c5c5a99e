//! Endpoints and endpoint slices as targets, with what is known of the pods, services and nodes behind them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ByName;
use super::roles::{self, PREFIX};
use crate::config::TargetGroup;
use crate::discovery::labels::{MetaLabels, items, join, text};

/// What endpoints refer to.
pub(super) struct Related {
    pub(super) pods: ByName,
    pub(super) services: ByName,
    pub(super) nodes: ByName,
}

/// Adds the targets of an `Endpoints` or `EndpointSlice`.
pub(super) fn add(object: &Value, related: &Related, groups: &mut Vec<TargetGroup>) {
    let slice = object["endpoints"].is_array();
    let role = if slice { "endpointslice" } else { "endpoints" };
    let mut labels = roles::metadata(object, role);
    roles::namespace(object, &mut labels);
    let about = &object["metadata"];
    let namespace = text(&about["namespace"]);
    let service = match slice {
        true => text(&about["labels"]["kubernetes.io/service-name"]),
        false => text(&about["name"]),
    };
    if let Some(service) = related.services.get(&(namespace.clone(), service)) {
        labels.extend(&roles::metadata(service, "service"));
    }
    let mut adding = Adding { related, namespace, labels, groups, seen: BTreeSet::new() };
    if slice {
        adding.slice(object);
    } else {
        adding.subsets(object);
    }
    adding.rest_of_pods();
}

struct Adding<'a> {
    related: &'a Related,
    namespace: String,
    labels: MetaLabels,
    groups: &'a mut Vec<TargetGroup>,
    /// Pods and their ports that are targets already.
    seen: BTreeSet<(String, String)>,
}

impl Adding<'_> {
    fn subsets(&mut self, endpoints: &Value) {
        for subset in items(&endpoints["subsets"]) {
            for port in items(&subset["ports"]) {
                for (key, ready) in [("addresses", true), ("notReadyAddresses", false)] {
                    for address in items(&subset[key]) {
                        let mut labels = self.labels.clone();
                        let name = |part: &str| format!("{PREFIX}endpoint_{part}");
                        labels
                            .set(name("ready"), ready)
                            .set(name("port_name"), text(&port["name"]))
                            .set(name("port_protocol"), text(&port["protocol"]))
                            .set(name("hostname"), text(&address["hostname"]))
                            .set(name("node_name"), text(&address["nodeName"]));
                        self.target(labels, (&text(&address["ip"]), port), &address["targetRef"], "endpoint");
                    }
                }
            }
        }
    }

    fn slice(&mut self, slice: &Value) {
        let name = |part: &str| format!("{PREFIX}endpointslice_{part}");
        self.labels.set(name("address_type"), text(&slice["addressType"]));
        for port in items(&slice["ports"]) {
            for endpoint in items(&slice["endpoints"]) {
                for address in items(&endpoint["addresses"]) {
                    let conditions = &endpoint["conditions"];
                    let mut labels = self.labels.clone();
                    labels
                        .set(name("port_name"), text(&port["name"]))
                        .set(name("port_protocol"), text(&port["protocol"]))
                        .set(name("port"), text(&port["port"]))
                        .set(name("port_app_protocol"), text(&port["appProtocol"]))
                        .set(name("endpoint_conditions_ready"), text(&conditions["ready"]))
                        .set(name("endpoint_conditions_serving"), text(&conditions["serving"]))
                        .set(name("endpoint_conditions_terminating"), text(&conditions["terminating"]))
                        .set(name("endpoint_hostname"), text(&endpoint["hostname"]))
                        .set(name("endpoint_node_name"), text(&endpoint["nodeName"]))
                        .set(name("endpoint_zone"), text(&endpoint["zone"]));
                    self.target(labels, (&text(address), port), &endpoint["targetRef"], "endpointslice");
                }
            }
        }
    }

    fn target(&mut self, mut labels: MetaLabels, (ip, port): (&str, &Value), of: &Value, role: &str) {
        let number = text(&port["port"]);
        labels
            .set(format!("{PREFIX}{role}_address_target_kind"), text(&of["kind"]))
            .set(format!("{PREFIX}{role}_address_target_name"), text(&of["name"]));
        let name = text(&of["name"]);
        let pod = self.related.pods.get(&(self.namespace.clone(), name.clone()));
        if let Some(pod) = pod.filter(|_| of["kind"] == "Pod") {
            labels.extend(&roles::pod_labels(pod));
            self.node(pod, &mut labels);
            for (container, init) in roles::containers(pod) {
                let ports = items(&container["ports"]);
                let found = ports.iter().find(|p| text(&p["containerPort"]) == number);
                if let Some(found) =
                    found.filter(|p| text(&p["protocol"]) != "UDP" || port["protocol"] == "UDP")
                {
                    roles::container_labels(pod, container, init, &mut labels);
                    roles::port_labels(found, &mut labels);
                    break;
                }
            }
            self.seen.insert((name, number.clone()));
        }
        self.groups.push(labels.target(join(ip, number)));
    }

    fn node(&self, pod: &Value, labels: &mut MetaLabels) {
        if let Some(node) = self.related.nodes.get(&(String::new(), text(&pod["spec"]["nodeName"]))) {
            labels.extend(&roles::metadata(node, "node"));
        }
    }

    /// Ports of the pods that no endpoint names: as in Prometheus they are targets too.
    fn rest_of_pods(&mut self) {
        let pods: BTreeSet<String> = self.seen.iter().map(|(pod, _)| pod.clone()).collect();
        for name in pods {
            let Some(pod) = self.related.pods.get(&(self.namespace.clone(), name.clone())) else { continue };
            let ip = text(&pod["status"]["podIP"]);
            for (container, init) in roles::containers(pod) {
                for port in items(&container["ports"]) {
                    let number = text(&port["containerPort"]);
                    if ip.is_empty() || !self.seen.insert((name.clone(), number.clone())) {
                        continue;
                    }
                    let mut labels = self.labels.clone();
                    labels.extend(&roles::pod_labels(pod));
                    self.node(pod, &mut labels);
                    roles::container_labels(pod, container, init, &mut labels);
                    roles::port_labels(port, &mut labels);
                    self.groups.push(labels.target(join(&ip, number)));
                }
            }
        }
    }
}
