//! Against an API server that serves a small cluster.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn cluster(path: &str) -> Option<Value> {
    let pod = json!({
        "metadata": {"name": "web-1", "namespace": "shop", "uid": "u1", "labels": {"app.kind/x": "web"},
                     "ownerReferences": [{"controller": true, "kind": "ReplicaSet", "name": "web"}]},
        "spec": {"nodeName": "n1", "containers": [
            {"name": "c", "image": "web:1", "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                                                      {"name": "admin", "containerPort": 9000}]},
            {"name": "side"}]},
        "status": {"podIP": "10.1.0.5", "hostIP": "192.168.0.1", "phase": "Running",
                   "conditions": [{"type": "Ready", "status": "True"}],
                   "containerStatuses": [{"name": "c", "containerID": "docker://1"}]},
    });
    let pending = json!({"metadata": {"name": "web-2", "namespace": "shop"}, "spec": {"containers": [{}]}});
    let items = match path {
        "/api/v1/pods" | "/api/v1/namespaces/shop/pods" => vec![pod, pending],
        "/api/v1/nodes" => vec![json!({
            "metadata": {"name": "n1", "labels": {"gpu": "h100"}},
            "status": {"addresses": [{"type": "Hostname", "address": "n1"},
                                     {"type": "InternalIP", "address": "192.168.0.1"}],
                       "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}},
        })],
        "/api/v1/services" => vec![json!({
            "metadata": {"name": "web", "namespace": "shop", "annotations": {"prometheus.io/scrape": "true"}},
            "spec": {"type": "ClusterIP", "clusterIP": "10.2.0.1",
                     "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]},
        })],
        "/api/v1/endpoints" => vec![json!({
            "metadata": {"name": "web", "namespace": "shop"},
            "subsets": [{"ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
                         "addresses": [{"ip": "10.1.0.5", "nodeName": "n1",
                                        "targetRef": {"kind": "Pod", "name": "web-1", "namespace": "shop"}}]}],
        })],
        "/apis/discovery.k8s.io/v1/endpointslices" => vec![json!({
            "metadata": {"name": "web-abc", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [{"addresses": ["10.1.0.5"], "conditions": {"ready": true},
                           "targetRef": {"kind": "Pod", "name": "web-1", "namespace": "shop"}}],
        })],
        "/apis/networking.k8s.io/v1/ingresses" => vec![json!({
            "metadata": {"name": "front", "namespace": "shop"},
            "spec": {"tls": [{"hosts": ["*.example.org"]}],
                     "rules": [{"host": "shop.example.org", "http": {"paths": [{"path": "/a"}, {"path": ""}]}},
                               {"host": "plain.org"}]},
        })],
        _ => return None,
    };
    Some(json!({"items": items}))
}

/// Serves the cluster; the first page of pods is cut after one.
async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.windows(4).any(|w| w == b"\r\n\r\n") {
                    let mut buffer = [0; 1024];
                    match stream.read(&mut buffer).await {
                        Ok(n) if n > 0 => request.extend_from_slice(&buffer[..n]),
                        _ => return,
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let target = request.split_whitespace().nth(1).unwrap_or_default();
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                let authorized = request.to_lowercase().contains("authorization: bearer t0ken");
                let mut answer = cluster(path).filter(|_| authorized);
                if let Some(list) = answer.as_mut().filter(|_| path == "/api/v1/pods") {
                    let items = list["items"].as_array_mut().unwrap();
                    if query.contains("continue=next") {
                        items.remove(0);
                    } else {
                        items.truncate(1);
                        list["metadata"] = json!({"continue": "next"});
                    }
                }
                let status = if answer.is_some() { "200 OK" } else { "403 Forbidden" };
                let body = answer.map(|answer| answer.to_string()).unwrap_or_default();
                let text = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(text.as_bytes()).await;
            });
        }
    });
    format!("http://{address}")
}

