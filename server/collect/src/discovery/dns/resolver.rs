//! Asks the name servers of this system.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::message::{Answer, Record, Type, answer, question};
use crate::{Error, Result};

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The time that a server may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer over UDP.
const MAX_DATAGRAM: usize = 4_096;
const NO_SUCH_NAME: u8 = 3;

/// Name servers and the domains that short names are looked up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolver {
    servers: Vec<SocketAddr>,
    search: Vec<String>,
}

impl Resolver {
    pub(super) fn of_system() -> Self {
        Resolver::parse(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default())
    }

    fn parse(conf: &str) -> Self {
        let mut resolver = Resolver { servers: Vec::new(), search: Vec::new() };
        for line in conf.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let ip = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    resolver.servers.extend(ip.map(|ip| SocketAddr::new(ip, 53)));
                }
                Some("search" | "domain") => resolver.search = words.map(str::to_owned).collect(),
                _ => {}
            }
        }
        if resolver.servers.is_empty() {
            resolver.servers.push(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 53));
        }
        resolver
    }

    /// The records of a name, in the first of the search domains that has it. A name that is not there has none.
    pub(super) async fn look_up(&self, name: &str, kind: Type) -> Result<Vec<Record>> {
        let mut names = vec![name.to_owned()];
        if !name.ends_with('.') {
            names.extend(self.search.iter().map(|domain| format!("{name}.{domain}")));
        }
        let mut last = None;
        for name in names {
            match self.ask_all(&name, kind).await {
                Ok(answer) if answer.code == 0 && !answer.records.is_empty() => return Ok(answer.records),
                Ok(answer) if answer.code == 0 || answer.code == NO_SUCH_NAME => {}
                Ok(answer) => last = Some(format!("the name server answers code {}", answer.code)),
                Err(why) => last = Some(why),
            }
        }
        match last {
            None => Ok(Vec::new()),
            Some(why) => Err(Error::Fetch(format!("{name} cannot be looked up: {why}"))),
        }
    }

    async fn ask_all(&self, name: &str, kind: Type) -> Result<Answer, String> {
        let mut why = String::new();
        for server in &self.servers {
            match tokio::time::timeout(TIMEOUT, ask(*server, name, kind)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => why = format!("{server}: {error}"),
                Err(_) => why = format!("{server} does not answer"),
            }
        }
        Err(why)
    }
}

async fn ask(server: SocketAddr, name: &str, kind: Type) -> Result<Answer, String> {
    let id: u16 = rand::random();
    let question = question(id, name, kind).ok_or("it is no name")?;
    let local: IpAddr = if server.is_ipv4() { [0; 4].into() } else { [0u16; 8].into() };
    let socket = UdpSocket::bind((local, 0)).await.map_err(|e| e.to_string())?;
    socket.connect(server).await.map_err(|e| e.to_string())?;
    socket.send(&question).await.map_err(|e| e.to_string())?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    let found = loop {
        let len = socket.recv(&mut buffer).await.map_err(|e| e.to_string())?;
        // What answers another question is not for us.
        if let Some(found) = answer(&buffer[..len], id, kind) {
            break found;
        }
    };
    if found.truncated { ask_tcp(server, &question, id, kind).await } else { Ok(found) }
}

async fn ask_tcp(server: SocketAddr, question: &[u8], id: u16, kind: Type) -> Result<Answer, String> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let mut framed = (question.len() as u16).to_be_bytes().to_vec();
        framed.extend_from_slice(question);
        stream.write_all(&framed).await?;
        let len = stream.read_u16().await?;
        let mut message = vec![0; usize::from(len)];
        stream.read_exact(&mut message).await?;
        Ok::<_, std::io::Error>(message)
    };
    let message = exchange.await.map_err(|e| e.to_string())?;
    answer(&message, id, kind).ok_or_else(|| "the answer makes no sense".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::reply;
    use super::*;

    #[test]
    fn reads_resolv_conf() {
        let resolver = Resolver::parse("# x\nnameserver 10.0.0.2\nnameserver fd00::1\nsearch a.b c\n");
        assert_eq!(resolver.servers, ["10.0.0.2:53".parse().unwrap(), "[fd00::1]:53".parse().unwrap()]);
        assert_eq!(resolver.search, ["a.b", "c"]);
        assert_eq!(Resolver::parse("").servers, ["127.0.0.1:53".parse().unwrap()]);
    }

    #[tokio::test]
    async fn asks_a_server_and_its_search_domains() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut buffer = vec![0; 512];
            loop {
                let (len, peer) = server.recv_from(&mut buffer).await.unwrap();
                let question = &buffer[..len];
                let known = question.windows(7).any(|w| w == b"example");
                let records = if known { vec![(1, vec![10, 0, 0, 7])] } else { Vec::new() };
                let mut answer = reply(question, &records);
                if !known {
                    answer[3] = NO_SUCH_NAME;
                }
                server.send_to(&answer, peer).await.unwrap();
            }
        });
        let resolver = Resolver { servers: vec![address], search: vec!["example".into()] };
        let found = resolver.look_up("host", Type::A).await.unwrap();
        assert_eq!(found, [Record::Address("10.0.0.7".parse().unwrap())]);
        assert_eq!(resolver.look_up("host.", Type::A).await.unwrap(), []);
        serving.abort();
    }
}
