//! Which containers run, with the labels that Prometheus' and Promtail's discovery give them.

use std::collections::HashMap;
use std::io;

use serde_json::Value;

use super::Endpoint;
use crate::tail::sources::label_part;

/// A container that runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Container {
    pub(super) id: String,
    /// Without the slash before it.
    pub(super) name: String,
    /// Whether it writes to a terminal: its log has no frames.
    pub(super) tty: bool,
    /// `__meta_docker_…` and `__address__`.
    pub(super) labels: Vec<(String, String)>,
}

/// Asks the daemon.
pub(super) fn containers(endpoint: &Endpoint, filters: &str, host: &str) -> io::Result<Vec<Container>> {
    let query =
        if filters == "{}" { String::new() } else { format!("?filters={}", percent_encoded(filters)) };
    let listed = json(&endpoint.get_all(&format!("/containers/json{query}"))?)?;
    // Without networks the containers are known all the same.
    let networks = endpoint.get_all("/networks").and_then(|body| json(&body)).unwrap_or_default();
    let networks: HashMap<&str, &Value> =
        networks.as_array().into_iter().flatten().filter_map(|n| Some((n["Id"].as_str()?, n))).collect();
    let mut containers = Vec::new();
    for one in listed.as_array().into_iter().flatten() {
        let Some(id) = one["Id"].as_str() else { continue };
        let details = json(&endpoint.get_all(&format!("/containers/{id}/json"))?).unwrap_or_default();
        let tty = details["Config"]["Tty"].as_bool().unwrap_or(false);
        containers.push(container(one, tty, &networks, host));
    }
    Ok(containers)
}

fn json(body: &[u8]) -> io::Result<Value> {
    serde_json::from_slice(body)
        .map_err(|e| io::Error::other(format!("the daemon's answer is not JSON: {e}")))
}

fn container(one: &Value, tty: bool, networks: &HashMap<&str, &Value>, host: &str) -> Container {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (id, name) = (text(&one["Id"]), text(&one["Names"][0]));
    let mode = text(&one["HostConfig"]["NetworkMode"]);
    let mut labels = vec![
        ("container_id".to_owned(), id.clone()),
        ("container_name".to_owned(), name.clone()),
        ("container_network_mode".to_owned(), mode.clone()),
    ];
    for (key, value) in one["Labels"].as_object().into_iter().flatten() {
        labels.push((format!("container_label_{}", label_part(key)), text(value)));
    }
    let mut joined: Vec<_> = one["NetworkSettings"]["Networks"].as_object().into_iter().flatten().collect();
    joined.sort_by_key(|(name, _)| (*name).clone());
    let mut address = String::new();
    if let Some((network_name, network)) = joined.first() {
        address = text(&network["IPAddress"]);
        let network_id = text(&network["NetworkID"]);
        labels.push(("network_id".to_owned(), network_id.clone()));
        labels.push(("network_name".to_owned(), (*network_name).clone()));
        labels.push(("network_ip".to_owned(), address.clone()));
        if let Some(network) = networks.get(network_id.as_str()) {
            labels.push(("network_scope".to_owned(), text(&network["Scope"])));
            labels.push(("network_internal".to_owned(), network["Internal"].to_string()));
            labels.push(("network_ingress".to_owned(), network["Ingress"].to_string()));
            for (key, value) in network["Labels"].as_object().into_iter().flatten() {
                labels.push((format!("network_label_{}", label_part(key)), text(value)));
            }
        }
    }
    let tcp = one["Ports"].as_array().into_iter().flatten().filter(|port| port["Type"] == "tcp");
    let port = tcp.min_by_key(|port| port["PrivatePort"].as_u64());
    let port_number = port.and_then(|port| port["PrivatePort"].as_u64());
    if let Some(port) = port {
        labels.push(("port_private".to_owned(), port["PrivatePort"].to_string()));
        if let Some(public) = port["PublicPort"].as_u64() {
            labels.push(("port_public".to_owned(), public.to_string()));
            labels.push(("port_public_ip".to_owned(), text(&port["IP"])));
        }
    }
    let mut labels: Vec<(String, String)> =
        labels.into_iter().map(|(name, value)| (format!("__meta_docker_{name}"), value)).collect();
    let host = if mode == "host" { host } else { &address };
    labels.push(("__address__".to_owned(), format!("{host}:{}", port_number.unwrap_or(80))));
    Container { id, name: name.trim_start_matches('/').to_owned(), tty, labels }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
