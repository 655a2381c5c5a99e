//! Attribute names as label names.

/// An attribute's name as a label's: what is no ASCII letter, digit or `_` becomes `_`, and a name that begins with a
/// digit or a single `_` gets `key` in front (OpenTelemetry's rules for Prometheus and Loki).
pub fn label_name(attribute: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = attribute.chars().map(plain).collect();
    match name.as_bytes() {
        [] => "_".to_owned(),
        [b'0'..=b'9', ..] => format!("key_{name}"),
        [b'_', b'_', ..] => name,
        [b'_', ..] => format!("key{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_names() {
        for (attribute, expect) in [
            ("service.name", "service_name"),
            ("a-b/c d", "a_b_c_d"),
            ("2xx", "key_2xx"),
            ("_private", "key_private"),
            ("__name__", "__name__"),
            ("größe", "gr__e"),
            ("", "_"),
        ] {
            assert_eq!(label_name(attribute), expect);
        }
    }
}
