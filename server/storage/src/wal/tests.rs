//! What is acknowledged survives: torn tails, crashes at every operation, failed syncs, full disks, damage.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::ErrorKind;
use proptest::prelude::*;

use super::*;
use crate::disk::{Disk, Fault, FaultDisk, Operation, Survives};

const DIR: &str = "store/wal";

fn options() -> WalOptions {
    WalOptions { segment_bytes: 120, retry: Duration::from_millis(1), ..WalOptions::default() }
}

fn open(disk: &FaultDisk, options: WalOptions) -> crate::Result<(Wal, Vec<u32>, Replayed)> {
    let mut found = Vec::new();
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let (wal, report) = Wal::open(disk, DIR.as_ref(), options, 1, &mut |record| {
        collect(&record, &mut found);
        Ok(())
    })?;
    Ok((wal, found, report))
}

/// A state record says "all numbers below n"; the others are numbers.
fn collect(record: &Record<'_>, found: &mut Vec<u32>) {
    let number = u32::from_le_bytes(record.payload[1..5].try_into().unwrap());
    match record.payload[0] {
        b'S' => {
            assert!(record.first, "a state record begins its segment");
            assert!(found.last().is_none_or(|last| *last < number), "{found:?} before state {number}");
        }
        _ => found.push(number),
    }
}

fn record(kind: u8, number: u32) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend_from_slice(&number.to_le_bytes());
    out.extend(std::iter::repeat_n(number as u8, number as usize % 23));
    out
}

/// Appends and waits for each number; the acknowledged ones are in `acked` even if it fails.
fn write(disk: &FaultDisk, numbers: std::ops::Range<u32>, acked: &mut Vec<u32>) -> crate::Result<()> {
    let (wal, ..) = open(disk, options())?;
    for number in numbers {
        if wal.wants_segment() {
            wal.begin_segment([record(b'S', number)])?;
        }
        wal.append(&record(b'R', number))?.wait()?;
        acked.push(number);
    }
    wal.close()
}

fn replayed(disk: &FaultDisk) -> (Vec<u32>, Replayed) {
    let mut found = Vec::new();
    let report = replay(disk, DIR.as_ref(), (0, false), &mut |record| {
        collect(&record, &mut found);
        Ok(())
    })
    .unwrap();
    (found, report)
}

#[test]
fn a_crash_at_any_operation_loses_nothing_acknowledged() {
    let ways = [Survives::Synced, Survives::Everything, Survives::Torn(7), Survives::Random(9)];
    for survives in ways {
        for crash in 0.. {
            let disk = FaultDisk::new();
            disk.crash_after(crash);
            let mut acked = Vec::new();
            let _ = write(&disk, 0..12, &mut acked);
            let crashed = disk.has_crashed();
            disk.restart(survives);
            // The second life crashes, too: a log with a torn tail is continued and read again.
            disk.crash_after(crash % 11);
            let _ = write(&disk, 20..23, &mut acked);
            disk.restart(survives);
            write(&disk, 30..32, &mut acked).unwrap();
            let (found, report) = replayed(&disk);
            let context = format!("{survives:?}, crash at {crash}: {acked:?}, {found:?}, {report:?}");
            assert!(acked.iter().all(|number| found.contains(number)), "{context}");
            assert!(found.is_sorted_by(|a, b| a < b), "{context}");
            assert_eq!(report.damage, [], "{context}");
            if !crashed {
                break;
            }
        }
    }
}

