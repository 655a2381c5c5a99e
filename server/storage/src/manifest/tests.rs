//! Sealing crashes anywhere and loses nothing; a damaged manifest is rebuilt; what it does not know is swept away.

use model::ErrorKind;

use super::*;
use crate::disk::{FaultDisk, Survives};
use crate::table::{PartitionPool, TableDefinition, write_partition};

const ABOUT: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("about");
const STORE: &str = "store";

fn partition(number: u64) -> Partition {
    Partition {
        path: format!("raw/{number}.redb"),
        class: "raw".into(),
        start: -5,
        end: number as i64,
        format: 3,
        sealed_segment: number,
        bytes: 1,
        series: 2,
        items: 4,
        max_id: number * 10,
        extra: vec![1, 2, 3],
    }
}

fn describe(disk: &FaultDisk) -> impl FnMut(&Path) -> Result<Rebuilt> {
    let pool = PartitionPool::new(Arc::new(disk.clone()), 1 << 20, 1);
    move |path| {
        let row = pool.read(path, |tx| {
            let table = tx.open_table(ABOUT)?;
            let value = table.get(&b"row"[..])?.map(|value| value.value().to_vec());
            value.ok_or_else(|| Error::corrupt("", "it has no row"))
        })?;
        Ok(Rebuilt { partition: codec::decode(&row)?, ..Rebuilt::default() })
    }
}

fn open(disk: &FaultDisk) -> Result<(Manifest, StartReport)> {
    Manifest::open(Arc::new(disk.clone()), STORE.as_ref(), &mut describe(disk))
}

fn write(disk: &FaultDisk, partition: &Partition) -> Result<()> {
    disk.create_dir_all("store/raw".as_ref()).map_err(Error::io("create", Path::new("store/raw")))?;
    write_partition(disk, &Path::new(STORE).join(&partition.path), |loader| {
        loader.load(ABOUT, [Ok((b"row", codec::encode(partition)))])
    })?;
    Ok(())
}

fn seal(disk: &FaultDisk, manifest: &Manifest, number: u64) -> Result<()> {
    let partition = partition(number);
    write(disk, &partition)?;
    manifest.commit(&Change {
        sealed_segment: Some(number),
        id_high_water: Some(partition.max_id),
        put: vec![(b"last".to_vec(), Some(vec![number as u8]))],
        add: vec![partition],
        ..Change::default()
    })
}