async fn found(role: &str, more: &str) -> Result<Vec<TargetGroup>> {
    let server = serve().await;
    let yaml = format!(
        "scrape_configs: [{{job_name: j, kubernetes_sd_configs: [{{role: {role}, api_server: '{server}', \
         authorization: {{credentials: t0ken}}{more}}}]}}]"
    );
    let (config, report) = crate::config::PrometheusConfig::parse(&yaml, std::path::Path::new("")).unwrap();
    assert!(report.findings.iter().all(|f| f.status == crate::report::Status::Used), "{report:?}");
    let crate::config::SdKind::Kubernetes(sd) = &config.scrape_configs[0].polled[0].kind else { panic!() };
    groups(sd, &asker(sd)?).await
}

fn has(group: &TargetGroup, labels: &[(&str, &str)]) {
    for (name, value) in labels {
        let name = format!("__meta_kubernetes_{name}");
        assert!(group.labels.contains(&(name.clone(), (*value).to_owned())), "{name}={value} in {group:#?}");
    }
}

fn addresses(groups: &[TargetGroup]) -> BTreeSet<&str> {
    groups.iter().map(|group| group.targets[0].as_str()).collect()
}

#[tokio::test]
async fn pods_of_all_pages_with_their_nodes() {
    let groups = found("pod", ", attach_metadata: {node: true}").await.unwrap();
    assert_eq!(addresses(&groups), BTreeSet::from(["10.1.0.5:8080", "10.1.0.5:9000", "10.1.0.5"]));
    has(
        &groups[0],
        &[
            ("namespace", "shop"),
            ("pod_name", "web-1"),
            ("pod_label_app_kind_x", "web"),
            ("pod_labelpresent_app_kind_x", "true"),
            ("pod_ready", "true"),
            ("pod_controller_kind", "ReplicaSet"),
            ("pod_container_port_name", "http"),
            ("pod_container_id", "docker://1"),
            ("node_label_gpu", "h100"),
        ],
    );
}

#[tokio::test]
async fn endpoints_know_their_pods_and_services() {
    for role in ["endpoints", "endpointslice"] {
        let groups = found(role, "").await.unwrap();
        assert_eq!(addresses(&groups), BTreeSet::from(["10.1.0.5:8080", "10.1.0.5:9000"]), "{role}");
        has(
            &groups[0],
            &[
                ("service_name", "web"),
                ("service_annotation_prometheus_io_scrape", "true"),
                ("pod_name", "web-1"),
                ("pod_container_name", "c"),
                ("pod_container_port_number", "8080"),
            ],
        );
    }
}

#[tokio::test]
async fn nodes_services_and_ingresses() {
    let nodes = found("node", "").await.unwrap();
    assert_eq!(addresses(&nodes), BTreeSet::from(["192.168.0.1:10250"]));
    has(&nodes[0], &[("node_address_InternalIP", "192.168.0.1"), ("node_label_gpu", "h100")]);
    let services = found("service", "").await.unwrap();
    assert_eq!(addresses(&services), BTreeSet::from(["web.shop.svc:80"]));
    has(&services[0], &[("service_cluster_ip", "10.2.0.1"), ("service_port_name", "http")]);
    let ingresses = found("ingress", "").await.unwrap();
    let of: Vec<_> = ingresses.iter().map(|g| (g.targets[0].as_str(), g.labels.clone())).collect();
    assert_eq!(of.len(), 3);
    has(&ingresses[0], &[("ingress_scheme", "https"), ("ingress_path", "/a")]);
    has(&ingresses[2], &[("ingress_scheme", "http"), ("ingress_path", "/"), ("ingress_host", "plain.org")]);
}

#[tokio::test]
async fn what_the_server_refuses_is_an_error() {
    let error = found("pod", ", namespaces: {names: [forbidden]}").await.unwrap_err().to_string();
    assert!(error.contains("403"), "{error}");
    assert_eq!(found("pod", ", namespaces: {names: [shop]}").await.unwrap().len(), 3);
}
