//! `consul_sd_configs`: services of a Consul catalog with their health. Source: Prometheus' documentation of its
//! labels, and Consul's HTTP API.

use serde_json::Value;

use super::labels::{MetaLabels, items, join, sanitize, text};
use super::poll::Asker;
use crate::Result;
use crate::config::{ConsulSd, TargetGroup};

const PREFIX: &str = "__meta_consul_";

/// The targets.
pub(super) async fn groups(sd: &ConsulSd, asker: &Asker) -> Result<Vec<TargetGroup>> {
    let mut params = sd.params.clone();
    params
        .extend(sd.node_meta.iter().map(|(name, value)| ("node-meta".to_owned(), format!("{name}:{value}"))));
    let datacenter = match params.iter().find(|(name, _)| name == "dc") {
        Some((_, datacenter)) => datacenter.clone(),
        None => text(&asker.ask("/v1/agent/self", &[]).await?["Config"]["Datacenter"]),
    };
    let services = match sd.services.is_empty() || !sd.tags.is_empty() {
        false => sd.services.clone(),
        true => {
            let catalog = asker.ask("/v1/catalog/services", &params).await?;
            let wanted = |name: &str, tags: &Value| {
                let has = |tag: &String| items(tags).iter().any(|t| t == tag);
                (sd.services.is_empty() || sd.services.iter().any(|s| s == name)) && sd.tags.iter().all(has)
            };
            let all = catalog.as_object().into_iter().flatten();
            all.filter(|(name, tags)| wanted(name, tags)).map(|(name, _)| name.clone()).collect()
        }
    };
    let mut groups = Vec::new();
    for service in services {
        let mut params = params.clone();
        params.extend(sd.tags.iter().map(|tag| ("tag".to_owned(), tag.clone())));
        let path = format!("/v1/health/service/{}", encode(&service));
        let entries = asker.ask(&path, &params).await?;
        groups.extend(items(&entries).iter().map(|entry| target(sd, &datacenter, entry)));
    }
    Ok(groups)
}

/// A name as a part of a path.
fn encode(name: &str) -> String {
    let mut url = url::Url::parse("http://x/").expect("it is a URL");
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.clear().push(name);
    }
    url.path().trim_start_matches('/').to_owned()
}

fn target(sd: &ConsulSd, datacenter: &str, entry: &Value) -> TargetGroup {
    let (node, service) = (&entry["Node"], &entry["Service"]);
    let name = |part: &str| format!("{PREFIX}{part}");
    let tags: Vec<String> = items(&service["Tags"]).iter().map(text).collect();
    let separator = &sd.tag_separator;
    let mut labels = MetaLabels::default();
    labels
        .set(name("address"), text(&node["Address"]))
        .set(name("dc"), datacenter)
        .set(name("health"), health(items(&entry["Checks"])))
        .set(name("namespace"), text(&service["Namespace"]))
        .set(name("node"), text(&node["Node"]))
        .set(name("partition"), text(&service["Partition"]))
        .set(name("service"), text(&service["Service"]))
        .set(name("service_address"), text(&service["Address"]))
        .set(name("service_id"), text(&service["ID"]))
        .set(name("service_port"), text(&service["Port"]))
        // Separators at both ends, so that a rule can look for one tag.
        .set(name("tags"), format!("{separator}{}{separator}", tags.join(separator)))
        .set_all(&name("metadata_"), None, &node["Meta"])
        .set_all(&name("service_metadata_"), None, &service["Meta"]);
    for (key, address) in node["TaggedAddresses"].as_object().into_iter().flatten() {
        labels.set(name(&format!("tagged_address_{}", sanitize(key))), text(address));
    }
    let own = text(&service["Address"]);
    let host = if own.is_empty() { text(&node["Address"]) } else { own };
    labels.target(join(&host, text(&service["Port"])))
}

/// The worst of a service's checks.
fn health(checks: &[Value]) -> &'static str {
    let has = |status: &str| checks.iter().any(|check| check["Status"] == status);
    let maintenance = |check: &Value| {
        let id = check["CheckID"].as_str().unwrap_or_default();
        id == "_node_maintenance" || id.starts_with("_service_maintenance:")
    };
    if checks.iter().any(maintenance) {
        "maintenance"
    } else if has("critical") {
        "critical"
    } else if has("warning") {
        "warning"
    } else {
        "passing"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HttpConfig;

    #[test]
    fn services() {
        let sd = ConsulSd {
            server: String::new(),
            services: Vec::new(),
            tags: Vec::new(),
            tag_separator: ",".into(),
            node_meta: Vec::new(),
            params: Vec::new(),
            http: HttpConfig::default(),
        };
        let mut entry = serde_json::json!({
            "Node": {"Node": "n1", "Address": "10.0.0.1", "Meta": {"rack.id": "r1"},
                     "TaggedAddresses": {"lan": "10.0.0.1"}},
            "Service": {"ID": "web-1", "Service": "web", "Tags": ["a", "b"], "Address": "", "Port": 8080,
                        "Meta": {"version": "2"}},
            "Checks": [{"CheckID": "x", "Status": "passing"}, {"CheckID": "y", "Status": "warning"}],
        });
        let group = target(&sd, "dc1", &entry);
        assert_eq!(group.targets, ["10.0.0.1:8080"]);
        for (name, value) in [
            ("tags", ",a,b,"),
            ("dc", "dc1"),
            ("health", "warning"),
            ("metadata_rack_id", "r1"),
            ("service_metadata_version", "2"),
            ("tagged_address_lan", "10.0.0.1"),
            ("service_id", "web-1"),
        ] {
            assert!(
                group.labels.contains(&(format!("{PREFIX}{name}"), value.to_owned())),
                "{name}: {group:?}"
            );
        }
        entry["Service"]["Address"] = "fd00::1".into();
        assert_eq!(target(&sd, "dc1", &entry).targets, ["[fd00::1]:8080"]);
        assert_eq!(encode("a b/c"), "a%20b%2Fc");
    }
}
