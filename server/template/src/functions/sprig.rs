//! More functions of the sprig library, which Promtail's `template` stage has, and its hashes.

use sha2::{Digest, Sha256};
use sha3::Sha3_256;

use super::strings::regex as compiled;
use super::{Call, Called, Function, MANY, text};
use crate::literal;
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "Hash", arity: (2, 2), body: |c| text(hash::<Sha3_256>(&[&c.text(0), &c.text(1)])) },
    Function { name: "Sha2Hash", arity: (2, 2), body: |c| text(hash::<Sha256>(&[&c.text(0), &c.text(1)])) },
    Function { name: "sha256sum", arity: (1, 1), body: |c| text(hash::<Sha256>(&[&c.text(0)])) },
    Function { name: "quote", arity: (1, 1), body: |c| text(literal::quote(&c.text(0))) },
    Function { name: "squote", arity: (1, 1), body: |c| text(format!("'{}'", c.text(0))) },
    Function { name: "cat", arity: (0, MANY), body: |c| text(texts(c.arguments).join(" ")) },
    Function { name: "untitle", arity: (1, 1), body: untitle },
    Function { name: "nospace", arity: (1, 1), body: |c| text(c.text(0).replace(char::is_whitespace, "")) },
    Function { name: "abbrev", arity: (2, 2), body: abbrev },
    Function { name: "snakecase", arity: (1, 1), body: |c| text(words(&c.text(0)).join("_").to_lowercase()) },
    Function { name: "kebabcase", arity: (1, 1), body: |c| text(words(&c.text(0)).join("-").to_lowercase()) },
    Function {
        name: "camelcase",
        arity: (1, 1),
        body: |c| text(words(&c.text(0)).iter().map(|w| capital(w)).collect::<String>()),
    },
    Function {
        name: "regexMatch",
        arity: (2, 2),
        body: |c| Ok(Value::Bool(compiled(&c.text(0))?.is_match(&c.text(1)))),
    },
    Function { name: "regexFind", arity: (2, 2), body: regex_find },
    Function { name: "toString", arity: (1, 1), body: |c| text(c.text(0)) },
    Function { name: "atoi", arity: (1, 1), body: |c| Ok(Value::Int(c.int(0))) },
    Function { name: "empty", arity: (1, 1), body: |c| Ok(Value::Bool(!c.arguments[0].is_true())) },
    Function { name: "coalesce", arity: (0, MANY), body: coalesce },
    Function { name: "ternary", arity: (3, 3), body: ternary },
    Function { name: "list", arity: (0, MANY), body: |c| Ok(Value::List(c.arguments)) },
    Function {
        name: "first",
        arity: (1, 1),
        body: |c| Ok(items(c).into_iter().next().unwrap_or(Value::Nil)),
    },
    Function { name: "last", arity: (1, 1), body: |c| Ok(items(c).pop().unwrap_or(Value::Nil)) },
    Function { name: "splitList", arity: (2, 2), body: split_list },
    Function { name: "join", arity: (2, 2), body: join },
];

/// The digest of all parts, one after the other, in hexadecimal digits.
fn hash<D: Digest>(parts: &[&str]) -> String {
    let mut digest = D::new();
    parts.iter().for_each(|part| digest.update(part.as_bytes()));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(values: Vec<Value>) -> Vec<String> {
    values.into_iter().map(Value::into_text).collect()
}

fn items(mut call: Call<'_>) -> Vec<Value> {
    match call.arguments.pop() {
        Some(Value::List(list)) => list,
        _ => Vec::new(),
    }
}

fn untitle(call: Call<'_>) -> Called {
    let value = call.text(0);
    let mut chars = value.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_lowercase).collect();
    text(first + chars.as_str())
}

fn abbrev(call: Call<'_>) -> Called {
    let (most, value) = (call.int(0).max(4) as usize, call.text(1));
    match value.chars().count() > most {
        true => text(value.chars().take(most - 3).collect::<String>() + "..."),
        false => text(value),
    }
}

/// Words as capitals, underscores, dashes and blanks part them.
fn words(value: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut open, mut small) = (false, false);
    for c in value.chars() {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        let starts = !open || (c.is_uppercase() && small);
        (open, small) = (true, !c.is_uppercase());
        match words.last_mut().filter(|_| !starts) {
            Some(word) => word.push(c),
            None => words.push(c.to_string()),
        }
    }
    words
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + chars.as_str()
}

fn regex_find(call: Call<'_>) -> Called {
    let value = call.text(1);
    let regex = compiled(&call.text(0))?;
    text(regex.find(&value).map_or("", |found| found.as_str()))
}

fn coalesce(call: Call<'_>) -> Called {
    Ok(call.arguments.into_iter().find(Value::is_true).unwrap_or(Value::Nil))
}

fn ternary(mut call: Call<'_>) -> Called {
    let at = usize::from(!call.arguments[2].is_true());
    Ok(call.arguments.swap_remove(at))
}

fn split_list(call: Call<'_>) -> Called {
    let (separator, value) = (call.text(0), call.text(1));
    Ok(Value::List(value.split(separator.as_str()).map(|part| Value::Text(part.to_owned())).collect()))
}

fn join(mut call: Call<'_>) -> Called {
    let separator = call.text(0);
    match call.arguments.pop() {
        Some(Value::List(list)) => text(texts(list).join(&separator)),
        other => text(other.unwrap_or(Value::Nil).into_text()),
    }
}
