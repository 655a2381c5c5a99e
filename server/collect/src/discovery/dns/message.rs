//! DNS messages: one question out, answers in. Source: RFC 1035, RFC 2782.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Jumps within names: more is a loop.
const MAX_JUMPS: usize = 64;

/// A kind of record by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    A = 1,
    Ns = 2,
    Mx = 15,
    Aaaa = 28,
    Srv = 33,
}

/// A record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    Address(IpAddr),
    Mx(String),
    Ns(String),
    /// Host and port.
    Srv(String, u16),
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// It was cut: ask again over TCP.
    pub(super) truncated: bool,
    /// 0 = good, 3 = there is no such name.
    pub(super) code: u8,
    pub(super) records: Vec<Record>,
}

/// A question; `None` if the name cannot be one.
pub(super) fn question(id: u16, name: &str, kind: Type) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len() + 18);
    out.extend_from_slice(&id.to_be_bytes());
    // Recursion desired; one question.
    out.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for part in name.trim_end_matches('.').split('.') {
        let len = u8::try_from(part.len()).ok().filter(|len| (1..64).contains(len))?;
        out.push(len);
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(&[0, 0, kind as u8, 0, 1]);
    (out.len() <= 271).then_some(out)
}

/// Reads the answer to question `id`; `None` if it is none, or makes no sense.
pub(super) fn answer(message: &[u8], id: u16, kind: Type) -> Option<Answer> {
    let word = |at: usize| message.get(at..at + 2).map(|w| u16::from_be_bytes([w[0], w[1]]));
    let flags = word(2)?;
    if word(0)? != id || flags & 0x8000 == 0 {
        return None;
    }
    let (questions, answers) = (word(4)?, word(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = name(message, at)?.1 + 4;
    }
    let mut records = Vec::new();
    for _ in 0..answers {
        let (_, after) = name(message, at)?;
        let (found, len) = (word(after)?, usize::from(word(after + 8)?));
        let start = after + 10;
        let data = message.get(start..start + len)?;
        if found == kind as u16 {
            records.push(record(message, start, data, kind)?);
        }
        at = start + len;
    }
    Some(Answer { truncated: flags & 0x0200 != 0, code: (flags & 15) as u8, records })
}

fn record(message: &[u8], at: usize, data: &[u8], kind: Type) -> Option<Record> {
    Some(match kind {
        Type::A => Record::Address(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?))),
        Type::Aaaa => Record::Address(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?))),
        Type::Ns => Record::Ns(name(message, at)?.0),
        Type::Mx => Record::Mx(name(message, at + 2)?.0),
        Type::Srv => {
            let port = u16::from_be_bytes([*data.get(4)?, *data.get(5)?]);
            Record::Srv(name(message, at + 6)?.0, port)
        }
    })
}

/// The name at `at`, a dot behind each part, and where what follows it begins.
fn name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut out, mut after) = (String::new(), None);
    for _ in 0..MAX_JUMPS {
        let len = usize::from(*message.get(at)?);
        match len {
            0 => return Some((out, after.unwrap_or(at + 1))),
            0xc0.. => {
                after.get_or_insert(at + 2);
                at = (len & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
            }
            _ => {
                out.push_str(&String::from_utf8_lossy(message.get(at + 1..at + 1 + len)?));
                out.push('.');
                at += 1 + len;
            }
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An answer to `question` with records of (type, data).
    pub(in super::super) fn reply(question: &[u8], records: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut out = question.to_vec();
        out[2] = 0x81;
        out[7] = records.len() as u8;
        for (kind, data) in records {
            // A pointer to the question's name.
            out.extend_from_slice(&[0xc0, 12, 0, *kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
            out.extend_from_slice(data);
        }
        out
    }

    #[test]
    fn records_are_read() {
        let q = question(7, "_x._tcp.example", Type::Srv).unwrap();
        let srv = vec![0, 1, 0, 2, 0x1f, 0x90, 1, b'a', 0xc0, 20];
        let got = answer(&reply(&q, &[(33, srv), (1, vec![1, 2, 3, 4])]), 7, Type::Srv).unwrap();
        assert_eq!(got.records, [Record::Srv("a.example.".into(), 8080)]);
        let q = question(7, "h.example", Type::A).unwrap();
        let got = answer(&reply(&q, &[(1, vec![10, 0, 0, 1])]), 7, Type::A).unwrap();
        assert_eq!(got.records, [Record::Address("10.0.0.1".parse().unwrap())]);
        assert_eq!(answer(&reply(&q, &[]), 8, Type::A), None, "another question's");
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(question(1, "a..b", Type::A), None);
        assert_eq!(question(1, &"x".repeat(64), Type::A), None);
        let q = question(7, "h", Type::A).unwrap();
        let mut looped = reply(&q, &[(1, vec![10, 0, 0, 1])]);
        looped[12] = 0xc0;
        looped[13] = 12;
        assert_eq!(answer(&looped, 7, Type::A), None);
        let good = reply(&q, &[(1, vec![10, 0, 0, 1])]);
        for end in 0..good.len() {
            assert_eq!(answer(&good[..end], 7, Type::A), None);
        }
    }
}
