//! Syslog over TCP and UDP: RFC 5424 and RFC 3164, framed by line ends or by octet counts (RFC 6587).

mod message;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::LabelsBuilder;

use super::http::is_timeout;
use super::{Context, Incoming, line_labels};
use crate::Result;
use crate::relabel::Rule;
use crate::section::Section;
use message::Message;

/// Most connections at once, each served by a thread.
const MAX_CONNECTIONS: usize = 256;
/// How often a waiting thread looks whether it has to end.
const LOOK: Duration = Duration::from_millis(500);
const RETRY: Duration = Duration::from_secs(5);
const DEFAULT_IDLE_MS: i64 = 120_000;
const DEFAULT_MAX_MESSAGE: u64 = 8_192;

/// The section `syslog` of a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SyslogConfig {
    job: String,
    pub(crate) listen: String,
    pub(crate) udp: bool,
    idle: Duration,
    max_message: usize,
    /// Structured data becomes `__syslog_message_sd_<id>_<name>`.
    label_structured_data: bool,
    use_incoming_timestamp: bool,
    /// The whole message is the line, not its text alone.
    use_whole_message: bool,
    labels: Vec<(String, String)>,
    relabel: Arc<[Rule]>,
}

pub(crate) fn read(section: &Section<'_>, job: &str, relabel: &[Rule]) -> Result<SyslogConfig> {
    let listen = section.text("listen_address")?.filter(|address| !address.is_empty());
    let listen = listen.ok_or_else(|| section.bad("listen_address", "syslog needs a listen_address"))?;
    if listen.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
        return Err(section.bad("listen_address", format!("{listen:?} is not host:port")));
    }
    let udp = match section.text("listen_protocol")?.as_deref() {
        None | Some("" | "tcp") => false,
        Some("udp") => true,
        Some(other) => {
            return Err(section.bad("listen_protocol", format!("{other:?} is neither tcp nor udp")));
        }
    };
    if let Some(format) = section.text("syslog_format")?
        && !matches!(format.as_str(), "rfc5424" | "rfc3164")
    {
        return Err(section.bad("syslog_format", format!("{format:?} is neither rfc5424 nor rfc3164")));
    }
    let idle_ms = section.duration_ms("idle_timeout")?.unwrap_or(DEFAULT_IDLE_MS).max(1_000);
    let config = SyslogConfig {
        job: job.to_owned(),
        listen,
        udp,
        idle: Duration::from_millis(idle_ms.unsigned_abs()),
        max_message: section.size("max_message_length")?.unwrap_or(DEFAULT_MAX_MESSAGE).clamp(64, 4 << 20)
            as usize,
        label_structured_data: section.bool("label_structured_data")?.unwrap_or(false),
        use_incoming_timestamp: section.bool("use_incoming_timestamp")?.unwrap_or(false),
        use_whole_message: section.bool("use_rfc5424_message")?.unwrap_or(false),
        labels: section.pairs("labels")?,
        relabel: relabel.into(),
    };
    section.ignored(&["tls_config"], "TLS is not spoken here yet: let a relay take it off");
    section.ignored(&["rfc3164_default_to_current_year"], "a time without a year is the nearest one");
    section.finish();
    Ok(config)
}

/// Starts the thread that listens.
pub(crate) fn start(config: SyslogConfig, context: Context) -> std::io::Result<()> {
    let listen = move || {
        while !context.is_stopped() {
            let ended =
                if config.udp { listen_udp(&config, &context) } else { listen_tcp(&config, &context) };
            match ended {
                Ok(()) => return,
                Err(error) => context.failed(format!("cannot listen on {}: {error}", config.listen)),
            }
            context.pause(RETRY);
        }
    };
    std::thread::Builder::new().name("syslog".to_owned()).spawn(listen).map(drop)
}

