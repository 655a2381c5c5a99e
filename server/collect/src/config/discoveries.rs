//! Discoveries that ask a server or the DNS at intervals.

use std::path::Path;

use super::HttpConfig;
use crate::section::Section;
use crate::{Error, Result};

/// The shortest time between two refreshes, ms.
const MIN_REFRESH_MS: i64 = 1_000;

/// A discovery and how often it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledSd {
    /// What is asked.
    pub kind: SdKind,
    /// How often, ms.
    pub refresh_ms: i64,
}

/// What a discovery asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SdKind {
    /// `dns_sd_configs`
    Dns(DnsSd),
    /// `docker_sd_configs`
    Docker(DockerSd),
    /// `dockerswarm_sd_configs`
    DockerSwarm(DockerSwarmSd),
    /// `kubernetes_sd_configs`
    Kubernetes(KubernetesSd),
    /// `consul_sd_configs`
    Consul(ConsulSd),
}

/// A kind of DNS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Mail servers.
    Mx,
    /// Name servers.
    Ns,
    /// Services: hosts with ports.
    Srv,
}

/// Names to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsSd {
    /// The names.
    pub names: Vec<String>,
    /// The records wanted.
    pub kind: DnsType,
    /// The targets' port, for records that have none.
    pub port: u16,
}

/// Containers of a Docker daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerSd {
    /// The daemon: `unix:///…`, `tcp://…` or `http://…`.
    pub host: String,
    /// The port of containers that expose none.
    pub port: u16,
    /// The host name of containers in the host's network.
    pub host_networking_host: String,
    /// Whether a container in several networks is one target only.
    pub match_first_network: bool,
    /// Filters of the daemon's API: names with values.
    pub filters: Vec<(String, Vec<String>)>,
    /// Credentials, TLS, proxies.
    pub http: HttpConfig,
}

/// What a swarm is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwarmRole {
    /// Services by their virtual addresses.
    Services,
    /// Tasks.
    Tasks,
    /// Nodes.
    Nodes,
}

/// A Docker swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerSwarmSd {
    /// The daemon of a manager.
    pub host: String,
    /// What is wanted.
    pub role: SwarmRole,
    /// The port of targets that publish none.
    pub port: u16,
    /// Filters of the daemon's API.
    pub filters: Vec<(String, Vec<String>)>,
    /// Credentials, TLS, proxies.
    pub http: HttpConfig,
}

/// What a cluster is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KubernetesRole {
    /// Kubelets.
    Node,
    /// Ports of services.
    Service,
    /// Ports of containers.
    Pod,
    /// Addresses behind services.
    Endpoints,
    /// The same in slices.
    EndpointSlice,
    /// Paths of ingresses.
    Ingress,
}

/// A Kubernetes cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSd {
    /// The API server; `None`: the one that pods know by their environment.
    pub api_server: Option<String>,
    /// What is wanted.
    pub role: KubernetesRole,
    /// Namespaces; empty = all.
    pub namespaces: Vec<String>,
    /// Whether the namespace of this pod is one of them.
    pub own_namespace: bool,
    /// Label and field selectors of a role.
    pub selectors: Vec<KubernetesSelector>,
    /// Whether the node's labels go with each pod.
    pub attach_node: bool,
    /// Credentials, TLS, proxies.
    pub http: HttpConfig,
}

/// A selector of `kubernetes_sd_configs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSelector {
    /// The role whose objects it chooses.
    pub role: KubernetesRole,
    /// A label selector.
    pub label: String,
    /// A field selector.
    pub field: String,
}

/// Services of a Consul agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsulSd {
    /// The agent's URL.
    pub server: String,
    /// Services; empty = all.
    pub services: Vec<String>,
    /// Tags that a service must have, all of them.
    pub tags: Vec<String>,
    /// What joins the tags in their label.
    pub tag_separator: String,
    /// Metadata that a node must have.
    pub node_meta: Vec<(String, String)>,
    /// Parameters of each request: `dc`, `ns`, `partition`, `stale`, `filter`.
    pub params: Vec<(String, String)>,
    /// Credentials, TLS, proxies.
    pub http: HttpConfig,
}

