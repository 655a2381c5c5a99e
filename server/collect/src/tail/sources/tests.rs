//! Sources on the whole way: from a socket or a program, through stages, into the store, over restarts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use parking_lot::Mutex;

use crate::tail::TailState;
use crate::tail::tests::Bench;

/// Reads until `enough` says so. The source has threads of its own: there is nothing to wait on but the outcome.
fn until(bench: &mut Bench, what: &str, enough: impl Fn(&Bench) -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !enough(bench) {
        assert!(Instant::now() < end, "{what} never came: {:?} {:?}", bench.lines(), bench.status());
        bench.pass(1);
        std::thread::yield_now();
    }
}

fn bench(config: &str) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let config = config.replace("FOLDER", &folder.path().display().to_string());
    Bench::with_config(folder, config)
}

fn port(bench: &mut Bench) -> String {
    until(bench, "a port", |bench| bench.status().state == TailState::Reading);
    let part = bench.status().files.remove(0).path;
    part.rsplit(' ').next().unwrap().to_owned()
}

const SYSLOG: &str = "scrape_configs: [{job_name: s, syslog: {listen_address: '127.0.0.1:0', listen_protocol: PROTOCOL, \
                      use_incoming_timestamp: true, label_structured_data: true, labels: {from: net}}, relabel_configs: [\
                      {source_labels: [__syslog_message_hostname], target_label: host}, \
                      {source_labels: [__syslog_message_severity], target_label: level}, \
                      {source_labels: [__syslog_message_sd_x_1_a], target_label: a}, \
                      {source_labels: [__syslog_message_app_name], regex: noisy, action: drop}]}]";

#[test]
fn syslog_over_tcp() {
    let mut bench = bench(&SYSLOG.replace("PROTOCOL", "tcp"));
    let address = port(&mut bench);
    let mut first = TcpStream::connect(&address).unwrap();
    first
        .write_all(b"<165>1 2025-11-22T10:00:00Z h app 1 - [x@1 a=\"b\"] one\n<13>1 - h noisy - - - none\n")
        .unwrap();
    let mut second = TcpStream::connect(&address).unwrap();
    second.write_all(b"22 <11>1 - g x - - - tw\no").unwrap();
    drop(second);
    until(&mut bench, "two messages", |bench| bench.lines().len() == 2);
    let mut streams = bench.streams();
    streams.sort();
    let expect = [
        r#"{a="b", from="net", host="h", job="s", level="notice"} one"#,
        "{from=\"net\", host=\"g\", job=\"s\", level=\"error\"} tw\no",
    ];
    assert_eq!(streams, expect);
    assert!(bench.entries().iter().any(|(t, line, _)| line == "one" && *t == 1_763_805_600_000_000_000));
}