#[test]
fn a_tail_torn_at_any_byte_is_cut() {
    let disk = FaultDisk::new();
    let (wal, ..) = open(&disk, WalOptions::default()).unwrap();
    wal.begin_segment([record(b'S', 0)]).unwrap();
    let mut ends = Vec::new();
    for number in 1..5 {
        ends.push(wal.append(&record(b'R', number)).unwrap().position().offset);
    }
    wal.close().unwrap();
    let path = segment::path_of(DIR.as_ref(), 1);
    let whole = disk.read(&path).unwrap();
    assert_eq!(ends.last(), Some(&(whole.len() as u64)));
    for garbage in [&[][..], &[0; 40], &[0xff; 40]] {
        for cut in 0..=whole.len() {
            let disk = FaultDisk::new();
            disk.create_dir_all(DIR.as_ref()).unwrap();
            disk.replace(&path, &[&whole[..cut], garbage].concat()).unwrap();
            let whole_records = ends.iter().filter(|end| **end <= cut as u64).count();
            let (found, report) = replayed(&disk);
            assert_eq!(found, (1..=whole_records as u32).collect::<Vec<_>>(), "cut at {cut}");
            assert_eq!(report.damage, [], "cut at {cut}");
            let mut acked = found;
            write(&disk, 10..12, &mut acked).unwrap();
            let (found, report) = replayed(&disk);
            assert_eq!((found, report.damage, report.torn_bytes), (acked, vec![], 0), "cut at {cut}");
        }
    }
}

#[test]
fn damage_in_an_older_segment_is_reported_and_passed_over() {
    let disk = FaultDisk::new();
    let mut acked = Vec::new();
    write(&disk, 0..20, &mut acked).unwrap();
    let (wal, ..) = open(&disk, options()).unwrap();
    let second = wal.segments()[1].clone();
    drop(wal);
    let offset = segment::HEADER_BYTES as u64 + 20;
    disk.flip(&second.path, offset).unwrap();
    let (found, report) = replayed(&disk);
    assert_eq!(report.damage.len(), 1);
    assert_eq!(report.damage[0].path, second.path);
    assert!(report.damage[0].offset <= offset && report.damage[0].offset + report.damage[0].bytes >= offset);
    assert!(found.len() < 20 && found.contains(&0) && found.contains(&19), "{found:?}");
    disk.remove(&second.path).unwrap();
    let (found, report) = replayed(&disk);
    assert!(report.damage[0].what.contains("missing") && found.contains(&19), "{report:?}");
}

/// Waits until the log has found by itself that the disk works again.
fn recovered(wal: &Wal) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !wal.wants_segment() {
        assert!(Instant::now() < deadline, "the log does not recover: {:?}", wal.health());
        std::thread::yield_now();
    }
}

#[test]
fn a_failed_sync_is_never_acknowledged() {
    let disk = FaultDisk::new();
    let (wal, ..) = open(&disk, options()).unwrap();
    wal.begin_segment([record(b'S', 0)]).unwrap();
    wal.append(&record(b'R', 0)).unwrap().wait().unwrap();
    for round in 1..4 {
        disk.fail(Some(Operation::Sync), 0, 1 + round, Fault::Io);
        let failed = wal.append(&record(b'R', 100 * round as u32)).unwrap();
        assert_eq!(failed.wait().unwrap_err().kind(), ErrorKind::Unavailable);
        recovered(&wal);
        wal.health().unwrap();
        let refused = wal.append(&record(b'R', 7)).map(|_| ()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "the state comes first");
        wal.begin_segment([record(b'S', round as u32)]).unwrap();
        wal.append(&record(b'R', round as u32)).unwrap().wait().unwrap();
    }
    drop(wal);
    disk.restart(Survives::Synced);
    let (found, report) = replayed(&disk);
    assert_eq!((found, report.damage), (vec![0, 1, 2, 3], vec![]));
}

