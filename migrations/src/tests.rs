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

/// What a store of number 1 held when that was the newest: `fixtures/<kind>-0001.redb`.
fn fixture(kind: Kind) -> Database {
    let name = format!("{}-0001.redb", kind.name().trim_end_matches(".redb"));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let backend = InMemoryBackend::new();
    redb::StorageBackend::set_len(&backend, bytes.len() as u64).unwrap();
    redb::StorageBackend::write(&backend, 0, &bytes).unwrap();
    Builder::new().create_with_backend(backend).unwrap()
}

#[test]
fn a_meta_store_of_number_1_opens_with_what_it_held() {
    let db = fixture(Kind::Meta);
    assert_eq!(number(&db).unwrap(), 1);
    assert_eq!(migrate(&db, Kind::Meta).unwrap(), Migrated { from: 1, to: Kind::Meta.newest() });
    let tx = db.begin_read().unwrap();
    let partitions = tx.open_table(TableDefinition::<&[u8], &[u8]>::new("partitions")).unwrap();
    assert_eq!(partitions.get(&b"raw/1.redb"[..]).unwrap().unwrap().value(), b"row");
    let counters = tx.open_table(TableDefinition::<&[u8], u64>::new("counters")).unwrap();
    assert_eq!(counters.get(&b"id_high_water"[..]).unwrap().unwrap().value(), 42);
    let owner = tx.open_table(TableDefinition::<&[u8], &[u8]>::new("owner")).unwrap();
    assert_eq!(owner.get(&b"key"[..]).unwrap().unwrap().value(), b"value");
}

#[test]
fn a_control_store_of_number_1_opens_with_what_it_held() {
    let db = fixture(Kind::Control);
    assert_eq!(number(&db).unwrap(), 1);
    assert_eq!(migrate(&db, Kind::Control).unwrap(), Migrated { from: 1, to: Kind::Control.newest() });
    let tx = db.begin_read().unwrap();
    let documents = tx.open_table(TableDefinition::<(&str, &str), &[u8]>::new("documents")).unwrap();
    assert_eq!(documents.get(("dashboard", "host")).unwrap().unwrap().value(), b"{}");
}

/// Made the fixtures; kept to show how. It refuses to touch one that exists.
#[test]
#[ignore = "writes into the source tree"]
fn make_fixtures() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    std::fs::create_dir_all(&dir).unwrap();
    for (kind, name) in [(Kind::Meta, "meta-0001.redb"), (Kind::Control, "control-0001.redb")] {
        assert!(!dir.join(name).exists() && kind.newest() == 1, "a released fixture is never made again");
        let db = Database::create(dir.join(name)).unwrap();
        migrate(&db, kind).unwrap();
        let tx = db.begin_write().unwrap();
        match kind {
            Kind::Meta => {
                let bytes = |name| TableDefinition::<&[u8], &[u8]>::new(name);
                let counters = TableDefinition::<&[u8], u64>::new("counters");
                tx.open_table(bytes("partitions")).unwrap().insert(&b"raw/1.redb"[..], &b"row"[..]).unwrap();
                tx.open_table(bytes("owner")).unwrap().insert(&b"key"[..], &b"value"[..]).unwrap();
                tx.open_table(counters).unwrap().insert(&b"id_high_water"[..], 42).unwrap();
            }
            Kind::Control => {
                let documents = TableDefinition::<(&str, &str), &[u8]>::new("documents");
                tx.open_table(documents).unwrap().insert(("dashboard", "host"), &b"{}"[..]).unwrap();
            }
        }
        tx.commit().unwrap();
    }
}
