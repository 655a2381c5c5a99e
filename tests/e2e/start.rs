//! A newcomer starts Pharos with nothing; then gets it wrong in every common way.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::namespace;
use crate::server::{Server, eventually, request, run, write};

#[test]
fn without_configuration_it_shows_this_host_itself_and_its_own_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.get("/-/healthy").0, 200);
    assert_eq!(server.get("/-/ready").0, 200);
    assert!(server.get("/metrics").1.contains("process_resident_memory_bytes"));
    eventually("host metrics", || {
        (!server.query("node_memory_MemTotal_bytes{job=\"node\"}").is_empty()).then_some(())
    });
    eventually("own metrics", || {
        (!server.query("pharos_build_info{job=\"pharos\"}").is_empty()).then_some(())
    });
    let lines =
        eventually("own log", || Some(server.lines("{job=\"pharos\"}")).filter(|lines| !lines.is_empty()));
    assert!(lines.iter().any(|line| line.contains("level=info")), "{lines:?}");
    let home = server.json("/api/pharos/v1/home");
    assert_eq!(home["collecting"], true);
    assert!(home["metrics"]["active_series"].as_u64().is_some_and(|n| n > 100), "{home}");
    let up = server.query("up");
    assert_eq!(up.len(), 2, "{up:?}");
    assert!(up.iter().all(|row| row["value"][1] == "1"), "{up:?}");
    let (status, took) = server.terminate();
    assert!(status.success() && took < Duration::from_secs(20), "{status} after {took:?}");
}

#[test]
fn what_was_collected_is_there_after_a_clean_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    eventually("host metrics", || (!server.query("node_load1").is_empty()).then_some(()));
    assert!(server.terminate().0.success());
    let server = Server::start(folder.path(), &["--no-collect"]);
    let kept = server.query("last_over_time(node_load1[10m])");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(!server.lines("{job=\"pharos\"}").is_empty());
}

#[test]
fn mistakes_are_refused_with_the_fix() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--no-collect"]);
    let data = data.to_str().expect("UTF-8");
    let listen = server.url.trim_start_matches("http://").to_owned();
    let check = |args: &[&str], parts: &[&str]| {
        let (ok, text) = run(args);
        assert!(!ok && parts.iter().all(|part| text.contains(part)), "{args:?}: {text}");
    };
    check(&["serve", "--data", data, "--listen", "127.0.0.1:0"], &["in use by another Pharos"]);
    let other = folder.path().join("other");
    let other = other.to_str().expect("UTF-8");
    check(&["serve", "--data", other, "--listen", &listen], &["is taken by another program", "--listen"]);
    check(&["serve", "--data", other, "--listen", "nowhere"], &["listen", "not an address"]);
    check(&["serve", "--retention", "5 days"], &["retention", "is not a duration"]);
    let config = folder.path().join("pharos.yaml");
    write(&config, "lissten: 1");
    check(
        &["serve", "--config", config.to_str().expect("UTF-8")],
        &["unknown key", "did you mean \"listen\""],
    );
    let file = folder.path().join("a-file");
    write(&file, "");
    check(&["serve", "--listen", "127.0.0.1:0", "--data", file.to_str().expect("UTF-8")], &["a-file"]);
}

#[test]
fn the_ports_of_prometheus_and_loki_are_served_too() {
    if !namespace::enter() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("pharos.yaml");
    write(&config, "drop_in_ports: true");
    let config = config.to_str().expect("UTF-8");
    let server = Server::start(&folder.path().join("data"), &["--config", config]);
    let status = |url: &str| request(reqwest::Method::GET, url, &[], Vec::new()).0;
    assert_eq!(status("http://127.0.0.1:9090/api/v1/query?query=up"), 200);
    assert_eq!(status("http://127.0.0.1:3100/loki/api/v1/labels"), 200);
    assert_eq!(status("http://127.0.0.1:9100/metrics"), 200);
    assert_eq!(status("http://127.0.0.1:9100/api/v1/query?query=up"), 404);
    assert_eq!(status(&format!("{}/-/ready", server.url)), 200);
    // A port that is taken stays with its owner, and costs nothing else.
    let second = Server::start(&folder.path().join("second"), &["--config", config]);
    assert!(second.written.iter().all(|line| !line.contains("panicked")), "{:?}", second.written);
    assert_eq!(status(&format!("{}/-/ready", second.url)), 200);
}

#[test]
fn this_host_is_given_as_an_exporter_would() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("pharos.yaml");
    write(
        &config,
        "node_exporter_flags: [--no-collector.loadavg, --collector.tcpstat, --web.max-requests=1]",
    );
    let config = config.to_str().expect("UTF-8");
    let server = Server::start(&folder.path().join("data"), &["--config", config]);
    let (status, page) = server.get("/node/metrics");
    assert_eq!(status, 200);
    assert!(page.contains("\nnode_memory_MemTotal_bytes ") && page.contains("\nnode_tcp_connection_states{"));
    assert!(!page.contains("node_load1"), "a collector that was switched off");
    let notices = server.get("/api/pharos/v1/home").1;
    assert!(notices.contains("--web.max-requests=1 has no effect here"), "{notices}");
    // A machine without GPUs has none of their pages.
    if !std::path::Path::new("/proc/driver/nvidia").exists() {
        assert_eq!(server.get("/dcgm/metrics").0, 404);
    }
}

