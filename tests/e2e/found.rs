//! Programs on this machine are found by themselves, shown, and watched after a decision or at once.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::namespace;
use crate::server::{Server, eventually, write};

const VLLM: &str = "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{model_name=\"m\"} 3\n\
                    # TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc{model_name=\"m\"} 0.5\n";
const OLLAMA: &str =
    r#"{"models":[{"name":"qwen3:8b","size":6000,"size_vram":5000,"details":{"family":"qwen3"}}]}"#;

/// Answers every request for `path` with `body`, all others with 404.
fn serve(port: u16, path: &'static str, kind: &'static str, body: &'static str) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port of a network of its own");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or_default();
            let asked = String::from_utf8_lossy(&request[..read]).starts_with(&format!("GET {path} "));
            let (status, body) = if asked { ("200 OK", body) } else { ("404 Not Found", "no such page") };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
}

fn found(server: &Server) -> Vec<Value> {
    server.json("/api/pharos/v1/home")["found"].as_array().cloned().unwrap_or_default()
}

fn decide(server: &Server, id: &str, watch: bool) -> u16 {
    let body = json!({"id": id, "watch": watch}).to_string().into_bytes();
    server.post("/api/pharos/v1/found", &[("content-type", "application/json")], body).0
}

#[test]
fn programs_are_found_shown_and_watched() {
    if !namespace::enter() {
        return;
    }
    serve(8000, "/metrics", "text/plain; version=0.0.4", VLLM);
    serve(11434, "/api/ps", "application/json", OLLAMA);
    // A known port, and nobody who is known.
    serve(9100, "/metrics", "text/plain", "go_goroutines 1\n");
    let folder = tempfile::tempdir().expect("a folder");
    let asks = Server::start(&folder.path().join("asks"), &[]);
    let all = eventually("both are found", || Some(found(&asks)).filter(|all| all.len() == 2));
    let ids: Vec<&str> = all.iter().filter_map(|program| program["id"].as_str()).collect();
    assert_eq!(ids, ["vllm@127.0.0.1:8000", "ollama@127.0.0.1:11434"]);
    assert!(all.iter().all(|program| program["watched"] == false), "{all:?}");
    assert!(asks.query("{__name__=~\"vllm:.*|ollama_.*\"}").is_empty(), "nothing is watched unasked");
    assert_eq!(decide(&asks, "vllm@127.0.0.1:8000", true), 200);
    assert_eq!(decide(&asks, "vllm@127.0.0.1:8001", true), 404);
    eventually("vLLM is scraped", || {
        (asks.query("vllm:num_requests_running{job=\"vllm\",instance=\"127.0.0.1:8000\"}").len() == 1)
            .then_some(())
    });
    assert!(asks.query("ollama_up").is_empty());
    assert!(asks.terminate().0.success());
    let again = Server::start(&folder.path().join("asks"), &[]);
    eventually("the decision stands", || {
        found(&again)
            .iter()
            .any(|program| program["kind"] == "vllm" && program["watched"] == true)
            .then_some(())
    });

    let config = folder.path().join("pharos.yaml");
    write(&config, "discover: auto\n");
    let args = ["--config", config.to_str().expect("UTF-8")];
    let auto = Server::start(&folder.path().join("auto"), &args);
    eventually("vLLM is scraped at once", || {
        (auto.query("vllm:kv_cache_usage_perc").len() == 1).then_some(())
    });
    eventually("Ollama is asked", || {
        let rows = auto.query("ollama_model_vram_bytes{job=\"ollama\",model=\"qwen3:8b\"}");
        (rows.first()?["value"][1] == "5000").then_some(())
    });

    let prometheus = folder.path().join("prometheus.yml");
    write(
        &prometheus,
        "scrape_configs: [{job_name: llm, static_configs: [{targets: ['localhost:8000']}]}]\n",
    );
    let args = ["--config", args[1], "--prometheus-config", prometheus.to_str().expect("UTF-8")];
    let configured = Server::start(&folder.path().join("configured"), &args);
    eventually("what a job scrapes is not scraped twice", || {
        found(&configured).iter().any(|program| program["job"] == "llm").then_some(())
    });
}
