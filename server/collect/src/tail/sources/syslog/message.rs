//! One message of syslog, of either RFC. What is not of that form is all text: nothing is refused.

use template::gotime::Layout;

/// The parts of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Message<'a> {
    priority: Option<u8>,
    pub(super) t_ns: Option<i64>,
    pub(super) hostname: Option<&'a str>,
    pub(super) app_name: Option<&'a str>,
    pub(super) proc_id: Option<&'a str>,
    pub(super) msg_id: Option<&'a str>,
    /// Structured data: id, name, value.
    pub(super) data: Vec<(&'a str, &'a str, String)>,
    pub(super) text: &'a str,
}

const SEVERITIES: [&str; 8] =
    ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"];
const FACILITIES: [&str; 24] = [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
];

impl Message<'_> {
    pub(super) fn severity(&self) -> Option<&'static str> {
        self.priority.map(|priority| SEVERITIES[usize::from(priority % 8)])
    }

    pub(super) fn facility(&self) -> Option<&'static str> {
        FACILITIES.get(usize::from(self.priority? / 8)).copied()
    }
}

/// Takes a message apart. `now_ms` tells the year of a time without one.
pub(super) fn parse(text: &str, now_ms: i64) -> Message<'_> {
    let Some((priority, rest)) = priority(text) else { return Message { text, ..Message::default() } };
    let versioned = rest.strip_prefix("1 ").and_then(|rest| rfc5424(rest, now_ms));
    let parsed = versioned.unwrap_or_else(|| rfc3164(rest, now_ms));
    Message { priority: Some(priority), ..parsed }
}

fn priority(text: &str) -> Option<(u8, &str)> {
    let (number, rest) = text.strip_prefix('<')?.split_once('>')?;
    let number = number.parse().ok().filter(|n| *n <= 191 && number.len() <= 3)?;
    Some((number, rest))
}

/// A word that is not `-`.
fn said(word: &str) -> Option<&str> {
    (word != "-" && !word.is_empty()).then_some(word)
}

fn rfc5424(text: &str, now_ms: i64) -> Option<Message<'_>> {
    let mut parts = text.splitn(6, ' ');
    let mut word = || parts.next();
    let (time, hostname, app_name) = (word()?, word()?, word()?);
    let (proc_id, msg_id, rest) = (word()?, word()?, word().unwrap_or("-"));
    let (data, text) = structured_data(rest)?;
    let text = text.strip_prefix(' ').unwrap_or(text);
    Some(Message {
        priority: None,
        t_ns: said(time).and_then(|time| time_of("RFC3339Nano", time, now_ms)),
        hostname: said(hostname),
        app_name: said(app_name),
        proc_id: said(proc_id),
        msg_id: said(msg_id),
        data,
        text: text.strip_prefix('\u{feff}').unwrap_or(text),
    })
}

type Data<'a> = Vec<(&'a str, &'a str, String)>;

/// `[id name="value" …][…]` or `-`, and what follows.
fn structured_data(text: &str) -> Option<(Data<'_>, &str)> {
    if let Some(rest) = text.strip_prefix('-') {
        return Some((Vec::new(), rest));
    }
    let (mut data, mut rest) = (Vec::new(), text);
    while let Some(element) = rest.strip_prefix('[') {
        let end = element.find([' ', ']'])?;
        let (id, mut tail) = element.split_at(end);
        while let Some(pair) = tail.strip_prefix(' ') {
            let (name, quoted) = pair.split_once("=\"")?;
            let (value, after) = quoted_value(quoted)?;
            data.push((id, name.trim_start(), value));
            tail = after;
        }
        rest = tail.strip_prefix(']')?;
    }
    (rest.len() < text.len()).then_some((data, rest))
}

/// A value up to its closing quote; `\"`, `\\` and `\]` are escapes.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                c @ ('"' | '\\' | ']') => value.push(c),
                c => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    None
}

/// `Oct 11 22:14:15 host app[pid]: text`; any part may be missing.
fn rfc3164(text: &str, now_ms: i64) -> Message<'_> {
    let mut message = Message { text, ..Message::default() };
    let stamp = text.get(..15).and_then(|stamp| Some((time_of("Stamp", stamp, now_ms)?, text.get(15..)?)));
    let stamp = stamp.or_else(|| {
        let (word, rest) = text.split_once(' ')?;
        Some((time_of("RFC3339Nano", word, now_ms)?, &text[text.len() - rest.len() - 1..]))
    });
    let Some((t_ns, rest)) = stamp else { return tagged(message, text) };
    message.t_ns = Some(t_ns);
    let rest = rest.trim_start_matches(' ');
    match rest.split_once(' ') {
        // Without a host the tag comes first.
        Some((word, tail)) if !word.ends_with(':') => {
            message.hostname = Some(word);
            tagged(message, tail)
        }
        _ => tagged(message, rest),
    }
}

fn tagged<'a>(mut message: Message<'a>, text: &'a str) -> Message<'a> {
    message.text = text;
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return message;
    }
    let (pid, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((pid, rest)) => (Some(pid), rest),
        None => (None, rest),
    };
    if let Some(rest) = rest.strip_prefix(':') {
        message.app_name = Some(name);
        message.proc_id = pid;
        message.text = rest.strip_prefix(' ').unwrap_or(rest);
    }
    message
}

fn time_of(format: &str, text: &str, now_ms: i64) -> Option<i64> {
    Layout::named(format).ok()?.parse(text, None, now_ms).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_767_268_800_000;

    fn check(text: &str, expect: &str) {
        let message = parse(text, NOW_MS);
        let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
        let data: Vec<String> = message.data.iter().map(|(id, n, v)| format!("{id}.{n}={v}")).collect();
        let got = [
            word(message.facility()),
            word(message.severity()),
            message.t_ns.map_or("-".to_owned(), |t| (t / 1_000_000).to_string()),
            word(message.hostname),
            word(message.app_name),
            word(message.proc_id),
            word(message.msg_id),
            data.join(","),
            message.text.to_owned(),
        ];
        assert_eq!(got.join("|"), expect, "{text}");
    }

    #[test]
    fn rfc_5424() {
        check(
            "<165>1 2003-10-11T22:14:15.003Z h.example evntslog 111 ID47 [x@1 a=\"1\" b=\"q\\\"]\"][y@2 c=\"\"] \u{feff}An event",
            "local4|notice|1065910455003|h.example|evntslog|111|ID47|x@1.a=1,x@1.b=q\"],y@2.c=|An event",
        );
        check("<34>1 - - - - - - text with - and [ ]", "auth|critical|-|-|-|-|-||text with - and [ ]");
        check("<34>1 - - - - -", "auth|critical|-|-|-|-|-||");
    }

    #[test]
    fn rfc_3164_and_less() {
        check(
            "<34>Dec 31 22:14:15 mymachine su[77]: 'su root' failed",
            "auth|critical|1767219255000|mymachine|su|77|-||'su root' failed",
        );
        check("<13>Jan  1 01:02:03 app: hi", "user|notice|1767229323000|-|app|-|-||hi");
        check("<13>2026-01-01T00:00:00+01:00 h app: hi", "user|notice|1767222000000|h|app|-|-||hi");
        check("<13>just text", "user|notice|-|-|-|-|-||just text");
        check("no priority: x", "-|-|-|-|-|-|-||no priority: x");
        check("<999>x", "-|-|-|-|-|-|-||<999>x");
        check("", "-|-|-|-|-|-|-||");
    }
}