/// Reads all of them.
pub(super) fn read(section: &Section<'_>, folder: &Path) -> Result<Vec<PolledSd>> {
    let mut all = Vec::new();
    read_each(section, "dns_sd_configs", 30_000, &mut all, |sd| read_dns(sd).map(SdKind::Dns))?;
    read_each(section, "docker_sd_configs", 60_000, &mut all, |sd| {
        read_docker(sd, folder).map(SdKind::Docker)
    })?;
    read_each(section, "dockerswarm_sd_configs", 60_000, &mut all, |sd| {
        read_swarm(sd, folder).map(SdKind::DockerSwarm)
    })?;
    // Prometheus watches; a list every few seconds finds the same targets a little later.
    read_each(section, "kubernetes_sd_configs", 10_000, &mut all, |sd| {
        read_kubernetes(sd, folder).map(SdKind::Kubernetes)
    })?;
    read_each(section, "consul_sd_configs", 30_000, &mut all, |sd| {
        read_consul(sd, folder).map(SdKind::Consul)
    })?;
    Ok(all)
}

fn read_each(
    section: &Section<'_>,
    key: &'static str,
    default_ms: i64,
    all: &mut Vec<PolledSd>,
    read: impl Fn(&Section<'_>) -> Result<SdKind>,
) -> Result<()> {
    for sd in section.sections(key)? {
        let refresh_ms = sd.duration_ms("refresh_interval")?.unwrap_or(default_ms).max(MIN_REFRESH_MS);
        all.push(PolledSd { kind: read(&sd)?, refresh_ms });
        sd.finish();
    }
    Ok(())
}

fn port(sd: &Section<'_>, default: u16) -> Result<u16> {
    match sd.number("port")? {
        None => Ok(default),
        Some(port) => u16::try_from(port).map_err(|_| sd.bad("port", "is not a port")),
    }
}

fn needed(sd: &Section<'_>, key: &'static str) -> Result<String> {
    sd.text(key)?.filter(|text| !text.is_empty()).ok_or_else(|| sd.bad(key, "is needed"))
}

fn one_of<T: Copy>(
    sd: &Section<'_>,
    key: &'static str,
    known: &[(&str, T)],
    default: Option<T>,
) -> Result<T> {
    let text = sd.text(key)?;
    let found = match text.as_deref() {
        None => default,
        Some(text) => known.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value),
    };
    found.ok_or_else(|| -> Error {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        sd.bad(key, format!("{:?} is not one of {}", text.unwrap_or_default(), names.join(", ")))
    })
}

fn read_dns(sd: &Section<'_>) -> Result<DnsSd> {
    use DnsType::{A, Aaaa, Mx, Ns, Srv};
    let names = sd.texts("names")?.unwrap_or_default();
    if names.is_empty() {
        return Err(sd.bad("names", "a DNS discovery needs names"));
    }
    let known = [("SRV", Srv), ("A", A), ("AAAA", Aaaa), ("MX", Mx), ("NS", Ns)];
    let kind = one_of(sd, "type", &known, Some(Srv))?;
    let port = port(sd, 0)?;
    if port == 0 && kind != Srv {
        return Err(sd.bad("port", "a port is needed for records other than SRV"));
    }
    Ok(DnsSd { names, kind, port })
}

fn read_filters(sd: &Section<'_>) -> Result<Vec<(String, Vec<String>)>> {
    let mut filters = Vec::new();
    for filter in sd.sections("filters")? {
        filters.push((needed(&filter, "name")?, filter.texts("values")?.unwrap_or_default()));
        filter.finish();
    }
    Ok(filters)
}

fn read_docker(sd: &Section<'_>, folder: &Path) -> Result<DockerSd> {
    Ok(DockerSd {
        host: needed(sd, "host")?,
        port: port(sd, 80)?,
        host_networking_host: sd.text("host_networking_host")?.unwrap_or_else(|| "localhost".to_owned()),
        match_first_network: sd.bool("match_first_network")?.unwrap_or(true),
        filters: read_filters(sd)?,
        http: HttpConfig::read(sd, folder)?,
    })
}

