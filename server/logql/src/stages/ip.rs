//! `ip("…")`: an address, a range `from-to` or a prefix `10.0.0.0/8`, looked for in a line or compared with a
//! label.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Error, Result};

/// Addresses that match, as one interval; IPv4 and IPv6 never mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IpMatcher {
    v6: bool,
    first: u128,
    last: u128,
}

fn number(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(v4) => (false, u32::from(v4).into()),
        IpAddr::V6(v6) => (true, v6.into()),
    }
}

impl IpMatcher {
    pub(super) fn new(pattern: &str) -> Result<Self> {
        Self::parse(pattern.trim()).ok_or_else(|| {
            Error::invalid(format!("ip: invalid pattern {pattern:?}: an address, a range or a CIDR prefix"))
        })
    }

    fn parse(pattern: &str) -> Option<Self> {
        if let Some((address, bits)) = pattern.split_once('/') {
            let (v6, address) = number(address.parse().ok()?);
            let width = if v6 { 128 } else { 32 };
            let bits: u32 = bits.parse().ok().filter(|b| *b <= width)?;
            let host = if bits == 0 && v6 { u128::MAX } else { (1u128 << (width - bits)) - 1 };
            return Some(IpMatcher { v6, first: address & !host, last: address | host });
        }
        let (first, last) = pattern.split_once('-').unwrap_or((pattern, pattern));
        let (v6, first) = number(first.trim().parse().ok()?);
        let (last_v6, last) = number(last.trim().parse().ok()?);
        (v6 == last_v6 && first <= last).then_some(IpMatcher { v6, first, last })
    }

    pub(super) fn matches(&self, address: &str) -> bool {
        address.parse().is_ok_and(|address| self.contains(address))
    }

    fn contains(&self, address: IpAddr) -> bool {
        let (v6, address) = number(address);
        v6 == self.v6 && (self.first..=self.last).contains(&address)
    }

    /// Whether an address that matches stands somewhere in `text`.
    pub(super) fn found_in(&self, text: &[u8]) -> bool {
        let mut at = 0;
        while at < text.len() {
            let is_part = |b: &u8| b.is_ascii_hexdigit() || *b == b':' || *b == b'.';
            let Some(start) = text[at..].iter().position(is_part).map(|p| at + p) else {
                return false;
            };
            let end = text[start..].iter().position(|b| !is_part(b)).map_or(text.len(), |p| start + p);
            if self.run_has(&text[start..end]) {
                return true;
            }
            at = end;
        }
        false
    }

    fn run_has(&self, run: &[u8]) -> bool {
        let Ok(run) = std::str::from_utf8(run) else {
            return false;
        };
        let run = run.trim_end_matches('.');
        if self.v6 {
            let run = run.strip_suffix(':').filter(|r| !r.ends_with(':')).unwrap_or(run);
            return run.contains(':') && run.parse::<Ipv6Addr>().is_ok_and(|a| self.contains(a.into()));
        }
        // `10.0.0.1:80` is one run.
        run.split(':').any(|part| part.parse::<Ipv4Addr>().is_ok_and(|a| self.contains(a.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses() {
        let check = |pattern: &str, text: &str, expect: bool| {
            let matcher = IpMatcher::new(pattern).expect("valid");
            assert_eq!(matcher.found_in(text.as_bytes()), expect, "{pattern} in {text}");
        };
        check("10.0.0.0/8", "from 10.1.2.3:80 to x", true);
        check("10.0.0.0/8", "from 11.1.2.3", false);
        check("192.168.4.5-192.168.4.20", "a 192.168.4.20, b", true);
        check("192.168.4.5-192.168.4.20", "a 192.168.4.21.", false);
        check("0.0.0.0/0", "cafe 1.2.3.4.", true);
        check("2001:db8::/32", "[2001:db8::1]:443", true);
        check("::/0", "2001:db8::1", true);
        check("10.0.0.1", "110.0.0.1", false);
        for bad in ["", "10", "10.0.0.1/33", "10.0.0.2-10.0.0.1", "10.0.0.1-::1"] {
            assert!(IpMatcher::new(bad).is_err(), "{bad}");
        }
    }
}
