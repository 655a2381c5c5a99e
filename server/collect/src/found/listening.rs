//! Who listens on this host: `/proc/net/tcp` and the processes behind it.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// A socket that listens and can be reached over loopback.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Listening {
    /// Where it is reached: loopback.
    pub(crate) address: SocketAddr,
    /// The socket's number in the kernel.
    pub(crate) inode: u64,
}

const LISTEN: &str = "0A";

/// All sockets that listen on loopback or on every address; those of one network card are nobody's to probe.
pub(crate) fn listening(procfs: &Path) -> Vec<Listening> {
    let mut all = Vec::new();
    for file in ["net/tcp", "net/tcp6"] {
        let text = std::fs::read_to_string(procfs.join(file)).unwrap_or_default();
        all.extend(text.lines().skip(1).filter_map(socket));
    }
    // One that listens on both families is asked once, and over the older.
    all.sort_by_key(|socket: &Listening| (socket.address.port(), socket.address.is_ipv6()));
    all.dedup_by_key(|socket| socket.address.port());
    all
}

fn socket(line: &str) -> Option<Listening> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (local, state, inode) = (*words.get(1)?, *words.get(3)?, words.get(9)?.parse().ok()?);
    if state != LISTEN {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let address = match ip(address)? {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        address if address.is_loopback() => address,
        _ => return None,
    };
    Some(Listening { address: SocketAddr::new(address, port), inode })
}

/// The kernel writes addresses as words in the machine's own order.
fn ip(hex: &str) -> Option<IpAddr> {
    let word = |i: usize| u32::from_str_radix(hex.get(i * 8..i * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let mut bytes = [0; 16];
            for i in 0..4 {
                bytes[i * 4..i * 4 + 4].copy_from_slice(&word(i)?);
            }
            let v6 = Ipv6Addr::from(bytes);
            Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4))
        }
        _ => None,
    }
}

/// The process behind each socket, as far as this program may see: number and command line.
pub(crate) fn owners(procfs: &Path, inodes: &HashSet<u64>) -> HashMap<u64, (u32, String)> {
    let mut owners = HashMap::new();
    if inodes.is_empty() {
        return owners;
    }
    for entry in std::fs::read_dir(procfs).into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        for fd in std::fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten() {
            let Ok(target) = std::fs::read_link(fd.path()) else { continue };
            let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
            let Some(inode) = inode.and_then(|text| text.parse::<u64>().ok()) else { continue };
            if inodes.contains(&inode) && !owners.contains_key(&inode) {
                owners.insert(inode, (pid, command(&entry.path())));
            }
        }
        if owners.len() == inodes.len() {
            break;
        }
    }
    owners
}

/// A command line; words are separated by blanks.
fn command(process: &Path) -> String {
    let bytes = std::fs::read(process.join("cmdline")).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    let words: Vec<String> = words.take(32).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_loopback_and_of_every_address() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("net")).unwrap();
        let line = |local: &str, state: &str, inode: u64| {
            format!(
                "   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1 0\n"
            )
        };
        let head = "  sl  local_address rem_address   st\n".to_owned();
        let tcp = head.clone()
            + &line("00000000:1F40", "0A", 1)
            + &line("0100007F:2CAA", "0A", 2)
            + &line("0100007F:1F90", "01", 3)
            + &line("0205A8C0:0016", "0A", 4);
        let tcp6 = head
            + &line("00000000000000000000000000000000:1F40", "0A", 5)
            + &line("00000000000000000000000001000000:238C", "0A", 6);
        std::fs::write(folder.path().join("net/tcp"), tcp).unwrap();
        std::fs::write(folder.path().join("net/tcp6"), tcp6).unwrap();
        let found: Vec<(String, u64)> =
            listening(folder.path()).iter().map(|s| (s.address.to_string(), s.inode)).collect();
        let expect = [("127.0.0.1:8000", 1), ("[::1]:9100", 6), ("127.0.0.1:11434", 2)];
        assert_eq!(found, expect.map(|(address, inode)| (address.to_owned(), inode)));
    }

    #[test]
    fn this_process_owns_its_socket() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let all = listening(Path::new("/proc"));
        let own = all.iter().find(|socket| socket.address.port() == port).expect("listed");
        let owners = owners(Path::new("/proc"), &HashSet::from([own.inode]));
        assert_eq!(owners[&own.inode].0, std::process::id());
    }
}