fn listen_udp(config: &SyslogConfig, context: &Context) -> std::io::Result<()> {
    let socket = UdpSocket::bind(address(&config.listen))?;
    socket.set_read_timeout(Some(LOOK))?;
    context.state.lock().parts = vec![(format!("udp {}", socket.local_addr()?), String::new())];
    context.works();
    // The largest datagram there is.
    let mut buffer = vec![0; 65_536];
    while !context.is_stopped() {
        match socket.recv_from(&mut buffer) {
            Ok((n, from)) => {
                let text = &buffer[..n.min(config.max_message)];
                if !text.trim_ascii().is_empty() && !give(config, context, text.trim_ascii_end(), from.ip()) {
                    return Ok(());
                }
            }
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// `:514` listens on all addresses, as in Go.
fn address(listen: &str) -> String {
    if listen.starts_with(':') { format!("0.0.0.0{listen}") } else { listen.to_owned() }
}

fn listen_tcp(config: &SyslogConfig, context: &Context) -> std::io::Result<()> {
    let listener = TcpListener::bind(address(&config.listen))?;
    listener.set_nonblocking(true)?;
    context.state.lock().parts = vec![(format!("tcp {}", listener.local_addr()?), String::new())];
    context.works();
    let open = Arc::new(AtomicUsize::new(0));
    while !context.is_stopped() {
        match listener.accept() {
            Ok((stream, from)) if open.load(Ordering::Relaxed) < MAX_CONNECTIONS => {
                let (config, context, open) = (config.clone(), context.clone(), open.clone());
                open.fetch_add(1, Ordering::Relaxed);
                let serve = move || {
                    // An end that is not clean concerns the sender alone.
                    if let Err(error) = serve(&config, &context, stream, from) {
                        tracing::debug!("syslog connection from {from}: {error}");
                    }
                    open.fetch_sub(1, Ordering::Relaxed);
                };
                std::thread::Builder::new().name("syslog-tcp".to_owned()).spawn(serve)?;
            }
            Ok((_, from)) => {
                tracing::warn!("syslog: {from} was turned away: {MAX_CONNECTIONS} connections are open")
            }
            Err(error) if is_timeout(&error) => std::thread::sleep(Duration::from_millis(50)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn serve(
    config: &SyslogConfig,
    context: &Context,
    stream: TcpStream,
    from: SocketAddr,
) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(LOOK))?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let mut message = Vec::new();
    let mut heard = Instant::now();
    loop {
        match read_message(&mut reader, &mut message, config.max_message) {
            Ok(true) => {
                heard = Instant::now();
                let text = message.trim_ascii_end();
                if !text.is_empty() && !give(config, context, text, from.ip()) {
                    return Ok(());
                }
                message.clear();
            }
            Ok(false) => {
                let text = message.trim_ascii_end();
                if !text.is_empty() {
                    give(config, context, text, from.ip());
                }
                return Ok(());
            }
            Err(error) if is_timeout(&error) => {
                if context.is_stopped() || heard.elapsed() >= config.idle {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Reads on until a message is whole; false at the end. After a timeout it may be called again.
fn read_message(reader: &mut impl BufRead, message: &mut Vec<u8>, most: usize) -> std::io::Result<bool> {
    loop {
        if let Some((from, to)) = counted(message) {
            let missing = to.saturating_sub(message.len());
            if missing == 0 {
                message.drain(..from);
                message.truncate(most);
                return Ok(true);
            }
            if reader.by_ref().take(missing as u64).read_to_end(message)? == 0 {
                return Ok(false);
            }
            continue;
        }
        let is_count = message.iter().all(u8::is_ascii_digit) && message.len() < MAX_COUNT_DIGITS;
        let available = reader.fill_buf()?;
        let Some(first) = available.first().copied() else { return Ok(false) };
        // A count is taken digit by digit: what follows it may hold line ends.
        if is_count && (first.is_ascii_digit() || (first == b' ' && !message.is_empty())) {
            message.push(first);
            reader.consume(1);
            continue;
        }
        let end = memchr::memchr(b'\n', available).map(|at| at + 1);
        let n = end.unwrap_or(available.len());
        // The rest of a line that is too long is left out.
        let room = most.saturating_sub(message.len());
        message.extend_from_slice(&available[..n.min(room)]);
        reader.consume(n);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// Digits of an octet count.
const MAX_COUNT_DIGITS: usize = 8;

/// Where the message lies that begins with an octet count: `4 abcd`.
fn counted(message: &[u8]) -> Option<(usize, usize)> {
    let digits = message.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > MAX_COUNT_DIGITS || message.get(digits) != Some(&b' ') {
        return None;
    }
    let count: usize = std::str::from_utf8(&message[..digits]).ok()?.parse().ok()?;
    Some((digits + 1, digits + 1 + count))
}

/// Hands a message on; false if nobody receives.
fn give(config: &SyslogConfig, context: &Context, text: &[u8], from: IpAddr) -> bool {
    let text = String::from_utf8_lossy(text);
    let message = message::parse(&text, context.clock.now_ms());
    let mut labels = LabelsBuilder::default();
    labels.set(model::JOB, config.job.as_str());
    for (name, value) in &config.labels {
        labels.set(name.as_str(), value.as_str());
    }
    for (name, value) in meta(&message, config.label_structured_data) {
        labels.set(format!("__syslog_{name}"), value);
    }
    labels.set("__syslog_connection_ip_address", from.to_string());
    labels.set("__syslog_connection_hostname", from.to_string());
    let Some(labels) = line_labels(labels, &config.relabel) else { return true };
    let line = if config.use_whole_message { text.as_ref() } else { message.text };
    let t_ns = message.t_ns.filter(|_| config.use_incoming_timestamp);
    let incoming = Incoming { line: Bytes::copy_from_slice(line.as_bytes()), t_ns, labels, position: None };
    if !config.udp {
        return context.out.send(incoming);
    }
    // A datagram cannot be held back: what does not fit is lost, and said.
    if !context.out.try_send(incoming) && !context.is_stopped() {
        context.state.lock().error =
            "messages came faster than they can be stored: some were left out".to_owned();
    }
    true
}

fn meta(message: &Message<'_>, structured: bool) -> BTreeMap<String, String> {
    let mut meta = BTreeMap::new();
    let mut set = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            meta.insert(format!("message_{name}"), value.to_owned());
        }
    };
    set("severity", message.severity());
    set("facility", message.facility());
    set("hostname", message.hostname);
    set("app_name", message.app_name);
    set("proc_id", message.proc_id);
    set("msg_id", message.msg_id);
    if structured {
        for (id, name, value) in &message.data {
            set(&format!("sd_{}_{}", super::label_part(id), super::label_part(name)), Some(value));
        }
    }
    meta
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_by_line_and_by_count_in_any_pieces() {
        let bytes =
            b"<13>1 - a b - - - one\n22 <13>1 - a b - - - t\nwo<34>Oct 11 22:14:15 h su: three\n5 <1>x\ny";
        for capacity in [1, 3, 64] {
            let mut reader = BufReader::with_capacity(capacity, &bytes[..]);
            let mut got = Vec::new();
            let mut message = Vec::new();
            while read_message(&mut reader, &mut message, 1_000).unwrap() {
                got.push(String::from_utf8(std::mem::take(&mut message)).unwrap());
            }
            got.push(String::from_utf8(message).unwrap());
            let expect = [
                "<13>1 - a b - - - one\n",
                "<13>1 - a b - - - t\nwo",
                "<34>Oct 11 22:14:15 h su: three\n",
                "<1>x\n",
                "y",
            ];
            assert_eq!(got, expect, "{capacity}");
        }
        let mut reader = BufReader::new(&b"<1>long line\nnext\n"[..]);
        let mut message = Vec::new();
        assert!(read_message(&mut reader, &mut message, 6).unwrap());
        assert_eq!(message, b"<1>lon");
    }
}
