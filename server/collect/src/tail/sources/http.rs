//! The little of HTTP/1.1 that Docker's API needs: GET over a Unix socket or TCP, bodies of all framings.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Most bytes of a response's head, and of a body that is read whole.
const MAX_HEAD: u64 = 64 << 10;
const MAX_BODY: u64 = 32 << 20;
/// How long an answer may take to begin, or a silent stream to be looked after.
const READ_TIMEOUT: Duration = Duration::from_secs(1);
const ANSWER_PATIENCE: usize = 10;

/// Where a daemon listens: `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Unix(String),
    Tcp(String),
}

impl Endpoint {
    pub(crate) fn parse(text: &str, port: u64) -> Result<Self, String> {
        match text.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => Ok(Endpoint::Unix(path.to_owned())),
            Some(("tcp" | "http", rest)) if !rest.is_empty() => {
                let host = rest.trim_end_matches('/');
                Ok(Endpoint::Tcp(if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") }))
            }
            Some(("https", _)) => Err("a daemon behind TLS is not supported: use its Unix socket".to_owned()),
            _ => Err(format!("{text:?} is neither unix:///path nor tcp://host:port")),
        }
    }

    fn connect(&self) -> io::Result<(Box<dyn Read + Send>, Box<dyn Write + Send>)> {
        match self {
            Endpoint::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(READ_TIMEOUT))?;
                Ok((Box::new(stream.try_clone()?), Box::new(stream)))
            }
            Endpoint::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(READ_TIMEOUT))?;
                Ok((Box::new(stream.try_clone()?), Box::new(stream)))
            }
        }
    }

    /// Sends a GET; the body may be read as it comes.
    pub(crate) fn get(&self, path: &str) -> io::Result<Response> {
        let (read, mut write) = self.connect()?;
        write!(
            write,
            "GET {path} HTTP/1.1\r\nHost: docker\r\nUser-Agent: pharos\r\nConnection: close\r\n\r\n"
        )?;
        write.flush()?;
        Response::read(read)
    }

    /// Reads a whole answer; an answer that is not 2xx is an error with its text.
    pub(crate) fn get_all(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut response = self.get(path)?;
        let mut body = Vec::new();
        let mut patience = ANSWER_PATIENCE;
        loop {
            let mut chunk = [0; 16 << 10];
            match response.body.read(&mut chunk) {
                Ok(0) => break,
                Ok(n) => body.extend_from_slice(&chunk[..n]),
                Err(error) if is_timeout(&error) && patience > 0 => patience -= 1,
                Err(error) => return Err(error),
            }
            if body.len() as u64 > MAX_BODY {
                return Err(io::Error::other("the answer is too long"));
            }
        }
        match response.status {
            200..300 => Ok(body),
            status => {
                Err(io::Error::other(format!("answered {status}: {}", String::from_utf8_lossy(&body).trim())))
            }
        }
    }
}

/// Whether a read ended because nothing came for a while.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// An answer: its status, and its body.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

impl Response {
    fn read(stream: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut left = MAX_HEAD;
        let status_line = head_line(&mut reader, &mut left)?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
        let mut framing = Framing::ToEnd;
        loop {
            let line = head_line(&mut reader, &mut left)?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.to_ascii_lowercase(), value.trim());
            match name.as_str() {
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => framing = Framing::Chunk(0),
                "content-length" if framing == Framing::ToEnd => {
                    let length =
                        value.parse().map_err(|_| io::Error::other("a Content-Length that is no number"))?;
                    framing = Framing::Length(length);
                }
                _ => {}
            }
        }
        Ok(Response { status, body: Body { reader, framing, line: Vec::new(), began: false } })
    }
}

fn head_line(reader: &mut impl BufRead, left: &mut u64) -> io::Result<String> {
    let mut line = Vec::new();
    for _ in 0..ANSWER_PATIENCE {
        match reader.by_ref().take(*left).read_until(b'\n', &mut line) {
            Ok(_) => break,
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    *left = left.saturating_sub(line.len() as u64);
    if !line.ends_with(b"\n") {
        return Err(io::Error::other("the answer ends within its head, or never comes"));
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    ToEnd,
    Length(u64),
    /// Bytes left of a chunk.
    Chunk(u64),
    Ended,
}

/// A body that is read as it comes. A read may end with a timeout and be tried again.
pub(crate) struct Body {
    reader: BufReader<Box<dyn Read + Send>>,
    framing: Framing,
    /// What was read of a chunk's head before a timeout.
    line: Vec<u8>,
    began: bool,
}

impl Body {
    fn chunk_head(&mut self) -> io::Result<u64> {
        loop {
            self.reader.by_ref().take(MAX_HEAD).read_until(b'\n', &mut self.line)?;
            if !self.line.ends_with(b"\n") {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = std::mem::take(&mut self.line);
            let text = String::from_utf8_lossy(&line);
            let text = text.trim();
            // The line end behind the chunk before.
            if text.is_empty() && std::mem::take(&mut self.began) {
                continue;
            }
            let size = text.split(';').next().unwrap_or_default();
            return u64::from_str_radix(size, 16).map_err(|_| io::Error::other("a chunk without its size"));
        }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.framing == Framing::Chunk(0) {
            let size = self.chunk_head()?;
            self.began = true;
            self.framing = if size == 0 { Framing::Ended } else { Framing::Chunk(size) };
        }
        let left = match self.framing {
            Framing::Ended => return Ok(0),
            Framing::ToEnd => u64::MAX,
            Framing::Length(left) | Framing::Chunk(left) => left,
        };
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let n = self.reader.read(&mut buffer[..most])?;
        if n == 0 && left != u64::MAX {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.framing = match self.framing {
            Framing::Length(left) if left == n as u64 => Framing::Ended,
            Framing::Length(left) => Framing::Length(left - n as u64),
            Framing::Chunk(left) => Framing::Chunk(left - n as u64),
            other => other,
        };
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &'static str, expect: Result<&str, &str>) {
        let body = Response::read(Box::new(answer.as_bytes())).and_then(|mut response| {
            let mut text = String::new();
            response.body.read_to_string(&mut text).map(|_| format!("{} {text}", response.status))
        });
        match (body, expect) {
            (Ok(body), Ok(expect)) => assert_eq!(body, expect),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, _) => panic!("{answer:?}: {got:?}"),
        }
    }

    #[test]
    fn bodies_of_all_framings() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", Ok("200 ab"));
        check("HTTP/1.1 404 No\r\n\r\nabc", Ok("404 abc"));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
        check(chunked, Ok("200 abc0123456789"));
        check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Err("end of file"));
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Err("chunk"));
        check("SSH-2.0\r\n", Err("not HTTP"));
        check("HTTP/1.1 200 OK\r\nX", Err("within its head"));
    }

    #[test]
    fn endpoints() {
        let parse = |text| Endpoint::parse(text, 80);
        assert_eq!(parse("unix:///run/docker.sock"), Ok(Endpoint::Unix("/run/docker.sock".into())));
        assert_eq!(parse("tcp://127.0.0.1:2375"), Ok(Endpoint::Tcp("127.0.0.1:2375".into())));
        assert_eq!(parse("http://docker"), Ok(Endpoint::Tcp("docker:80".into())));
        assert!(parse("https://docker").is_err() && parse("docker").is_err());
    }
}
