//! Partitions are whole or absent; growing files keep what was committed; damage is an error, never a panic.

use std::path::Path;
use std::sync::Arc;

use migrations::Kind;
use model::ErrorKind;

use super::*;
use crate::disk::{Disk, Fault, FaultDisk, Operation, Survives};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const FILE: &str = "store/raw/1.redb";

fn disk() -> FaultDisk {
    let disk = FaultDisk::new();
    disk.create_dir_all("store/raw".as_ref()).unwrap();
    disk
}

fn fill(disk: &FaultDisk, path: &str, rows: u32) -> Result<(u64, u64)> {
    write_partition(disk, path.as_ref(), |loader| {
        loader.load(ROWS, (0..rows).map(|n| Ok((n.to_be_bytes(), vec![n as u8; 100]))))
    })
}

fn pool(disk: &FaultDisk, max_open: usize) -> PartitionPool {
    PartitionPool::new(Arc::new(disk.clone()), 1 << 20, max_open)
}

fn rows(pool: &PartitionPool, path: &str) -> Result<Vec<u32>> {
    pool.read(path.as_ref(), |tx| {
        let mut found = Vec::new();
        for entry in tx.open_table(ROWS)?.iter()? {
            let (key, value) = entry?;
            let number = u32::from_be_bytes(key.value().try_into().expect("four bytes"));
            assert_eq!(value.value(), vec![number as u8; 100]);
            found.push(number);
        }
        Ok(found)
    })
}

#[test]
fn a_partition_is_whole_or_absent_wherever_the_crash_is() {
    for survives in [Survives::Synced, Survives::Everything, Survives::Random(5)] {
        for crash in 0.. {
            let disk = disk();
            disk.crash_after(crash);
            let done = fill(&disk, FILE, 200).is_ok();
            let crashed = disk.has_crashed();
            disk.restart(survives);
            let there = disk.exists(FILE.as_ref()).unwrap();
            assert!(there || !done, "{survives:?}, crash at {crash}");
            if there {
                assert_eq!(rows(&pool(&disk, 2), FILE).unwrap().len(), 200, "{survives:?}, crash at {crash}");
            }
            if !crashed {
                break;
            }
        }
    }
}

#[test]
fn a_failed_write_leaves_no_file() {
    for (operation, fault) in [
        (Operation::Sync, Fault::Io),
        (Operation::Write, Fault::NoSpace),
        (Operation::SetLen, Fault::NoSpace),
    ] {
        for skip in 0.. {
            let disk = disk();
            disk.fail(Some(operation), skip, 1, fault);
            match fill(&disk, FILE, 10) {
                Ok(_) => break,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                    assert_eq!(disk.list("store/raw".as_ref()).unwrap(), [], "{operation:?} {skip}");
                }
            }
        }
    }
}

#[test]
fn keys_out_of_order_and_errors_of_the_owner_come_back() {
    let disk = disk();
    let load = |keys: [u8; 2]| {
        write_partition(&disk, FILE.as_ref(), |loader| {
            loader.load(ROWS, keys.into_iter().map(|key| Ok(([key], vec![]))))
        })
    };
    assert!(load([2, 1]).is_err());
    let failing: Result<((), u64)> =
        write_partition(&disk, FILE.as_ref(), |_| Err(model::Error::bad_input("mine").into()));
    assert_eq!(failing.unwrap_err().to_string(), "mine");
    assert!(load([1, 2]).is_ok());
}

