//! Loki handlers that people have in their programs push, and what they pushed is read back. They come from elsewhere:
//! `PHAROS_CLIENTS` names a folder with a Python environment (`venv/`, with python-logging-loki) and `node_modules/`
//! (with winston and winston-loki); without it these tests say that they skip.

use std::path::PathBuf;
use std::process::Command;

use crate::server::{Server, eventually};

fn clients(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PHAROS_CLIENTS").map(PathBuf::from);
    let found = folder.filter(|folder| folder.join(what).exists());
    if found.is_none() {
        println!("skipped: PHAROS_CLIENTS names no folder with {what}");
    }
    found
}

fn run(command: &mut Command) {
    let output = command.output().expect("started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn python_logging_loki() {
    let Some(folder) = clients("venv/bin/python") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--no-collect"]);
    let script = r#"
import logging, sys
import logging_loki
handler = logging_loki.LokiHandler(url=sys.argv[1] + "/loki/api/v1/push", tags={"application": "py"}, version="1")
def fail(record):
    raise
handler.handleError = fail
logger = logging.getLogger("orders")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
logger.info("order %d paid by größe", 7, extra={"tags": {"shop": "eu"}})
logger.error("order 8 failed\nin two lines")
"#;
    run(Command::new(folder.join("venv/bin/python"))
        .args(["-c", script, &server.url])
        .env("NO_PROXY", "127.0.0.1"));
    let lines = server.lines("{application=\"py\"}");
    assert_eq!(lines, ["order 8 failed\nin two lines", "order 7 paid by größe"]);
    assert_eq!(
        server.lines("{application=\"py\", severity=\"info\", logger=\"orders\", shop=\"eu\"}").len(),
        1
    );
}

#[test]
fn winston_loki() {
    let Some(folder) = clients("node_modules/winston-loki") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--no-collect"]);
    for json in [true, false] {
        let script = format!(
            r#"
const winston = require("winston");
const LokiTransport = require("winston-loki");
const transport = new LokiTransport({{
  host: process.argv[1], labels: {{ app: "node" }}, json: {json}, batching: false, format: winston.format.simple(),
  onConnectionError: (error) => {{ console.error(error); process.exit(1); }},
}});
const logger = winston.createLogger({{ transports: [transport] }});
logger.info({{ message: "paid as json={json}", labels: {{ shop: "eu" }} }});
transport.flush().then(() => setTimeout(() => process.exit(0), 200));
"#
        );
        run(Command::new("node").args(["-e", &script, &server.url]).current_dir(&folder));
        let query = format!("{{app=\"node\", shop=\"eu\"}} |= \"json={json}\"");
        let line = eventually("the line", || server.lines(&query).pop());
        assert!(line.contains(&format!("paid as json={json}")), "{line}");
    }
}