#[test]
fn a_full_disk_is_unavailable_until_there_is_space() {
    let disk = FaultDisk::new();
    let (wal, ..) = open(&disk, WalOptions { ahead_bytes: 0, ..options() }).unwrap();
    wal.begin_segment([record(b'S', 0)]).unwrap();
    wal.append(&record(b'R', 0)).unwrap().wait().unwrap();
    disk.set_capacity(Some(disk.used()));
    let error = wal.append(&record(b'R', 100)).unwrap().wait().unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(wal.begin_segment([b""]).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(wal.health().unwrap_err().kind(), ErrorKind::Unavailable);
    disk.set_capacity(None);
    recovered(&wal);
    wal.begin_segment([record(b'S', 1)]).unwrap();
    wal.append(&record(b'R', 1)).unwrap().wait().unwrap();
    wal.close().unwrap();
    let (found, report) = replayed(&disk);
    assert_eq!((found, report.damage), (vec![0, 1], vec![]));
}

#[test]
fn zeros_ahead_are_no_records_and_use_up_no_space_that_records_need() {
    let disk = FaultDisk::new();
    let mut acked = Vec::new();
    let roomy = WalOptions { segment_bytes: u64::MAX, ..options() };
    let (wal, ..) = open(&disk, roomy).unwrap();
    wal.begin_segment([record(b'S', 0)]).unwrap();
    // Whether the log is busy is a matter of time: it is once two syncs follow each other closely.
    let written = |wal: &Wal| wal.disk_bytes();
    for number in 0.. {
        wal.append(&record(b'R', number)).unwrap().wait().unwrap();
        acked.push(number);
        if disk.used() > written(&wal) + 10_000 {
            break;
        }
    }
    // Nothing is left but what the zeros hold.
    disk.set_capacity(Some(disk.used()));
    let last = acked.len() as u32;
    for number in last..last + 3 {
        wal.append(&record(b'R', number)).unwrap().wait().unwrap();
        acked.push(number);
    }
    drop(wal);
    disk.set_capacity(None);
    let (found, report) = replayed(&disk);
    assert_eq!((found, report.torn_bytes, report.damage), (acked.clone(), 0, vec![]));
    // The same after a crash, when nobody has cut the file.
    let (wal, ..) = open(&disk, roomy).unwrap();
    wal.begin_segment([record(b'S', acked.len() as u32)]).unwrap();
    for number in acked.len() as u32.. {
        wal.append(&record(b'R', number)).unwrap().wait().unwrap();
        acked.push(number);
        if disk.used() > written(&wal) + 10_000 {
            break;
        }
    }
    disk.crash_after(0);
    drop(wal);
    disk.restart(Survives::Synced);
    let (found, report) = replayed(&disk);
    assert_eq!((found, report.torn_bytes, report.damage), (acked, 0, vec![]));
}

#[test]
fn those_who_wait_share_one_sync() {
    let disk = FaultDisk::new();
    let slow = WalOptions { group: Duration::from_secs(3600), segment_bytes: 1 << 20, ..options() };
    let (wal, ..) = open(&disk, slow).unwrap();
    wal.begin_segment([record(b'S', 0)]).unwrap();
    let mut tickets: Vec<_> = (0..100).map(|n| wal.append(&record(b'R', n)).unwrap()).collect();
    assert!(tickets[0].outcome().is_none());
    tickets.pop().unwrap().wait().unwrap();
    // One for the header with its file's name, one for the records.
    assert_eq!((disk.count(Operation::Sync), disk.count(Operation::SyncDir)), (2, 1));
    assert!(tickets.into_iter().all(|ticket| matches!(ticket.outcome(), Some(Ok(())))));
    let prompt = WalOptions { group: Duration::from_millis(1), ..slow };
    drop(wal);
    let (wal, found, _) = open(&disk, prompt).unwrap();
    assert_eq!(found.len(), 100);
    wal.begin_segment([record(b'S', 100)]).unwrap();
    let ticket = wal.append(&record(b'R', 100)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while ticket.outcome().is_none() {
        assert!(Instant::now() < deadline, "nobody waits, and still it is synced in time");
        std::thread::yield_now();
    }
}

#[test]
fn segments_are_dropped_up_to_the_open_one() {
    let disk = FaultDisk::new();
    let mut acked = Vec::new();
    write(&disk, 0..20, &mut acked).unwrap();
    let (wal, ..) = open(&disk, options()).unwrap();
    let last = wal.segments().last().unwrap().sequence;
    assert!(last > 3);
    assert_eq!(wal.open_segment(), last + 1);
    assert_eq!(wal.drop_through(2).unwrap(), 2);
    assert_eq!(wal.drop_through(2).unwrap(), 0);
    assert_eq!(wal.begin_segment([record(b'S', 20)]).unwrap(), last + 1);
    wal.flush().unwrap();
    wal.drop_through(u64::MAX).unwrap();
    assert_eq!(wal.segments().len(), 1);
    assert_eq!(wal.disk_bytes(), wal.segments()[0].bytes);
    wal.append(&record(b'R', 20)).unwrap().wait().unwrap();
    wal.close().unwrap();
    assert_eq!(replayed(&disk).0, [20]);
}

#[test]
fn bounds_have_names() {
    let disk = FaultDisk::new();
    let small = WalOptions {
        max_record_bytes: 10,
        max_waiting_bytes: 50,
        group: Duration::from_secs(3600),
        ..options()
    };
    let (wal, ..) = open(&disk, small).unwrap();
    wal.begin_segment([b"S"]).unwrap();
    assert_eq!(wal.append(&[0; 11]).unwrap_err().kind(), ErrorKind::Limit);
    let outcomes: Vec<_> = (0..9).map(|_| wal.append(&[0; 10]).map(|_| ())).collect();
    let error = outcomes.into_iter().find_map(Result::err).unwrap();
    assert!(error.to_string().contains("the bound is 50"), "{error}");
    wal.flush().unwrap();
    wal.append(&[0; 10]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reordered_write_back_loses_nothing_acknowledged(crash in 0u64..60, seed: u64) {
        let disk = FaultDisk::new();
        disk.crash_after(crash);
        let mut acked = Vec::new();
        let _ = write(&disk, 0..10, &mut acked);
        disk.restart(Survives::Random(seed));
        write(&disk, 50..52, &mut acked).unwrap();
        let (found, report) = replayed(&disk);
        prop_assert!(acked.iter().all(|number| found.contains(number)), "{acked:?} {found:?}");
        prop_assert!(report.damage.is_empty(), "{report:?}");
    }
}

#[test]
fn a_flipped_byte_costs_only_its_record_where_records_are_independent() {
    let disk = FaultDisk::new();
    let options = WalOptions { independent_records: true, ..WalOptions::default() };
    let (wal, ..) = open(&disk, options).unwrap();
    wal.begin_segment([record(b'S', 0)]).unwrap();
    let mut begins = Vec::new();
    let mut end = segment::HEADER_BYTES + segment::FRAME_BYTES + record(b'S', 0).len();
    for number in 1..8 {
        begins.push(end);
        end = wal.append(&record(b'R', number)).unwrap().position().offset as usize;
    }
    wal.close().unwrap();
    let path = segment::path_of(DIR.as_ref(), 1);
    let whole = disk.read(&path).unwrap();
    let read = |bytes: &[u8], independent: bool| {
        disk.replace(&path, bytes).unwrap();
        let mut found = Vec::new();
        let report = replay(&disk, DIR.as_ref(), (0, independent), &mut |record| {
            found.push(u32::from_le_bytes(record.payload[1..5].try_into().unwrap()));
            Ok(())
        });
        (found, report.unwrap())
    };
    for at in begins[2]..begins[3] {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            let (found, report) = read(&bytes, true);
            assert_eq!(found, [0, 1, 2, 4, 5, 6, 7], "byte {at} ^ {flip:#x}");
            let damage = &report.damage[0];
            assert_eq!((damage.offset, damage.bytes), (begins[2] as u64, (begins[3] - begins[2]) as u64));
            assert_eq!(read(&bytes, false).0, [0, 1, 2], "records that need their predecessors end there");
        }
    }
    // Two records damaged, and one that reaches to the end: that is a torn tail.
    let mut bytes = whole.clone();
    bytes[begins[1] + 9] ^= 1;
    bytes[begins[2]] ^= 0x70;
    bytes[begins[6] + 9] ^= 1;
    let (found, report) = read(&bytes, true);
    assert_eq!(found, [0, 1, 4, 5, 6]);
    assert_eq!((report.damage.len(), report.torn_bytes as usize), (1, whole.len() - begins[6]));
}