fn read_swarm(sd: &Section<'_>, folder: &Path) -> Result<DockerSwarmSd> {
    let known = [("services", SwarmRole::Services), ("tasks", SwarmRole::Tasks), ("nodes", SwarmRole::Nodes)];
    Ok(DockerSwarmSd {
        host: needed(sd, "host")?,
        role: one_of(sd, "role", &known, None)?,
        port: port(sd, 80)?,
        filters: read_filters(sd)?,
        http: HttpConfig::read(sd, folder)?,
    })
}

const ROLES: [(&str, KubernetesRole); 6] = [
    ("node", KubernetesRole::Node),
    ("service", KubernetesRole::Service),
    ("pod", KubernetesRole::Pod),
    ("endpoints", KubernetesRole::Endpoints),
    ("endpointslice", KubernetesRole::EndpointSlice),
    ("ingress", KubernetesRole::Ingress),
];

fn read_kubernetes(sd: &Section<'_>, folder: &Path) -> Result<KubernetesSd> {
    let (mut namespaces, mut own_namespace) = (Vec::new(), false);
    if let Some(section) = sd.section("namespaces")? {
        namespaces = section.texts("names")?.unwrap_or_default();
        own_namespace = section.bool("own_namespace")?.unwrap_or(false);
        section.finish();
    }
    let mut selectors = Vec::new();
    for selector in sd.sections("selectors")? {
        selectors.push(KubernetesSelector {
            role: one_of(&selector, "role", &ROLES, None)?,
            label: selector.text("label")?.unwrap_or_default(),
            field: selector.text("field")?.unwrap_or_default(),
        });
        selector.finish();
    }
    let mut attach_node = false;
    if let Some(attach) = sd.section("attach_metadata")? {
        attach_node = attach.bool("node")?.unwrap_or(false);
        attach.ignored(&["namespace"], "labels of namespaces are not attached");
        attach.finish();
    }
    sd.ignored(&["kubeconfig_file"], "give api_server, authorization and tls_config instead");
    Ok(KubernetesSd {
        api_server: sd.text("api_server")?.filter(|url| !url.is_empty()),
        role: one_of(sd, "role", &ROLES, None)?,
        namespaces,
        own_namespace,
        selectors,
        attach_node,
        http: HttpConfig::read(sd, folder)?,
    })
}

fn read_consul(sd: &Section<'_>, folder: &Path) -> Result<ConsulSd> {
    let scheme = sd.text("scheme")?.unwrap_or_else(|| "http".to_owned());
    let server = sd.text("server")?.unwrap_or_else(|| "localhost:8500".to_owned());
    let server = if server.contains("://") { server } else { format!("{scheme}://{server}") };
    let prefix = sd.text("path_prefix")?.unwrap_or_default();
    let mut params = Vec::new();
    for (key, param) in
        [("datacenter", "dc"), ("namespace", "ns"), ("partition", "partition"), ("filter", "filter")]
    {
        if let Some(value) = sd.text(key)?.filter(|value| !value.is_empty()) {
            params.push((param.to_owned(), value));
        }
    }
    if sd.bool("allow_stale")?.unwrap_or(true) {
        params.push(("stale".to_owned(), String::new()));
    }
    let mut http = HttpConfig::read(sd, folder)?;
    let token = super::Secret::read(sd, "token", "token_file", folder)?;
    http.headers.extend(token.map(|token| ("X-Consul-Token".to_owned(), token)));
    if let Some(user) = sd.text("username")? {
        let password = super::Secret::read(sd, "password", "password_file", folder)?;
        http.auth = super::Auth::Basic(super::Secret::Text(user), password);
    }
    Ok(ConsulSd {
        server: format!("{}/{}", server.trim_end_matches('/'), prefix.trim_matches('/'))
            .trim_end_matches('/')
            .to_owned(),
        services: sd.texts("services")?.unwrap_or_default(),
        tags: sd.texts("tags")?.unwrap_or_default(),
        tag_separator: sd.text("tag_separator")?.unwrap_or_else(|| ",".to_owned()),
        node_meta: sd.pairs("node_meta")?,
        params,
        http,
    })
}
