//! `kubernetes_sd_configs`: nodes, services, pods, endpoints, endpoint slices and ingresses of a cluster, listed from
//! its API server. Source: Prometheus' documentation of its labels, and the Kubernetes API.

mod endpoints;
mod roles;

use std::collections::BTreeMap;

use serde_json::Value;

use super::labels::{items, text};
use super::poll::Asker;
use crate::config::{Auth, HttpConfig, KubernetesRole, KubernetesSd, Secret, TargetGroup};
use crate::{Error, Result};

/// Where a pod finds who it is.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Objects of one answer.
const PAGE: &str = "500";

/// The API server: the one given, or that of the cluster that this program runs in.
pub(super) fn asker(sd: &KubernetesSd) -> Result<Asker> {
    if let Some(server) = &sd.api_server {
        return Asker::new(server, &sd.http);
    }
    let (host, port) =
        match (std::env::var("KUBERNETES_SERVICE_HOST"), std::env::var("KUBERNETES_SERVICE_PORT")) {
            (Ok(host), Ok(port)) => (host, port),
            _ => {
                let why = "no api_server is given, and this program does not run in a pod of the cluster";
                return Err(Error::Fetch(why.into()));
            }
        };
    let mut http: HttpConfig = sd.http.clone();
    if http.auth == Auth::None {
        http.auth = Auth::Header("Bearer".into(), Secret::File(format!("{ACCOUNT}/token").into()));
    }
    if http.tls.ca.is_none() && !http.tls.insecure_skip_verify {
        http.tls.ca = Some(Secret::File(format!("{ACCOUNT}/ca.crt").into()));
    }
    Asker::new(&format!("https://{}", super::labels::join(&host, port)), &http)
}

/// The targets.
pub(super) async fn groups(sd: &KubernetesSd, asker: &Asker) -> Result<Vec<TargetGroup>> {
    let cluster = Cluster { sd, asker };
    let wanted = cluster.list(sd.role).await?;
    let mut groups = Vec::new();
    match sd.role {
        KubernetesRole::Node => wanted.iter().for_each(|node| groups.extend(roles::node(node))),
        KubernetesRole::Service => wanted.iter().for_each(|service| roles::service(service, &mut groups)),
        KubernetesRole::Ingress => wanted.iter().for_each(|ingress| roles::ingress(ingress, &mut groups)),
        KubernetesRole::Pod => {
            let nodes = cluster.nodes().await?;
            wanted.iter().for_each(|pod| roles::pod(pod, &nodes, &mut groups));
        }
        KubernetesRole::Endpoints | KubernetesRole::EndpointSlice => {
            let related = endpoints::Related {
                pods: by_name(cluster.list(KubernetesRole::Pod).await?),
                services: by_name(cluster.list(KubernetesRole::Service).await?),
                nodes: cluster.nodes().await?,
            };
            for object in &wanted {
                endpoints::add(object, &related, &mut groups);
            }
        }
    }
    Ok(groups)
}

/// Objects by namespace and name.
type ByName = BTreeMap<(String, String), Value>;

fn by_name(objects: Vec<Value>) -> ByName {
    let key = |object: &Value| (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    objects.into_iter().map(|object| (key(&object), object)).collect()
}

struct Cluster<'a> {
    sd: &'a KubernetesSd,
    asker: &'a Asker,
}

impl Cluster<'_> {
    /// The nodes, where their labels are wanted.
    async fn nodes(&self) -> Result<ByName> {
        match self.sd.attach_node {
            true => Ok(by_name(self.list(KubernetesRole::Node).await?)),
            false => Ok(ByName::new()),
        }
    }

    /// All objects of a role in the wanted namespaces.
    async fn list(&self, role: KubernetesRole) -> Result<Vec<Value>> {
        let (prefix, plural) = match role {
            KubernetesRole::Node => ("/api/v1", "nodes"),
            KubernetesRole::Service => ("/api/v1", "services"),
            KubernetesRole::Pod => ("/api/v1", "pods"),
            KubernetesRole::Endpoints => ("/api/v1", "endpoints"),
            KubernetesRole::EndpointSlice => ("/apis/discovery.k8s.io/v1", "endpointslices"),
            KubernetesRole::Ingress => ("/apis/networking.k8s.io/v1", "ingresses"),
        };
        let mut namespaces = self.sd.namespaces.clone();
        if self.sd.own_namespace {
            let own = std::fs::read_to_string(format!("{ACCOUNT}/namespace"));
            namespaces.extend(own.ok().map(|own| own.trim().to_owned()));
        }
        if role == KubernetesRole::Node || namespaces.is_empty() {
            return self.pages(&format!("{prefix}/{plural}"), role).await;
        }
        let mut all = Vec::new();
        for namespace in namespaces {
            all.extend(self.pages(&format!("{prefix}/namespaces/{namespace}/{plural}"), role).await?);
        }
        Ok(all)
    }

    async fn pages(&self, path: &str, role: KubernetesRole) -> Result<Vec<Value>> {
        let mut params = vec![("limit".to_owned(), PAGE.to_owned())];
        for selector in self.sd.selectors.iter().filter(|selector| selector.role == role) {
            for (name, value) in [("labelSelector", &selector.label), ("fieldSelector", &selector.field)] {
                if !value.is_empty() {
                    params.push((name.to_owned(), value.clone()));
                }
            }
        }
        let mut all = Vec::new();
        loop {
            let answer = self.asker.ask(path, &params).await?;
            all.extend_from_slice(items(&answer["items"]));
            let next = text(&answer["metadata"]["continue"]);
            if next.is_empty() {
                return Ok(all);
            }
            params.retain(|(name, _)| name != "continue");
            params.push(("continue".to_owned(), next));
        }
    }
}

#[cfg(test)]
mod tests;
