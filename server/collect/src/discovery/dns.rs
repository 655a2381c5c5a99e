//! `dns_sd_configs`: hosts, and services with their ports, by name.

mod message;
mod resolver;

use self::message::{Record, Type};
use self::resolver::Resolver;
use super::labels::{MetaLabels, join};
use crate::Result;
use crate::config::{DnsSd, DnsType, TargetGroup};

/// The targets of all names. One that cannot be looked up is an error: the targets it had stay.
pub(super) async fn groups(sd: &DnsSd) -> Result<Vec<TargetGroup>> {
    let resolver = Resolver::of_system();
    let mut groups = Vec::new();
    for name in &sd.names {
        for record in resolver.look_up(name, wanted(sd.kind)).await? {
            groups.push(group(name, &record, sd.port));
        }
    }
    Ok(groups)
}

fn wanted(kind: DnsType) -> Type {
    match kind {
        DnsType::A => Type::A,
        DnsType::Aaaa => Type::Aaaa,
        DnsType::Mx => Type::Mx,
        DnsType::Ns => Type::Ns,
        DnsType::Srv => Type::Srv,
    }
}

fn group(name: &str, record: &Record, port: u16) -> TargetGroup {
    let mut labels = MetaLabels::default();
    labels.set("__meta_dns_name", name);
    match record {
        Record::Address(ip) => labels.target(join(&ip.to_string(), port)),
        Record::Mx(host) => labels.set("__meta_dns_mx_record_target", host).target(join(trim(host), port)),
        Record::Ns(host) => labels.set("__meta_dns_ns_record_target", host).target(join(trim(host), port)),
        Record::Srv(host, port) => labels
            .set("__meta_dns_srv_record_target", host)
            .set("__meta_dns_srv_record_port", port)
            .target(join(trim(host), port)),
    }
}

/// A name without the dot of the root.
fn trim(host: &str) -> &str {
    host.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_records() {
        let check = |record: Record, address: &str| {
            assert_eq!(group("n", &record, 9100).targets, [address]);
        };
        check(Record::Address("10.0.0.1".parse().unwrap()), "10.0.0.1:9100");
        check(Record::Address("fd00::1".parse().unwrap()), "[fd00::1]:9100");
        check(Record::Srv("a.example.".into(), 8080), "a.example:8080");
        check(Record::Mx("mail.example.".into()), "mail.example:9100");
        let srv = group("n", &Record::Srv("a.".into(), 1), 0).labels;
        assert_eq!(srv[1], ("__meta_dns_srv_record_target".to_owned(), "a.".to_owned()));
    }
}