#[test]
fn syslog_over_udp() {
    let mut bench = bench(&SYSLOG.replace("PROTOCOL", "udp"));
    let address = port(&mut bench);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"<34>Oct 11 22:14:15 h su: hi there\n", &address).unwrap();
    until(&mut bench, "a message", |bench| bench.lines().len() == 1);
    assert_eq!(bench.streams(), [r#"{from="net", host="h", job="s", level="critical"} hi there"#]);
}

/// A `journalctl` that prints what stands in a file, as the real one would of the time asked for, and then waits.
fn journalctl(folder: &Path) {
    let program = folder.join("journalctl");
    let text =
        format!("#!/bin/sh\necho \"$@\" >> {0}/asked\nexec tail -n +1 -f {0}/journal\n", folder.display());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn entry(us: u64, cursor: &str, unit: &str, message: &str) -> String {
    format!(
        "{{\"__REALTIME_TIMESTAMP\":\"{us}\",\"__CURSOR\":\"{cursor}\",\"_SYSTEMD_UNIT\":\"{unit}\",\"PRIORITY\":\"3\",\
         \"MESSAGE\":{message}}}\n"
    )
}

#[test]
fn the_journal_goes_on_where_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    journalctl(folder.path());
    let t = 1_763_805_600_000_000;
    let mut journal = entry(t, "a", "x.service", "\"one\"");
    journal += &entry(t, "b", "x.service", "[116,119,255]");
    journal += "not JSON\n";
    journal += &entry(t + 1, "c", "noisy.service", "\"none\"");
    std::fs::write(folder.path().join("journal"), &journal).unwrap();
    let config = "scrape_configs: [{job_name: j, journal: {journalctl: FOLDER/journalctl, max_age: 1h, matches: _A=b, \
                  path: /j, labels: {host: me}}, relabel_configs: [\
                  {source_labels: [__journal__systemd_unit], target_label: unit}, \
                  {source_labels: [__journal_priority_keyword], target_label: level}, \
                  {source_labels: [unit], regex: noisy.*, action: drop}]}]";
    let config = config.replace("FOLDER", &folder.path().display().to_string());
    let mut bench = Bench::with_config(folder, config);
    until(&mut bench, "two entries", |bench| bench.lines().len() == 2);
    let labels = r#"{host="me", level="error", unit="x.service"}"#;
    assert_eq!(bench.streams(), [format!("{labels} one"), format!("{labels} tw\u{fffd}")]);
    let times: Vec<i64> = bench.entries().iter().map(|(t_ns, _, _)| *t_ns).collect();
    assert_eq!(times, [t as i64 * 1_000, t as i64 * 1_000 + 1]);
    bench.restart();
    bench.write("journal", entry(t + 1, "d", "x.service", "\"three\""));
    until(&mut bench, "a third", |bench| bench.lines().len() >= 3);
    // A first line of a fourth entry comes while it is followed.
    bench.write("journal", entry(t + 9, "e", "x.service", "\"four\""));
    until(&mut bench, "a fourth", |bench| bench.lines().len() >= 4);
    assert_eq!(bench.lines()[2..], ["three", "four"]);
    let asked = std::fs::read_to_string(bench.path("asked")).unwrap();
    let asked: Vec<&str> = asked.lines().collect();
    // The bench's clock has gone on by as many looks as it took the program to start.
    let since = asked[0].split("--since=@").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    assert!(since.is_some_and(|since: i64| (1_767_265_200..1_767_268_800).contains(&since)), "{asked:?}");
    assert!(asked[0].ends_with("--directory=/j _A=b"), "{asked:?}");
    assert!(asked[1].contains("--since=@1763805600"), "{asked:?}");
}

#[test]
fn a_program_that_is_not_there_is_said() {
    let mut bench = bench("scrape_configs: [{job_name: j, journal: {journalctl: /no/such/journalctl}}]");
    until(&mut bench, "an error", |bench| bench.status().state == TailState::Error);
    assert!(bench.status().last_error.contains("cannot run /no/such/journalctl"));
}

/// A Docker daemon that knows two containers, one of them with a terminal.
#[derive(Default)]
struct Daemon {
    /// Lines of container `a`: time in ns, stream, text.
    lines: Mutex<Vec<(u64, u8, String)>>,
    asked: Mutex<Vec<String>>,
}

impl Daemon {
    fn start(socket: &Path) -> Arc<Daemon> {
        let daemon = Arc::new(Daemon::default());
        let (listener, served) = (UnixListener::bind(socket).unwrap(), daemon.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let daemon = served.clone();
                std::thread::spawn(move || daemon.serve(stream.unwrap()));
            }
        });
        daemon
    }

    fn serve(&self, mut stream: UnixStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let path = line.split(' ').nth(1).unwrap().to_owned();
        self.asked.lock().push(path.clone());
        let body = match path.split('?').next().unwrap() {
            "/containers/json" => {
                r#"[{"Id":"a","Names":["/web"],"Labels":{"com.x/y":"z"},"HostConfig":{"NetworkMode":"net"},
                 "Ports":[{"PrivatePort":80,"PublicPort":8080,"IP":"0.0.0.0","Type":"tcp"}],
                 "NetworkSettings":{"Networks":{"net":{"NetworkID":"n","IPAddress":"10.0.0.2"}}}},
                 {"Id":"b","Names":["/term"]},{"Id":"c","Names":["/quiet"]}]"#
            }
            "/networks" => {
                r#"[{"Id":"n","Name":"net","Scope":"local","Internal":false,"Ingress":false,"Labels":{}}]"#
            }
            "/containers/b/json" => r#"{"Config":{"Tty":true}}"#,
            "/containers/a/json" | "/containers/c/json" => r#"{"Config":{"Tty":false}}"#,
            "/containers/a/logs" => return self.log(&mut stream, &path),
            "/containers/b/logs" => {
                let text = "2025-11-22T10:00:00Z prompt\r\n";
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n",
                    text.len()
                );
                let _ = stream.read(&mut [0]);
                return;
            }
            _ => r#"{"message":"configured logging driver does not support reading"}"#,
        };
        let status = if path.contains("/c/logs") { "501 Not Implemented" } else { "200 OK" };
        let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    }

    /// Sends lines from `since` on, and those that come later.
    fn log(&self, stream: &mut UnixStream, path: &str) {
        let since = path.split("since=").nth(1).unwrap();
        let (seconds, ns) = since.split_once('.').unwrap_or((since, "0"));
        let since: u64 = seconds.parse::<u64>().unwrap() * 1_000_000_000 + ns.parse::<u64>().unwrap();
        write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        let mut sent = 0;
        loop {
            let lines: Vec<_> = self.lines.lock()[sent..].to_vec();
            sent += lines.len();
            for (t, number, text) in lines.into_iter().filter(|(t, _, _)| *t >= since) {
                let time = jiff::Timestamp::from_nanosecond(i128::from(t)).unwrap();
                let text = format!("{} {text}\n", time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ"));
                let mut frame = vec![number, 0, 0, 0];
                frame.extend_from_slice(&(text.len() as u32).to_be_bytes());
                frame.extend_from_slice(text.as_bytes());
                let chunk = [format!("{:x}\r\n", frame.len()).as_bytes(), &frame, b"\r\n"].concat();
                if stream.write_all(&chunk).is_err() {
                    return;
                }
            }
            // Nothing tells the daemon that its peer is gone but a write.
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn say(&self, t: u64, stream: u8, text: &str) {
        self.lines.lock().push((t, stream, text.to_owned()));
    }
}

const DOCKER: &str = "scrape_configs: [{job_name: d, docker_sd_configs: [{host: 'unix://FOLDER/sock', refresh_interval: 1s, \
                      filters: [{name: label, values: [a b]}]}], relabel_configs: [\
                      {source_labels: [__meta_docker_container_name], regex: '/(.*)', target_label: container}, \
                      {source_labels: [__meta_docker_container_log_stream], target_label: stream}, \
                      {source_labels: [__meta_docker_container_label_com_x_y], target_label: y}, \
                      {source_labels: [__meta_docker_network_ip, __meta_docker_port_public], target_label: at}]}]";

#[test]
fn containers_go_on_where_they_were_read() {
    let mut bench = bench(DOCKER);
    let daemon = Daemon::start(&bench.path("sock"));
    let t = 1_763_805_600_000_000_000;
    daemon.say(t, 1, "one");
    daemon.say(t, 2, "two");
    until(&mut bench, "three lines", |bench| bench.lines().len() == 3);
    let mut streams = bench.streams();
    streams.sort();
    let labels = |container: &str, more: &str, stream: &str| {
        format!(
            r#"{{at="{more}", container="{container}", job="d", stream="{stream}"{}}}"#,
            if container == "web" { r#", y="z""# } else { "" }
        )
    };
    let expect = [
        format!("{} two", labels("web", "10.0.0.2;8080", "stderr")),
        format!("{} one", labels("web", "10.0.0.2;8080", "stdout")),
        format!("{} prompt", labels("term", ";", "stdout")),
    ];
    let mut expect = expect.to_vec();
    expect.sort();
    assert_eq!(streams, expect);
    assert!(bench.entries().contains(&(t as i64, "one".to_owned(), "{}".to_owned())));
    // The container whose logs cannot be read is named; the others are read.
    until(&mut bench, "the third container's error", |bench| {
        bench.status().files.iter().any(|part| part.path == "quiet" && part.last_error.contains("driver"))
    });
    assert!(
        daemon.asked.lock().iter().any(|path| path.contains("filters=%7B%22label%22%3A%5B%22a%20b%22%5D%7D"))
    );
    bench.restart();
    daemon.say(t, 1, "three");
    daemon.say(t + 5, 1, "four");
    until(&mut bench, "the rest", |bench| bench.lines().len() >= 5);
    let mut lines = bench.lines();
    lines.sort();
    assert_eq!(lines, ["four", "one", "prompt", "three", "two"]);
}

#[test]
fn a_daemon_that_is_not_there_is_said() {
    let mut bench = bench(DOCKER);
    until(&mut bench, "an error", |bench| bench.status().state == TailState::Error);
    assert!(bench.status().last_error.contains("No such file"), "{:?}", bench.status());
}

#[test]
fn compressed_files_are_read_once_whatever_they_are_called() {
    let mut bench = bench(
        "scrape_configs: [{job_name: z, decompression: {enabled: true, format: gz, initial_delay: 0s}, \
         path_labels: 'app.{n}.gz', static_configs: [{labels: {__path__: 'FOLDER/*.gz'}}], \
         pipeline_stages: [{labeldrop: [filename]}]}]",
    );
    let compress = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    // Two members, as when a file was compressed in parts.
    bench.write("app.1.gz", [compress("one\ntwo\r\n"), compress("three")].concat());
    until(&mut bench, "three lines", |bench| bench.lines().len() == 3);
    assert_eq!(
        bench.streams(),
        [r#"{job="z", n="1"} one"#, r#"{job="z", n="1"} two"#, r#"{job="z", n="1"} three"#]
    );
    bench.rename("app.1.gz", "app.2.gz");
    bench.write("app.1.gz", compress("four\n"));
    bench.write("bad.gz", "no gzip");
    bench.restart();
    until(&mut bench, "the new file", |bench| bench.lines().len() >= 4);
    until(&mut bench, "the broken file", |bench| {
        bench.status().files.iter().any(|f| !f.last_error.is_empty())
    });
    assert_eq!(bench.lines()[3..], ["four"]);
}

#[test]
fn compressed_files_of_other_formats_and_encodings() {
    let decompressed = |format: &str, encoding: &str| {
        format!(
            "scrape_configs: [{{job_name: z, decompression: {{enabled: true, format: {format}, initial_delay: 0s}}, \
             encoding: '{encoding}', static_configs: [{{labels: {{__path__: 'FOLDER/*.{format}'}}}}], \
             pipeline_stages: [{{labeldrop: [filename]}}]}}]"
        )
    };
    let mut bench = bench(&decompressed("bz2", ""));
    let two = base64::engine::general_purpose::STANDARD.decode(super::bzip2::TWO_STREAMS).unwrap();
    bench.write("a.bz2", two);
    until(&mut bench, "three lines", |bench| bench.lines().len() == 3);
    assert_eq!(bench.lines(), ["one", "two", "three"]);
    let mut bench = self::bench(&decompressed("z", "UTF-16LE"));
    let text: Vec<u8> = "\u{feff}\u{f6}ne\r\ntw\u{f6}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&text).unwrap();
    bench.write("a.z", encoder.finish().unwrap());
    until(&mut bench, "two lines", |bench| bench.lines().len() == 2);
    assert_eq!(bench.lines(), ["\u{f6}ne", "tw\u{f6}"]);
}