fn names(disk: &FaultDisk) -> Vec<String> {
    let entries = disk.list("store/raw".as_ref()).unwrap_or_default();
    entries.iter().map(|entry| entry.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_crash_at_any_step_of_sealing_leaves_a_whole_store() {
    // Every step for the power cut, a sample for the kill.
    for (survives, step) in [(Survives::Synced, 1), (Survives::Everything, 5)] {
        for crash in (0..).step_by(step) {
            let disk = FaultDisk::new();
            disk.crash_after(crash);
            let mut sealed = 0;
            if let Ok((manifest, _)) = open(&disk) {
                sealed = (1..3).take_while(|number| seal(&disk, &manifest, *number).is_ok()).count() as u64;
            }
            let crashed = disk.has_crashed();
            disk.restart(survives);
            let (manifest, report) = open(&disk).unwrap();
            let context = format!("{survives:?}, crash at {crash}: {report:?}");
            assert!(report.rebuilt.is_none() && report.missing.is_empty(), "{context}");
            let now = manifest.sealed_segment();
            assert!(now >= sealed, "{context}");
            let known: Vec<String> = (1..=now).map(|number| format!("{number}.redb")).collect();
            assert_eq!(names(&disk), known, "{context}");
            assert_eq!(
                manifest.partitions().values().cloned().collect::<Vec<_>>(),
                (1..=now).map(partition).collect::<Vec<_>>()
            );
            assert_eq!(manifest.id_high_water(), now * 10);
            assert_eq!(manifest.get(b"last").unwrap(), (now > 0).then(|| vec![now as u8]));
            seal(&disk, &manifest, now + 1).unwrap();
            if !crashed {
                break;
            }
        }
    }
}

#[test]
fn a_damaged_or_missing_manifest_is_rebuilt_wherever_that_is_cut_short() {
    let damages: [fn(&FaultDisk); 4] = [
        |disk| disk.remove("store/meta.redb".as_ref()).unwrap(),
        |disk| disk.replace("store/meta.redb".as_ref(), b"").unwrap(),
        |disk| disk.replace("store/meta.redb".as_ref(), &[7; 9000]).unwrap(),
        |disk| {
            let bytes = disk.read("store/meta.redb".as_ref()).unwrap();
            disk.replace("store/meta.redb".as_ref(), &bytes[..bytes.len() / 2]).unwrap();
        },
    ];
    for (which, damage) in damages.iter().enumerate() {
        // Every step for the first, a sample for the others: they only begin differently.
        let mut crash = 0;
        loop {
            let disk = FaultDisk::new();
            let (manifest, _) = open(&disk).unwrap();
            seal(&disk, &manifest, 1).unwrap();
            seal(&disk, &manifest, 2).unwrap();
            drop(manifest);
            damage(&disk);
            disk.restart(Survives::Everything);
            disk.crash_after(crash);
            let first = open(&disk).map(|(_, report)| report);
            let crashed = disk.has_crashed();
            disk.restart(Survives::Synced);
            let (manifest, _) = open(&disk).unwrap();
            let context = format!("damage {which}, crash at {crash}");
            let paths: Vec<String> = manifest.partitions().keys().cloned().collect();
            assert_eq!(paths, ["raw/1.redb", "raw/2.redb"], "{context}");
            assert_eq!((manifest.sealed_segment(), manifest.id_high_water()), (2, 20), "{context}");
            if !crashed {
                assert!(first.unwrap().rebuilt.is_some(), "{context}");
                break;
            }
            crash += if which == 0 { 1 } else { 7 };
        }
    }
}

#[test]
fn a_rebuild_sets_aside_what_it_cannot_read_and_drops_what_was_replaced() {
    let disk = FaultDisk::new();
    for number in 1..4 {
        write(&disk, &partition(number)).unwrap();
    }
    disk.replace("store/raw/2.redb".as_ref(), &[1; 5000]).unwrap();
    let mut plain = describe(&disk);
    let mut describe = |path: &Path| {
        let mut found = plain(path)?;
        if found.partition.path == "raw/3.redb" {
            found.supersedes.push("raw/1.redb".into());
            found.put.push((b"k".to_vec(), b"v".to_vec()));
        }
        Ok(found)
    };
    let (manifest, report) = Manifest::open(Arc::new(disk.clone()), STORE.as_ref(), &mut describe).unwrap();
    assert_eq!(manifest.partitions().keys().collect::<Vec<_>>(), ["raw/3.redb"]);
    assert_eq!(report.unreadable.len(), 1);
    assert_eq!(names(&disk), ["2.redb.corrupt", "3.redb"]);
    assert_eq!(manifest.scan(b"").unwrap(), [(b"k".to_vec(), b"v".to_vec())]);
    drop(manifest);
    open(&disk).unwrap();
    assert_eq!(names(&disk), ["2.redb.corrupt", "3.redb"], "evidence stays");
}

#[test]
fn unknown_files_go_and_missing_partitions_are_reported() {
    let disk = FaultDisk::new();
    let (manifest, _) = open(&disk).unwrap();
    seal(&disk, &manifest, 1).unwrap();
    seal(&disk, &manifest, 2).unwrap();
    drop(manifest);
    for path in ["raw/1.redb.tmp", "raw/9.redb", "raw/9.words", "raw/1.words", "wal/1.wal", "raw/1-1.redb"] {
        let path = Path::new(STORE).join(path);
        disk.create_dir_all(path.parent().unwrap()).unwrap();
        disk.replace(&path, b"x").unwrap();
    }
    disk.create_dir_all("store/raw/9.index".as_ref()).unwrap();
    disk.create_dir_all("store/raw/1.index".as_ref()).unwrap();
    disk.remove("store/raw/2.redb".as_ref()).unwrap();
    let (manifest, report) = open(&disk).unwrap();
    assert_eq!(names(&disk), ["1.index", "1.redb", "1.words"]);
    assert_eq!(report.removed.len(), 5, "{report:?}");
    assert_eq!(report.missing, [partition(2)]);
    assert!(disk.exists("store/wal/1.wal".as_ref()).unwrap());
    assert_eq!(manifest.unlink("raw/1.redb").unwrap_err().kind(), ErrorKind::Unavailable);
    let paths = vec!["raw/1.redb".into(), "raw/2.redb".into()];
    manifest.commit(&Change { remove: paths, ..Change::default() }).unwrap();
    manifest.unlink("raw/1.redb").unwrap();
    manifest.unlink("raw/2.redb").unwrap();
    assert_eq!(names(&disk), Vec::<String>::new());
    assert_eq!(manifest.sealed_segment(), 2, "it never goes back");
}

#[test]
fn keys_of_the_owner_come_back_in_order() {
    let disk = FaultDisk::new();
    let (manifest, _) = open(&disk).unwrap();
    let put = |key: &str, value: Option<&str>| {
        let put = vec![(key.as_bytes().to_vec(), value.map(|value| value.as_bytes().to_vec()))];
        manifest.commit(&Change { put, ..Change::default() }).unwrap();
    };
    for key in ["b/2", "a", "b/1", "c", "b/3"] {
        put(key, Some(key));
    }
    put("b/3", None);
    let found: Vec<Vec<u8>> = manifest.scan(b"b/").unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(found, [b"b/1".to_vec(), b"b/2".to_vec()]);
    assert_eq!(manifest.get(b"b/3").unwrap(), None);
}

#[test]
fn it_works_on_the_real_disk_too() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(crate::RealDisk);
    let folder = dir.path().join("a/store");
    let mut refuse =
        |path: &Path| -> Result<Rebuilt> { Err(Error::corrupt(path, "nothing is to be rebuilt")) };
    let (manifest, _) = Manifest::open(Arc::clone(&disk), &folder, &mut refuse).unwrap();
    let row = partition(1);
    let file = manifest.file_of(&row);
    disk.create_dir_all(file.parent().unwrap()).unwrap();
    let rows = (0..1000u32).map(|n| Ok((n.to_be_bytes(), vec![1; 4000])));
    let (count, bytes) = write_partition(&*disk, &file, |loader| loader.load(ABOUT, rows)).unwrap();
    assert_eq!(count, 1000);
    assert!((4_000_000..5_000_000).contains(&bytes), "{bytes} for 4 MB of values");
    manifest.commit(&Change { add: vec![row], sealed_segment: Some(1), ..Change::default() }).unwrap();
    let log = folder.join("wal");
    let options = crate::WalOptions::default();
    let mut seen = Vec::new();
    for round in 0..3u8 {
        seen.clear();
        let (wal, replayed) = crate::Wal::open(Arc::clone(&disk), &log, options, 1, &mut |record| {
            seen.push(record.payload[0]);
            Ok(())
        })
        .unwrap();
        assert_eq!(replayed.damage, []);
        wal.begin_segment([[100 + round]]).unwrap();
        wal.append(&[round]).unwrap().wait().unwrap();
        // Dropped without a close: what was acknowledged is there.
    }
    assert_eq!(seen, [100, 0, 101, 1]);
    drop(manifest);
    std::fs::write(folder.join("raw/7.redb.tmp"), "x").unwrap();
    let (manifest, report) = Manifest::open(disk, &folder, &mut refuse).unwrap();
    assert!(report.rebuilt.is_none() && report.missing.is_empty());
    assert_eq!(report.removed, [folder.join("raw/7.redb.tmp")]);
    assert_eq!(manifest.partitions().len(), 1);
}
