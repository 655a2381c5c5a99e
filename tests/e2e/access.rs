//! Who gets in: passwords, tokens, open networks, pages elsewhere.

use crate::namespace;
use crate::server::{Server, eventually, request};

const GET: reqwest::Method = reqwest::Method::GET;

#[test]
fn beyond_loopback_a_password_is_made_and_demanded() {
    if !namespace::enter() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect", "--listen", "0.0.0.0:0"]);
    let url = server.url.replace("0.0.0.0", "127.0.0.1");
    let status =
        |headers: &[(&str, &str)], path: &str| request(GET, &format!("{url}{path}"), headers, Vec::new()).0;
    assert_eq!(status(&[], "/-/ready"), 200);
    for path in ["/", "/metrics", "/api/v1/query?query=1", "/loki/api/v1/labels", "/api/pharos/v1/home"] {
        assert_eq!(status(&[], path), 401, "{path}");
    }
    let printed = |server: &Server| {
        let lines = server.written.iter().filter_map(|line| line.split_once("Password: "));
        lines.map(|(_, password)| password.trim().to_owned()).next()
    };
    let password = printed(&server).expect("a new password is printed");
    let get =
        |url: &str, password: &str| request_as("admin", password, &format!("{url}/api/v1/query?query=1"));
    assert_eq!((get(&url, &password), get(&url, "wrong")), (200, 401));
    server.terminate();
    // It is kept as a hash and not printed again; one that is given rules.
    let server = Server::start(folder.path(), &["--no-collect", "--listen", "0.0.0.0:0"]);
    assert_eq!((printed(&server), get(&server.url.replace("0.0.0.0", "127.0.0.1"), &password)), (None, 200));
    server.terminate();
    let env = [("PHAROS_ADMIN_PASSWORD", "long enough")];
    let server = Server::start_with(folder.path(), &["--no-collect", "--listen", "0.0.0.0:0"], &env);
    let url = server.url.replace("0.0.0.0", "127.0.0.1");
    assert_eq!((get(&url, "long enough"), get(&url, &password)), (200, 401));
}

fn request_as(user: &str, password: &str, url: &str) -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let sent = client.get(url).basic_auth(user, Some(password)).send().await;
        sent.map_or(0, |response| response.status().as_u16())
    })
}

#[test]
fn tokens_and_open_networks_do_what_they_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let env = [
        ("PHAROS_ADMIN_PASSWORD", "long enough"),
        ("PHAROS_ACCESS_TOKENS", "reader:read:0123456789abcdef,writer:ingest:fedcba9876543210"),
    ];
    let server = Server::start_with(folder.path(), &["--no-collect"], &env);
    let read = [("authorization", "Bearer 0123456789abcdef")];
    let write = [("authorization", "Bearer fedcba9876543210"), ("content-type", "application/json")];
    let body = || {
        br#"{"streams": [{"stream": {"job": "a"}, "values": [["1700000000000000000", "hello"]]}]}"#.to_vec()
    };
    let get = |headers: &[(&str, &str)]| {
        request(GET, &format!("{}/api/v1/labels", server.url), headers, Vec::new()).0
    };
    assert_eq!((get(&[]), get(&read), get(&write)), (401, 200, 403));
    assert_eq!(server.post("/loki/api/v1/push", &write, body()).0, 204);
    assert_eq!(server.post("/loki/api/v1/push", &read, body()).0, 403);
    let (status, text) = server.post("/loki/api/v1/push", &write[1..], body());
    assert!(status == 401 && text.contains("open_ingest"), "{status} {text}");
    assert_eq!(server.post("/-/reload", &read, Vec::new()).0, 403);
    server.terminate();

    let server = Server::start_with(folder.path(), &["--no-collect", "--open-ingest", "127.0.0.0/8"], &env);
    assert_eq!(server.post("/loki/api/v1/push", &write[1..], body()).0, 204);
    assert_eq!(server.get("/api/v1/labels").0, 401);
}

#[test]
fn a_page_elsewhere_cannot_drive_a_loopback_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect"]);
    let path = format!("{}/api/v1/query?query=1", server.url);
    let status = |headers: &[(&str, &str)]| request(GET, &path, headers, Vec::new()).0;
    assert_eq!(status(&[]), 200);
    assert_eq!(status(&[("origin", &server.url)]), 200);
    assert_eq!(status(&[("origin", "http://evil.example")]), 403);
    assert_eq!(status(&[("host", "evil.example")]), 403);
    assert_eq!(status(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]), 403);
    let page = eventually("a page", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(async { reqwest::get(format!("{}/", server.url)).await.ok() })
    });
    let policy =
        page.headers().get("content-security-policy").and_then(|v| v.to_str().ok()).unwrap_or_default();
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers().get("x-content-type-options").map(|v| v.as_bytes()), Some(&b"nosniff"[..]));
}