#[test]
fn the_pool_keeps_the_recently_used_open() {
    let disk = disk();
    let paths: Vec<String> = (0..4).map(|n| format!("store/raw/{n}.redb")).collect();
    for (path, rows) in paths.iter().zip(1..) {
        fill(&disk, path, rows).unwrap();
    }
    let pool = pool(&disk, 2);
    for (path, count) in paths.iter().zip(1..) {
        assert_eq!(rows(&pool, path).unwrap().len(), count);
    }
    assert_eq!(pool.open_count(), 2);
    let held = pool.open(paths[3].as_ref()).unwrap();
    assert!(Arc::ptr_eq(&held, &pool.open(paths[3].as_ref()).unwrap()));
    disk.remove(paths[3].as_ref()).unwrap();
    pool.forget(paths[3].as_ref());
    assert_eq!(pool.open_count(), 1);
    held.read(|tx| Ok(tx.open_table(ROWS)?.get(&[0, 0, 0, 0][..])?.is_some())).unwrap();
    assert_eq!(rows(&pool, &paths[3]).unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let disk = disk();
    let (_, bytes) = fill(&disk, FILE, 500).unwrap();
    let good = disk.read(FILE.as_ref()).unwrap();
    for at in (0..bytes.min(64)).chain((64..bytes).step_by(4099)) {
        disk.flip(FILE.as_ref(), at).unwrap();
        // The value may be changed silently (blobs have checksums); what counts is to come back at all.
        let outcome = pool(&disk, 1).read(FILE.as_ref(), |tx| {
            tx.open_table(ROWS)?.iter()?.try_for_each(|entry| entry.map(|_| ()))?;
            Ok(())
        });
        if at < 8 {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Corrupt, "byte {at}");
        }
        disk.flip(FILE.as_ref(), at).unwrap();
    }
    for len in [0, 1, 100, 4096, bytes as usize / 2] {
        disk.replace(FILE.as_ref(), &good[..len]).unwrap();
        let error = rows(&pool(&disk, 1), FILE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{len} bytes: {error}");
        assert!(error.to_string().contains(FILE), "{error}");
    }
}

const DB: &str = "store/meta.redb";
const OWNER: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("owner");

fn growing(disk: &FaultDisk) -> Result<GrowingDb> {
    GrowingDb::open(Arc::new(disk.clone()), Path::new(DB), Kind::Meta, 1 << 20)
}

fn put(db: &GrowingDb, key: u8) -> Result<()> {
    db.write(|tx| {
        tx.open_table(OWNER)?.insert(&[key][..], &b"value"[..])?;
        Ok(())
    })
}

fn keys(db: &GrowingDb) -> Vec<u8> {
    db.read(|tx| {
        let table = tx.open_table(OWNER)?;
        let found: std::result::Result<Vec<u8>, _> =
            table.iter()?.map(|entry| entry.map(|(key, _)| key.value()[0])).collect();
        Ok(found?)
    })
    .unwrap()
}

#[test]
fn what_was_committed_survives_a_crash_at_any_operation() {
    for survives in [Survives::Synced, Survives::Torn(5000)] {
        for crash in 0.. {
            let disk = disk();
            disk.crash_after(crash);
            let mut acked = Vec::new();
            if let Ok(db) = growing(&disk) {
                acked.extend((0..3).filter(|key| put(&db, *key).is_ok()));
            }
            let crashed = disk.has_crashed();
            disk.restart(survives);
            let found = keys(&growing(&disk).unwrap());
            assert!(found.starts_with(&acked), "{survives:?}, crash at {crash}: {acked:?}, {found:?}");
            if !crashed {
                break;
            }
        }
    }
}

#[test]
fn it_is_reopened_after_an_error() {
    let disk = disk();
    let db = growing(&disk).unwrap();
    put(&db, 1).unwrap();
    for (operation, fault) in [(Operation::Sync, Fault::Io), (Operation::Write, Fault::NoSpace)] {
        disk.fail(Some(operation), 0, 3, fault);
        assert_eq!(put(&db, 2).unwrap_err().kind(), ErrorKind::Unavailable);
        disk.heal();
        assert!(keys(&db).starts_with(&[1]));
        put(&db, 3).unwrap();
    }
    drop(db);
    disk.restart(Survives::Synced);
    assert!(keys(&growing(&disk).unwrap()).contains(&3));
}
