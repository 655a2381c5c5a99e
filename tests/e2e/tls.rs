//! Targets behind TLS: a CA of one's own, the wrong one, a certificate of the client.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::server::{Server, eventually, write};

/// Certificates made with openssl for a hundred years: `ours` signed `localhost` and `pharos`, `theirs` is another CA.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/tls");

/// A target whose certificate is for `localhost`; a mutual one asks for a certificate of the same CA.
fn start_target(mutual: bool) -> u16 {
    let file = |name: &str| format!("{FIXTURES}/{name}");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = if mutual {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file("ours.pem")).expect("PEM")).expect("a root");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    let certificate = CertificateDer::from_pem_file(file("localhost.pem")).expect("PEM");
    let key = PrivateKeyDer::from_pem_file(file("localhost-key.pem")).expect("PEM");
    let config = Arc::new(builder.with_single_cert(vec![certificate], key).expect("a certificate"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).expect("a configuration");
            let mut stream = StreamOwned::new(connection, stream);
            // A client that trusts nobody leaves in the middle.
            if !matches!(stream.read(&mut [0; 4096]), Ok(n) if n > 0) {
                continue;
            }
            let body = "behind_tls 1\n";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n";
            let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    port
}

fn job(name: &str, port: u16, tls: &str) -> String {
    format!(
        "  - job_name: {name}\n    scheme: https\n    tls_config: {{{tls}}}\n    static_configs: [{{targets: \
         ['localhost:{port}']}}]\n"
    )
}

#[test]
fn targets_behind_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = format!("{FIXTURES}/ours.pem");
    let wrong_ca = format!("{FIXTURES}/theirs.pem");
    let identity = format!("cert_file: {FIXTURES}/pharos.pem, key_file: {FIXTURES}/pharos-key.pem");
    let (plain, mutual) = (start_target(false), start_target(true));
    let jobs = [
        job("trusted", plain, &format!("ca_file: {ca}")),
        job("strange", plain, &format!("ca_file: {wrong_ca}")),
        job("system", plain, ""),
        job("careless", plain, "insecure_skip_verify: true"),
        job("named", plain, &format!("ca_file: {ca}, server_name: elsewhere")),
        job("mutual", mutual, &format!("ca_file: {ca}, {identity}")),
        job("anonymous", mutual, &format!("ca_file: {ca}")),
    ];
    let text = format!(
        "global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\nscrape_configs:\n{}",
        jobs.concat()
    );
    let config = folder.path().join("prometheus.yml");
    write(&config, &text);
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let up = |job: &str| {
        let rows = server.query(&format!("max_over_time(up{{job=\"{job}\"}}[1m])"));
        rows.first().map(|row| row["value"][1] == "1")
    };
    eventually("every job was scraped", || (server.query("up").len() == jobs.len()).then_some(()));
    for job in ["trusted", "careless", "mutual"] {
        eventually(job, || up(job).filter(|up| *up));
    }
    for job in ["strange", "system", "named", "anonymous"] {
        assert_eq!(up(job), Some(false), "{job}");
    }
    let targets = server.json("/api/v1/targets");
    let error = |job: &str| {
        let targets = targets["data"]["activeTargets"].as_array().into_iter().flatten();
        let mut of_job = targets.filter(|target| target["labels"]["job"] == job);
        of_job.next().map(|target| target["lastError"].as_str().unwrap_or_default().to_owned())
    };
    for job in ["strange", "system", "named"] {
        assert!(error(job).is_some_and(|error| error.contains("certificate")), "{job}: {:?}", error(job));
    }
    assert!(error("anonymous").is_some_and(|error| !error.is_empty()));
}
