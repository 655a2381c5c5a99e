//! `docker_sd_configs`: containers by their networks and ports. Source: Prometheus' documentation of its labels, and
//! the Docker Engine API.

use std::collections::BTreeMap;

use serde_json::Value;

use super::labels::{MetaLabels, items, join, text};
use super::poll::Asker;
use crate::Result;
use crate::config::{DockerSd, TargetGroup};

const PREFIX: &str = "__meta_docker_";

/// The targets.
pub(super) async fn groups(sd: &DockerSd, asker: &Asker) -> Result<Vec<TargetGroup>> {
    let networks = networks(asker, PREFIX).await?;
    let containers = asker.ask("/containers/json", &filters(&sd.filters)).await?;
    let mut groups = Vec::new();
    for container in items(&containers) {
        add_container(sd, container, &networks, &mut groups);
    }
    Ok(groups)
}

/// Filters as the daemon's parameter.
pub(super) fn filters(filters: &[(String, Vec<String>)]) -> Vec<(String, String)> {
    if filters.is_empty() {
        return Vec::new();
    }
    let map: BTreeMap<&str, &Vec<String>> =
        filters.iter().map(|(name, values)| (name.as_str(), values)).collect();
    vec![("filters".to_owned(), serde_json::json!(map).to_string())]
}

/// The labels of each network by its id.
pub(super) async fn networks(asker: &Asker, prefix: &str) -> Result<BTreeMap<String, MetaLabels>> {
    let all = asker.ask("/networks", &[]).await?;
    let labels = |network: &Value| {
        let mut labels = MetaLabels::default();
        labels
            .set(format!("{prefix}network_id"), text(&network["Id"]))
            .set(format!("{prefix}network_name"), text(&network["Name"]))
            .set(format!("{prefix}network_scope"), text(&network["Scope"]))
            .set(format!("{prefix}network_internal"), text(&network["Internal"]))
            .set(format!("{prefix}network_ingress"), text(&network["Ingress"]))
            .set_all(&format!("{prefix}network_label_"), None, &network["Labels"]);
        labels
    };
    Ok(items(&all).iter().map(|network| (text(&network["Id"]), labels(network))).collect())
}

fn add_container(
    sd: &DockerSd,
    container: &Value,
    networks: &BTreeMap<String, MetaLabels>,
    groups: &mut Vec<TargetGroup>,
) {
    let mode = text(&container["HostConfig"]["NetworkMode"]);
    let mut labels = MetaLabels::default();
    labels
        .set(format!("{PREFIX}container_id"), text(&container["Id"]))
        .set(format!("{PREFIX}container_name"), text(&container["Names"][0]))
        .set(format!("{PREFIX}container_network_mode"), &mode)
        .set_all(&format!("{PREFIX}container_label_"), None, &container["Labels"]);
    let attached = container["NetworkSettings"]["Networks"].as_object();
    let mut attached: Vec<(&String, &Value)> = attached.into_iter().flatten().collect();
    attached.sort_by_key(|(name, _)| *name);
    if sd.match_first_network {
        attached.truncate(1);
    }
    for (_, network) in attached {
        let ip = text(&network["IPAddress"]);
        let mut of_network = labels.clone();
        of_network.set(format!("{PREFIX}network_ip"), &ip);
        if let Some(about) = networks.get(&text(&network["NetworkID"])) {
            of_network.extend(about);
        }
        let mut added = false;
        for port in items(&container["Ports"]).iter().filter(|port| port["Type"] == "tcp") {
            let private = text(&port["PrivatePort"]);
            let mut of_port = of_network.clone();
            of_port.set(format!("{PREFIX}port_private"), &private);
            if port["PublicPort"].as_u64().is_some_and(|public| public > 0) {
                of_port
                    .set(format!("{PREFIX}port_public"), text(&port["PublicPort"]))
                    .set(format!("{PREFIX}port_public_ip"), text(&port["IP"]));
            }
            groups.push(of_port.target(join(&ip, &private)));
            added = true;
        }
        if !added {
            let host = if mode == "host" { &sd.host_networking_host } else { &ip };
            groups.push(of_network.target(join(host, sd.port)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HttpConfig;

    #[test]
    fn containers() {
        let mut sd = DockerSd {
            host: String::new(),
            port: 80,
            host_networking_host: "localhost".into(),
            match_first_network: true,
            filters: Vec::new(),
            http: HttpConfig::default(),
        };
        let container = serde_json::json!({
            "Id": "c1", "Names": ["/web"], "Labels": {"com.docker.service": "web"},
            "HostConfig": {"NetworkMode": "bridge"},
            "Ports": [{"PrivatePort": 9100, "PublicPort": 19100, "IP": "0.0.0.0", "Type": "tcp"},
                      {"PrivatePort": 53, "Type": "udp"}],
            "NetworkSettings": {"Networks": {
                "b": {"NetworkID": "n2", "IPAddress": "172.18.0.2"},
                "a": {"NetworkID": "n1", "IPAddress": "172.17.0.2"}}},
        });
        let mut about = MetaLabels::default();
        about.set("__meta_docker_network_name", "a");
        let networks = BTreeMap::from([("n1".to_owned(), about)]);
        let mut groups = Vec::new();
        add_container(&sd, &container, &networks, &mut groups);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].targets, ["172.17.0.2:9100"]);
        let expected = [
            ("container_id", "c1"),
            ("container_name", "/web"),
            ("container_network_mode", "bridge"),
            ("container_label_com_docker_service", "web"),
            ("network_ip", "172.17.0.2"),
            ("network_name", "a"),
            ("port_private", "9100"),
            ("port_public", "19100"),
            ("port_public_ip", "0.0.0.0"),
        ];
        let expected: Vec<_> = expected.map(|(n, v)| (format!("{PREFIX}{n}"), v.to_owned())).into();
        assert_eq!(groups[0].labels, expected);
        sd.match_first_network = false;
        groups.clear();
        add_container(&sd, &container, &networks, &mut groups);
        assert_eq!(
            groups.iter().map(|g| g.targets[0].as_str()).collect::<Vec<_>>(),
            ["172.17.0.2:9100", "172.18.0.2:9100"]
        );
        let host = serde_json::json!({
            "HostConfig": {"NetworkMode": "host"},
            "NetworkSettings": {"Networks": {"host": {"NetworkID": "h", "IPAddress": ""}}},
        });
        groups.clear();
        add_container(&sd, &host, &networks, &mut groups);
        assert_eq!(groups[0].targets, ["localhost:80"]);
    }

    #[test]
    fn filters_are_json() {
        let given = [("status".to_owned(), vec!["running".to_owned()])];
        assert_eq!(filters(&given), [("filters".to_owned(), r#"{"status":["running"]}"#.to_owned())]);
    }
}
