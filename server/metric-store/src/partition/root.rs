//! A partition's root: its summary, and where its index and postings blocks are.

use super::{Address, Summary};
use crate::schema::FORMAT;
use crate::varint::{self, Reader};

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Root {
    pub(crate) summary: Summary,
    pub(crate) groups: u32,
    /// (number of the first group, where), ascending.
    pub(crate) index: Vec<(u32, Address)>,
    /// Label names, ascending.
    pub(crate) names: Vec<NamePostings>,
}

/// Where the postings of one label name are.
#[derive(Debug, Clone)]
pub(crate) struct NamePostings {
    pub(crate) name: Box<str>,
    /// (first value, where), ascending.
    pub(crate) blocks: Vec<(Box<str>, Address)>,
}

impl Root {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        varint::put(&mut out, u64::from(FORMAT));
        varint::put_bytes(&mut out, &self.summary.encode());
        varint::put(&mut out, u64::from(self.groups));
        varint::put(&mut out, self.index.len() as u64);
        for (first, address) in &self.index {
            varint::put(&mut out, u64::from(*first));
            address.put(&mut out);
        }
        varint::put(&mut out, self.names.len() as u64);
        for name in &self.names {
            varint::put_bytes(&mut out, name.name.as_bytes());
            varint::put(&mut out, name.blocks.len() as u64);
            for (first, address) in &name.blocks {
                varint::put_bytes(&mut out, first.as_bytes());
                address.put(&mut out);
            }
        }
        out
    }

    /// `Err` says why the bytes are no root.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader::new(bytes);
        match reader.varint() {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(format!("its format is {format}, this program reads {FORMAT}")),
            None => return Err("it is empty".into()),
        }
        Root::decode_body(&mut reader).ok_or_else(|| "it does not decode".into())
    }

    fn decode_body(reader: &mut Reader<'_>) -> Option<Self> {
        let summary = Summary::decode(&mut Reader::new(reader.bytes()?))?;
        let groups = u32::try_from(reader.varint()?).ok()?;
        let mut index = Vec::new();
        for _ in 0..reader.count(3)? {
            index.push((u32::try_from(reader.varint()?).ok()?, Address::read(reader)?));
        }
        let mut names = Vec::new();
        for _ in 0..reader.count(2)? {
            let name = reader.text()?.into();
            let mut blocks = Vec::new();
            for _ in 0..reader.count(3)? {
                blocks.push((reader.text()?.into(), Address::read(reader)?));
            }
            names.push(NamePostings { name, blocks });
        }
        Some(Root { summary, groups, index, names })
    }

    /// The postings of a label name.
    pub(crate) fn postings(&self, name: &str) -> Option<&NamePostings> {
        let at = self.names.binary_search_by(|n| (*n.name).cmp(name)).ok()?;
        Some(&self.names[at])
    }
}
