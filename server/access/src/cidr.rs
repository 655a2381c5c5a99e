//! A network in CIDR notation (RFC 4632, RFC 4291).

use std::net::IpAddr;
use std::str::FromStr;

use crate::Error;

/// A network: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Whether `address` is in the network. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same_prefix(&own.octets(), &other.octets(), self.bits),
            (IpAddr::V6(own), IpAddr::V6(other)) => same_prefix(&own.octets(), &other.octets(), self.bits),
            _ => false,
        }
    }
}

fn same_prefix(a: &[u8], b: &[u8], bits: u8) -> bool {
    let (bytes, rest) = (usize::from(bits / 8), bits % 8);
    let mask = !(0xff_u16 >> rest) as u8;
    a[..bytes] == b[..bytes] && (rest == 0 || (a[bytes] ^ b[bytes]) & mask == 0)
}

impl FromStr for Cidr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Network(text.to_owned());
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse::<u8>).map_err(|_| wrong())?;
        if bits > most {
            return Err(wrong());
        }
        // An IPv4 network mapped into IPv6 is the IPv4 network: its first 96 bits are fixed.
        match address.to_canonical() {
            IpAddr::V4(v4) if address.is_ipv6() => {
                let bits = bits.checked_sub(96).ok_or_else(wrong)?;
                Ok(Cidr { address: IpAddr::V4(v4), bits })
            }
            _ => Ok(Cidr { address, bits }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let cidr: Cidr = network.parse().expect("a network");
        let ip = |text: &&str| text.parse::<IpAddr>().expect("an address");
        assert!(inside.iter().map(ip).all(|a| cidr.contains(a)), "{network} has {inside:?}");
        assert!(!outside.iter().map(ip).any(|a| cidr.contains(a)), "{network} has none of {outside:?}");
    }

    #[test]
    fn prefixes_of_any_length() {
        check("10.0.0.0/8", &["10.1.2.3", "::ffff:10.0.0.1"], &["11.0.0.0", "::1"]);
        check("192.168.4.0/22", &["192.168.7.255"], &["192.168.8.0"]);
        check("192.168.1.7", &["192.168.1.7"], &["192.168.1.6"]);
        check("0.0.0.0/0", &["1.2.3.4"], &["::1"]);
        check("::ffff:10.0.0.0/104", &["10.1.2.3", "::ffff:10.9.9.9"], &["11.0.0.0", "::1"]);
        check("fd00::/8", &["fd12::1"], &["fe80::1"]);
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "a/8", "::1/129", "::ffff:10.0.0.0/8"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
    }
}
