//! The shared messages in JSON: names in lowerCamelCase (snake_case is read too), 64-bit integers as texts or numbers,
//! bytes in base64, trace and span ids in hexadecimal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::values::{Attribute, Resource, Scope, Value};

/// Why a message cannot be read: which field, and what is wrong with it.
pub(crate) type Bad = String;

/// An object's fields.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(&'a Map<String, Json>);

impl<'a> Object<'a> {
    pub(crate) fn of(json: &'a Json, what: &str) -> Result<Self, Bad> {
        json.as_object().map(Object).ok_or_else(|| format!("{what}: an object was expected"))
    }

    /// A field by its name in lowerCamelCase; `null` is absent.
    pub(crate) fn get(self, name: &str) -> Option<&'a Json> {
        let found = self.0.get(name).or_else(|| self.0.get(&snake_case(name)));
        found.filter(|value| !value.is_null())
    }

    /// The items of a repeated field.
    pub(crate) fn list(self, name: &str) -> Result<&'a [Json], Bad> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Json::Array(items)) => Ok(items),
            Some(_) => Err(format!("{name}: an array was expected")),
        }
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, Bad> {
        match self.get(name) {
            None => Ok(""),
            Some(Json::String(text)) => Ok(text),
            Some(_) => Err(format!("{name}: a string was expected")),
        }
    }

    /// An unsigned integer; 0 where there is none.
    pub(crate) fn uint(self, name: &str) -> Result<u64, Bad> {
        let parsed = match self.get(name) {
            None => Some(0),
            Some(Json::String(text)) => text.parse().ok(),
            Some(number) => number.as_u64(),
        };
        parsed.ok_or_else(|| format!("{name}: an unsigned integer was expected"))
    }

    /// The message in a field.
    pub(crate) fn object(self, name: &str) -> Result<Option<Object<'a>>, Bad> {
        self.get(name).map(|json| Object::of(json, name)).transpose()
    }

    pub(crate) fn attributes(self, name: &str) -> Result<Vec<Attribute>, Bad> {
        self.list(name)?.iter().map(attribute).collect()
    }
}

fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

pub(crate) fn resource(json: Object<'_>) -> Result<Resource, Bad> {
    Ok(Resource {
        attributes: json.attributes("attributes")?,
        dropped_attributes: json.uint("droppedAttributesCount")? as u32,
    })
}

pub(crate) fn scope(json: Object<'_>) -> Result<Scope, Bad> {
    Ok(Scope {
        name: json.text("name")?.to_owned(),
        version: json.text("version")?.to_owned(),
        attributes: json.attributes("attributes")?,
        dropped_attributes: json.uint("droppedAttributesCount")? as u32,
    })
}

pub(crate) fn attribute(json: &Json) -> Result<Attribute, Bad> {
    let object = Object::of(json, "attribute")?;
    let value = object.get("value").map(any_value).transpose()?.unwrap_or_default();
    Ok(Attribute { key: object.text("key")?.to_owned(), value })
}

pub(crate) fn any_value(json: &Json) -> Result<Value, Bad> {
    let object = Object::of(json, "value")?;
    if let Some(text) = object.get("stringValue") {
        return text.as_str().map(|t| Value::Text(t.to_owned())).ok_or_else(|| wrong("stringValue"));
    }
    if let Some(is) = object.get("boolValue") {
        return is.as_bool().map(Value::Bool).ok_or_else(|| wrong("boolValue"));
    }
    if let Some(n) = object.get("intValue") {
        let parsed = n.as_i64().or_else(|| n.as_str().and_then(|text| text.parse().ok()));
        return parsed.map(Value::Int).ok_or_else(|| wrong("intValue"));
    }
    if let Some(n) = object.get("doubleValue") {
        let parsed = n.as_f64().or_else(|| n.as_str().and_then(|text| text.parse().ok()));
        return parsed.map(Value::Double).ok_or_else(|| wrong("doubleValue"));
    }
    if let Some(bytes) = object.get("bytesValue") {
        let decoded = bytes.as_str().and_then(|text| STANDARD.decode(text).ok());
        return decoded.map(Value::Bytes).ok_or_else(|| wrong("bytesValue"));
    }
    if let Some(list) = object.object("arrayValue")? {
        return list.list("values")?.iter().map(any_value).collect::<Result<_, _>>().map(Value::List);
    }
    if let Some(map) = object.object("kvlistValue")? {
        return map.attributes("values").map(Value::Map);
    }
    Ok(Value::Empty)
}

fn wrong(name: &str) -> Bad {
    format!("{name}: has a value of another type")
}

/// Bytes written in hexadecimal, as ids are; as base64 where some senders write them so.
pub(crate) fn id(text: &str) -> Result<Vec<u8>, Bad> {
    let hex = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    if text.len().is_multiple_of(2)
        && let Some(bytes) = text.as_bytes().chunks(2).map(hex).collect::<Option<Vec<u8>>>()
    {
        return Ok(bytes);
    }
    STANDARD.decode(text).map_err(|_| format!("{text:?} is no id in hexadecimal"))
}
