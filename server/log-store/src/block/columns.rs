//! Demoted labels and structured metadata of a block, a column a name.

use std::collections::BTreeMap;

use model::Labels;
use rustc_hash::FxHashMap;

use crate::codec::{Reader, pack, put_bytes, put_varint, unpack};
use crate::rows::Extra;
use crate::{Error, Result};

/// One name's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Whether it was a label of the stream.
    pub(crate) demoted: bool,
    /// Distinct values.
    pub(crate) values: Vec<String>,
    /// For each entry 0 (absent) or its value's index + 1.
    pub(crate) index: Vec<u32>,
}

/// All columns of a block, sorted by (demoted, name).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Columns(pub(crate) Vec<Column>);

impl Columns {
    /// The columns of entries that carry `extras[extra_of[i]]`.
    pub(crate) fn of_extras(extra_of: &[u32], extras: &[Extra]) -> Self {
        struct Growing<'a> {
            values: Vec<&'a str>,
            seen: FxHashMap<&'a str, u32>,
            of_extra: Vec<u32>,
        }
        let mut growing: BTreeMap<(bool, &str), Growing<'_>> = BTreeMap::new();
        for (i, extra) in extras.iter().enumerate() {
            for (demoted, labels) in [(false, &extra.metadata), (true, &extra.demoted)] {
                for (name, value) in labels.iter() {
                    let column = growing.entry((demoted, name)).or_insert_with(|| Growing {
                        values: Vec::new(),
                        seen: FxHashMap::default(),
                        of_extra: vec![0; extras.len()],
                    });
                    let next = column.values.len() as u32 + 1;
                    let index = *column.seen.entry(value).or_insert(next);
                    if index == next {
                        column.values.push(value);
                    }
                    column.of_extra[i] = index;
                }
            }
        }
        let finish = |((demoted, name), column): ((bool, &str), Growing<'_>)| Column {
            name: name.to_owned(),
            demoted,
            values: column.values.into_iter().map(str::to_owned).collect(),
            index: extra_of.iter().map(|extra| column.of_extra[*extra as usize]).collect(),
        };
        let mut columns: Vec<Column> = growing.into_iter().map(finish).collect();
        columns.retain(|column| column.index.iter().any(|index| *index != 0));
        Columns(columns)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has_metadata(&self) -> bool {
        self.0.iter().any(|column| !column.demoted)
    }

    /// Names of demoted labels.
    pub(crate) fn demoted_names(&self) -> Vec<String> {
        self.0.iter().filter(|column| column.demoted).map(|column| column.name.clone()).collect()
    }

    /// Labels (demoted or metadata) of an entry.
    pub(crate) fn labels(&self, demoted: bool, entry: usize) -> Labels {
        let pairs = self.0.iter().filter(|column| column.demoted == demoted).filter_map(|column| {
            let index = column.index[entry].checked_sub(1)?;
            Some((column.name.as_str(), column.values[index as usize].as_str()))
        });
        Labels::from_sorted(pairs).unwrap_or_default()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0.len() as u64);
        for column in &self.0 {
            out.push(u8::from(column.demoted));
            put_bytes(out, column.name.as_bytes());
            put_varint(out, column.values.len() as u64);
            column.values.iter().for_each(|value| put_bytes(out, value.as_bytes()));
            let index: Vec<u64> = column.index.iter().map(|index| u64::from(*index)).collect();
            pack(&index, out);
        }
    }

    pub(crate) fn decode(mut reader: Reader<'_>, entries: usize) -> Result<Self> {
        let n = reader.count()?;
        let mut columns: Vec<Column> = Vec::with_capacity(n);
        for _ in 0..n {
            let demoted = reader.byte()? != 0;
            let name = reader.text()?.to_owned();
            let count = reader.count()?;
            let values: Vec<String> =
                (0..count).map(|_| Ok(reader.text()?.to_owned())).collect::<Result<_>>()?;
            let mut packed = Vec::new();
            unpack(&mut reader, entries, &mut packed)?;
            if packed.iter().any(|index| *index > count as u64) {
                return Err(Error::corrupt(format!(
                    "column {name:?} refers to values that it does not have"
                )));
            }
            if columns
                .last()
                .is_some_and(|last| (last.demoted, last.name.as_str()) >= (demoted, name.as_str()))
            {
                return Err(Error::corrupt("columns are not sorted"));
            }
            columns.push(Column { name, demoted, values, index: packed.iter().map(|i| *i as u32).collect() });
        }
        Ok(Columns(columns))
    }
}

