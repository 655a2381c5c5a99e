//! Steps are taken once, in order, whole or not at all; stores of released numbers open.

use redb::backends::InMemoryBackend;
use redb::{Builder, ReadableTable};

use super::*;

const NOTES: TableDefinition<'_, u64, &str> = TableDefinition::new("notes");

fn memory() -> Database {
    Builder::new().create_with_backend(InMemoryBackend::new()).unwrap()
}

fn one(tx: &WriteTransaction) -> Result<(), redb::Error> {
    tx.open_table(NOTES)?.insert(1, "one")?;
    Ok(())
}

fn two(tx: &WriteTransaction) -> Result<(), redb::Error> {
    tx.open_table(NOTES)?.insert(2, "two")?;
    Ok(())
}

fn fails(tx: &WriteTransaction) -> Result<(), redb::Error> {
    tx.open_table(NOTES)?.insert(3, "half")?;
    Err(redb::Error::Corrupted("as planned".into()))
}

fn notes(db: &Database) -> Vec<u64> {
    let tx = db.begin_read().unwrap();
    tx.open_table(NOTES).unwrap().iter().unwrap().map(|entry| entry.unwrap().0.value()).collect()
}

#[test]
fn missing_steps_are_taken_in_order_and_once() {
    let db = memory();
    assert_eq!(take_steps(&db, "x", &[one]).unwrap(), Migrated { from: 0, to: 1 });
    assert_eq!(notes(&db), [1]);
    assert_eq!(take_steps(&db, "x", &[fails, two]).unwrap(), Migrated { from: 1, to: 2 });
    assert_eq!(take_steps(&db, "x", &[fails, fails]).unwrap(), Migrated { from: 2, to: 2 });
    assert_eq!(notes(&db), [1, 2]);
}

#[test]
fn a_step_that_fails_leaves_no_trace() {
    let db = memory();
    assert!(take_steps(&db, "x", &[one, fails]).is_err());
    assert_eq!(number(&db).unwrap(), 1);
    assert_eq!(notes(&db), [1]);
    assert_eq!(take_steps(&db, "x", &[one, two]).unwrap(), Migrated { from: 1, to: 2 });
}

#[test]
fn a_newer_number_refuses_and_names_both() {
    for kind in [Kind::Meta, Kind::Control] {
        let db = memory();
        assert_eq!(migrate(&db, kind).unwrap(), Migrated { from: 0, to: kind.newest() });
        let tx = db.begin_write().unwrap();
        tx.open_table(SCHEMA).unwrap().insert(NUMBER, 77).unwrap();
        tx.commit().unwrap();
        let error = migrate(&db, kind).unwrap_err().to_string();
        let known = format!("up to {}:", kind.newest());
        assert!(error.contains(kind.name()) && error.contains("77") && error.contains(&known), "{error}");
    }
}
