//! Dashboards from a provisioning folder of an old container, beside those built in.

use crate::server::{Server, eventually, write};

#[test]
fn provisioned_broken_and_built_in_dashboards_are_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("monitoring");
    let provider = "apiVersion: 1\nproviders:\n  - name: x\n    folder: Team\n    type: file\n    options:\n      \
                    path: /etc/grafana/provisioning/dashboards\n";
    write(&root.join("grafana/dashboards/provider.yml"), provider);
    let board = r#"{"dashboard": {"title": "GPU", "panels": [{"type": "stat", "title": "T", "targets": [{"expr": "up"}]}]}}"#;
    write(&root.join("grafana/dashboards/gpu.json"), board);
    write(&root.join("grafana/dashboards/broken.json"), "{\"title\": \"x\", }");
    let grafana = root.join("grafana");
    let args = ["--no-collect", "--grafana-provisioning", grafana.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let list = server.json("/api/pharos/v1/dashboards");
    let titled =
        |title: &str| list.as_array().and_then(|all| all.iter().find(|d| d["title"] == title).cloned());
    assert_eq!(titled("GPU").expect("listed")["folder"], "Team");
    let broken = titled("broken").expect("listed");
    assert!(broken["error"].as_str().is_some_and(|e| e.contains("line 1")), "{broken}");
    assert!(titled("Host").is_some() && titled("Pharos itself").is_some());
    let uid = titled("GPU").expect("listed")["uid"].as_str().expect("a uid").to_owned();
    let got = server.json(&format!("/api/pharos/v1/dashboards/{uid}"));
    assert_eq!(got["dashboard"]["panels"][0]["targets"][0]["datasource"]["type"], "prometheus");
    assert_eq!(server.get(&format!("/api/pharos/v1/dashboards/{uid}/raw")).1, board);
    assert_eq!(server.get("/api/pharos/v1/dashboards/none").0, 404);
    write(&root.join("grafana/dashboards/later.json"), r#"{"title": "Later", "panels": []}"#);
    eventually("a file that came later", || {
        let list = server.json("/api/pharos/v1/dashboards");
        list.as_array()?.iter().any(|d| d["title"] == "Later").then_some(())
    });
}

#[test]
fn every_query_of_the_built_in_dashboards_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    eventually("host metrics", || (!server.query("node_uname_info").is_empty()).then_some(()));
    let instance =
        server.query("node_uname_info")[0]["metric"]["instance"].as_str().expect("a host").to_owned();
    for uid in ["host", "pharos", "gpus", "vllm"] {
        let dashboard = server.json(&format!("/api/pharos/v1/dashboards/{uid}"));
        assert_eq!(dashboard["report"]["unknown"], serde_json::json!([]));
        let mut asked = 0;
        for panel in dashboard["dashboard"]["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let expr = target["expr"].as_str().expect("a query");
                let expr = expr.replace("$__rate_interval", "1m").replace("$__interval", "1m");
                let expr = expr.replace("$job", "node").replace("$instance", &instance);
                let loki = target["datasource"]["type"] == "loki";
                let path =
                    if loki { "/loki/api/v1/query_range?since=5m&query=" } else { "/api/v1/query?query=" };
                let (status, text) = server.get(&format!("{path}{}", crate::server::encode(&expr)));
                assert_eq!(status, 200, "{}: {expr}: {text}", panel["title"]);
                asked += 1;
            }
        }
        assert!(asked >= 15, "{asked} queries in {uid}");
    }
}