/// Labels of entries, each distinct combination of values built once.
#[derive(Debug)]
pub(crate) struct LabelCache<'a> {
    columns: Vec<&'a Column>,
    known: FxHashMap<Vec<u32>, u32>,
    /// The distinct label sets, by the index that [`LabelCache::index`] gives.
    pub(crate) labels: Vec<Labels>,
    last: Vec<u32>,
    last_index: u32,
}

impl<'a> LabelCache<'a> {
    pub(crate) fn new(columns: &'a Columns, demoted: bool) -> Self {
        LabelCache {
            columns: columns.0.iter().filter(|column| column.demoted == demoted).collect(),
            known: FxHashMap::default(),
            labels: Vec::new(),
            last: Vec::new(),
            last_index: u32::MAX,
        }
    }

    /// Whether no entry has any.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The index in `labels` of an entry's label set.
    pub(crate) fn index(&mut self, entry: usize) -> u32 {
        let same = self.last_index != u32::MAX
            && self.columns.iter().zip(&self.last).all(|(column, last)| column.index[entry] == *last);
        if same {
            return self.last_index;
        }
        let key: Vec<u32> = self.columns.iter().map(|column| column.index[entry]).collect();
        let index = match self.known.get(&key) {
            Some(index) => *index,
            None => {
                let pairs = self.columns.iter().zip(&key).filter_map(|(column, index)| {
                    let value = &column.values[index.checked_sub(1)? as usize];
                    Some((column.name.as_str(), value.as_str()))
                });
                self.labels.push(Labels::from_sorted(pairs).unwrap_or_default());
                let index = self.labels.len() as u32 - 1;
                self.known.insert(key.clone(), index);
                index
            }
        };
        (self.last, self.last_index) = (key, index);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_in_any_mixture() {
        let extra = |demoted: &[(&str, &str)], metadata: &[(&str, &str)]| Extra {
            demoted: Labels::from_pairs(demoted.iter().copied()),
            metadata: Labels::from_pairs(metadata.iter().copied()),
        };
        let extras = [
            extra(&[], &[]),
            extra(&[("a", "1")], &[("a", "2"), ("b", "3")]),
            extra(&[("a", "1"), ("z", "ü")], &[]),
            extra(&[], &[("unused", "x")]),
        ];
        let extra_of = [1, 0, 2, 1, 1];
        let columns = Columns::of_extras(&extra_of, &extras);
        assert_eq!(columns.demoted_names(), ["a", "z"]);
        let mut out = Vec::new();
        columns.encode(&mut out);
        let back = Columns::decode(Reader(&out), 5).expect("decodes");
        assert_eq!(back, columns);
        let mut cache = LabelCache::new(&back, true);
        for (entry, extra) in extra_of.iter().enumerate() {
            let expect = &extras[*extra as usize];
            assert_eq!(back.labels(true, entry), expect.demoted);
            assert_eq!(back.labels(false, entry), expect.metadata);
            let index = cache.index(entry);
            assert_eq!(cache.labels[index as usize], expect.demoted);
        }
        assert_eq!(cache.labels.len(), 3);
        for cut in 0..out.len() {
            assert!(Columns::decode(Reader(&out[..cut]), 5).is_err(), "cut at {cut}");
        }
    }
}
