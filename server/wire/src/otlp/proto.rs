//! The shared messages in binary protobuf.

use super::values::{Attribute, Resource, Scope, Value};
use crate::protobuf::{Bad, Reader, Value as Field};

/// How deep values may lie in values.
const MOST_DEPTH: usize = 32;

pub(crate) fn resource(message: &[u8]) -> Result<Resource, Bad> {
    let mut resource = Resource::default();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => resource.attributes.push(attribute(value.bytes()?)?),
            2 => resource.dropped_attributes = value.varint()? as u32,
            _ => {}
        }
    }
    Ok(resource)
}

pub(crate) fn scope(message: &[u8]) -> Result<Scope, Bad> {
    let mut scope = Scope::default();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => scope.name = value.text()?.to_owned(),
            2 => scope.version = value.text()?.to_owned(),
            3 => scope.attributes.push(attribute(value.bytes()?)?),
            4 => scope.dropped_attributes = value.varint()? as u32,
            _ => {}
        }
    }
    Ok(scope)
}

pub(crate) fn attribute(message: &[u8]) -> Result<Attribute, Bad> {
    attribute_at(message, 0)
}

pub(crate) fn any_value(message: &[u8]) -> Result<Value, Bad> {
    value_at(message, 0)
}

fn attribute_at(message: &[u8], depth: usize) -> Result<Attribute, Bad> {
    let mut attribute = Attribute { key: String::new(), value: Value::Empty };
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => attribute.key = value.text()?.to_owned(),
            2 => attribute.value = value_at(value.bytes()?, depth)?,
            _ => {}
        }
    }
    Ok(attribute)
}

fn value_at(message: &[u8], depth: usize) -> Result<Value, Bad> {
    if depth > MOST_DEPTH {
        return Err("values lie too deep in values");
    }
    let mut found = Value::Empty;
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        found = match field {
            1 => Value::Text(value.text()?.to_owned()),
            2 => Value::Bool(value.varint()? != 0),
            3 => Value::Int(value.int64()?),
            4 => Value::Double(value.double()?),
            5 => Value::List(repeated(value, |message| value_at(message, depth + 1))?),
            6 => Value::Map(repeated(value, |message| attribute_at(message, depth + 1))?),
            7 => Value::Bytes(value.bytes()?.to_vec()),
            _ => continue,
        };
    }
    Ok(found)
}

/// The messages of field 1.
fn repeated<T>(message: Field<'_>, read: impl Fn(&[u8]) -> Result<T, Bad>) -> Result<Vec<T>, Bad> {
    let mut all = Vec::new();
    let mut reader = Reader::new(message.bytes()?);
    while let Some((field, value)) = reader.field()? {
        if field == 1 {
            all.push(read(value.bytes()?)?);
        }
    }
    Ok(all)
}