#[test]
fn gpus_are_watched_and_given_as_their_exporters_would() {
    let library = std::env::current_exe().expect("this program").with_file_name("libfake_nvml.so");
    let library = library.to_str().expect("UTF-8");
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [("PHAROS_GPU_LIBRARY", library), ("PHAROS_GPU_INTERVAL", "100ms")];
    let server = Server::start_with(folder.path(), &[], &settings);
    let two = |query: &str| (server.query(query).len() == 2).then_some(());
    eventually("temperatures", || two("DCGM_FI_DEV_GPU_TEMP{job=\"dcgm\"}"));
    eventually("memory", || two("nvidia_smi_memory_used_bytes{job=\"nvidia_gpu\"}"));
    eventually("profiling of instances", || two("DCGM_FI_PROF_SM_ACTIVE{GPU_I_ID!=\"\"}"));
    assert!(server.get("/dcgm/metrics").1.contains("\nDCGM_FI_DEV_POWER_USAGE{gpu=\"0\","));
    assert!(server.get("/nvidia/metrics").1.contains("\nnvidia_smi_gpu_info{uuid="));
}

#[test]
fn a_data_folder_without_a_server_can_be_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    eventually("host metrics", || (!server.query("node_load1").is_empty()).then_some(()));
    assert!(server.terminate().0.success());
    let data = folder.path().to_str().expect("UTF-8");
    let (ok, text) = run(&["query", "--data", data, "count(last_over_time(node_load1[1h]))"]);
    assert!(ok && text.trim_end().ends_with('1'), "{text}");
    let (ok, text) = run(&["query", "--data", data, "{job=\"pharos\"} |= \"ready\""]);
    assert!(ok && text.contains("Pharos is ready"), "{text}");
    assert!(!run(&["query", "--data", "/nonexistent", "up"]).0);
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let sealed = folder.path().join("sealed");
    std::fs::create_dir(&sealed).expect("made");
    std::fs::set_permissions(&sealed, std::fs::Permissions::from_mode(0o555)).expect("sealed");
    // Root may write anywhere: /proc takes nobody's files.
    let data = if std::fs::write(sealed.join("probe"), "").is_ok() {
        "/proc/pharos"
    } else {
        sealed.to_str().expect("UTF-8")
    };
    let (ok, text) = run(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
    assert!(!ok && text.contains(data), "{text}");
}

#[test]
fn a_folder_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    Server::start(folder.path(), &["--no-collect"]).terminate();
    let format = folder.path().join("format");
    assert!(format.exists(), "the data folder says which format it has");
    std::fs::write(&format, "999\n").expect("written");
    let (ok, text) =
        run(&["serve", "--listen", "127.0.0.1:0", "--data", folder.path().to_str().expect("UTF-8")]);
    assert!(!ok && text.contains("999"), "{text}");
}

#[test]
fn the_shell_asks_checks_and_probes() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[]);
    eventually("host metrics", || (!server.query("node_load1").is_empty()).then_some(()));
    let (ok, text) = run(&["query", "--url", &server.url, "count(node_load1)"]);
    assert!(ok && text.contains("{}") && text.trim_end().ends_with('1'), "{text}");
    let (ok, text) = run(&["query", "--url", &server.url, "--json", "1 + 1"]);
    assert!(ok && text.contains("\"resultType\":\"scalar\""), "{text}");
    let (ok, text) = run(&["query", "--url", &server.url, "sum("]);
    assert!(!ok && text.contains("parse error"), "{text}");
    let ready = || Some(run(&["query", "--url", &server.url, "{job=\"pharos\"} |= \"ready\""]));
    eventually("a line of the own log", || {
        ready().filter(|(ok, text)| *ok && text.contains("Pharos is ready"))
    });
    let data = folder.path().join("data");
    let data = data.to_str().expect("UTF-8");
    let (ok, text) = run(&["query", "--data", data, "count(node_load1)"]);
    assert!(!ok && text.contains("in use by another Pharos"), "{text}");
    assert!(run(&["healthcheck", "--url", &server.url]).0);
    assert!(!run(&["healthcheck", "--url", "http://127.0.0.1:1"]).0);
    let file = folder.path().join("prometheus.yml");
    write(&file, "global: {scrape_interval: 15s}\nscrape_configs: [{job_name: a, statc_configs: []}]\n");
    let (ok, text) = run(&["check", file.to_str().expect("UTF-8")]);
    assert!(
        ok && text.contains("Prometheus configuration") && text.contains("statc_configs: unknown"),
        "{text}"
    );
}
