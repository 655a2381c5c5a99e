//! Every step that the stored schema has taken. A step freezes the types it touches and is never edited after its
//! release; each runs in one write transaction that also records its number.

use redb::{Database, ReadableDatabase, TableDefinition, TableError, WriteTransaction};

#[path = "../control/0001_documents.rs"]
mod control_0001_documents;
#[path = "../meta/0001_manifest.rs"]
mod meta_0001_manifest;

/// The one table that no step makes: it says which steps were taken.
const SCHEMA: TableDefinition<'_, &str, u64> = TableDefinition::new("schema");
const NUMBER: &str = "number";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `meta.redb` of a store: what its partitions are.
    Meta,
    /// `control.redb`: dashboards, users, alert states.
    Control,
}

type Run = fn(&WriteTransaction) -> Result<(), redb::Error>;

/// Step n stands at index n - 1.
const META: &[Run] = &[meta_0001_manifest::run];
const CONTROL: &[Run] = &[control_0001_documents::run];

impl Kind {
    fn steps(self) -> &'static [Run] {
        match self {
            Kind::Meta => META,
            Kind::Control => CONTROL,
        }
    }

    /// The name that people know.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Meta => "meta.redb",
            Kind::Control => "control.redb",
        }
    }

    /// The number of the newest step that this program knows.
    pub fn newest(self) -> u64 {
        self.steps().len() as u64
    }
}

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A newer program wrote it.
    #[error(
        "{name} has schema number {found}, this program knows numbers up to {known}: start the newer version of Pharos \
         that wrote it, or restore a backup made by this one"
    )]
    Newer {
        /// Which database.
        name: &'static str,
        /// The number it has.
        found: u64,
        /// The newest number that this program knows.
        known: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Database(Box<redb::Error>),
}

impl<E: Into<redb::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Error::Database(Box::new(error.into()))
    }
}

/// From which number to which a database was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The number it had; 0 = a new one.
    pub from: u64,
    /// The number it has.
    pub to: u64,
}

/// Takes the steps that `db` lacks, each in a transaction of its own.
pub fn migrate(db: &Database, kind: Kind) -> Result<Migrated, Error> {
    take_steps(db, kind.name(), kind.steps())
}

/// The number that `db` has; 0 if it has none.
pub fn number(db: &impl ReadableDatabase) -> Result<u64, Error> {
    match db.begin_read()?.open_table(SCHEMA) {
        Ok(table) => Ok(table.get(NUMBER)?.map_or(0, |number| number.value())),
        Err(TableError::TableDoesNotExist(_)) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn take_steps(db: &Database, name: &'static str, steps: &[Run]) -> Result<Migrated, Error> {
    let known = steps.len() as u64;
    let from = number(db)?;
    if from > known {
        return Err(Error::Newer { name, found: from, known });
    }
    for (step, to) in steps.iter().zip(1..).skip(from as usize) {
        let mut tx = db.begin_write()?;
        tx.set_quick_repair(true);
        step(&tx)?;
        tx.open_table(SCHEMA)?.insert(NUMBER, to)?;
        tx.commit()?;
    }
    Ok(Migrated { from, to: known })
}

#[cfg(test)]
mod tests;
