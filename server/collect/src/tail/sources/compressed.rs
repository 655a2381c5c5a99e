//! Compressed files, as rotation leaves them: each is read once, to its end. Where a file was left is known by its
//! content, not its name, so that one that is renamed by the next rotation is not read again.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use twox_hash::XxHash3_64;

use super::bzip2::Bzip2Reader;
use super::{Context, Incoming, Position};
use crate::section::Section;
use crate::tail::config::TailPath;
use crate::{Error, Result};

/// Most bytes of a line; the rest of a longer one is left out.
const MAX_LINE_BYTES: u64 = 4 << 20;
/// Bytes that tell a file from others.
const PRINT_BYTES: u64 = 64 << 10;
const RESCAN: Duration = Duration::from_secs(5);
/// A file that was written to just now may not be whole yet.
const DEFAULT_DELAY_MS: i64 = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Gzip,
    Zlib,
    Bzip2,
}

/// A path of a job whose `decompression` is enabled.
#[derive(Debug, Clone)]
pub(crate) struct CompressedConfig {
    pub(crate) path: TailPath,
    settings: Decompression,
}

/// The section `decompression` of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decompression {
    format: Format,
    delay: Duration,
}

impl PartialEq for CompressedConfig {
    fn eq(&self, other: &Self) -> bool {
        self.path.path() == other.path.path()
            && self.path.labels == other.path.labels
            && self.path.encoding == other.path.encoding
            && self.settings == other.settings
    }
}

/// The settings, if files are to be decompressed.
pub(crate) fn read(section: &Section<'_>) -> Result<Option<Decompression>> {
    let enabled = section.bool("enabled")?.unwrap_or(false);
    let delay_ms = section.duration_ms("initial_delay")?.unwrap_or(DEFAULT_DELAY_MS);
    let format = match section.text("format")?.as_deref() {
        None | Some("gz" | "") => Format::Gzip,
        Some("z") => Format::Zlib,
        Some("bz2") => Format::Bzip2,
        Some(other) => {
            let why = format!("{other:?} is not read: gz, z and bz2 are");
            return if enabled { Err(Error::config(section.at("format"), why)) } else { Ok(None) };
        }
    };
    section.finish();
    Ok(enabled.then(|| Decompression { format, delay: Duration::from_millis(delay_ms.unsigned_abs()) }))
}

impl CompressedConfig {
    pub(crate) fn new(path: TailPath, settings: Decompression) -> Self {
        CompressedConfig { path, settings }
    }
}

/// Starts the thread that looks for files and reads them one after the other.
pub(crate) fn start(config: CompressedConfig, context: Context) -> std::io::Result<()> {
    let mut done: std::collections::HashMap<String, Position> = (*context.resume).clone();
    let work = move || {
        loop {
            let listing = config.path.pattern.list();
            let mut parts = Vec::new();
            for found in &listing.files {
                let error = match read_file(&config, &context, &found.path, &found.name, &mut done) {
                    Ok(true) => String::new(),
                    Ok(false) => return,
                    Err(error) => error.to_string(),
                };
                parts.push((found.name.clone(), error));
            }
            let empty = parts.is_empty();
            context.state.lock().parts = parts;
            match (listing.errors.first(), empty) {
                (Some(error), true) => context.failed(error.clone()),
                (None, true) => {}
                _ => context.works(),
            }
            if !context.pause(RESCAN) {
                return;
            }
        }
    };
    std::thread::Builder::new().name("compressed".to_owned()).spawn(work).map(drop)
}

type Done = std::collections::HashMap<String, Position>;

/// Reads what is left of a file; false if nobody wants more.
fn read_file(
    config: &CompressedConfig,
    context: &Context,
    path: &Path,
    name: &str,
    done: &mut Done,
) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    let age = SystemTime::now().duration_since(meta.modified()?).unwrap_or_default();
    let part = part_of(&mut file, meta.len())?;
    let last = done.get(&part).cloned();
    // The hash says whether the end was reached.
    if last.as_ref().is_some_and(|last| last.hash == ENDED) || age < config.settings.delay {
        return Ok(true);
    }
    let file = File::open(path)?;
    let decoder: Box<dyn Read> = match config.settings.format {
        Format::Gzip => Box::new(MultiGzDecoder::new(file)),
        Format::Zlib => Box::new(ZlibDecoder::new(file)),
        Format::Bzip2 => Box::new(Bzip2Reader::new(file)),
    };
    let decoder = match config.path.encoding {
        None => decoder,
        Some(encoding) => Box::new(encoding.reader(decoder)),
    };
    let mut reader = BufReader::with_capacity(256 << 10, decoder);
    let skip = last.map_or(0, |last| last.time);
    let mut offset = std::io::copy(&mut reader.by_ref().take(skip), &mut std::io::sink())?;
    let labels = config.path.file_labels(name);
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        if n == 0 {
            break;
        }
        offset += n as u64;
        if !line.ends_with(b"\n") && n as u64 == MAX_LINE_BYTES {
            offset += skip_line(&mut reader)?;
        }
        let end = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = Bytes::copy_from_slice(end.strip_suffix(b"\r").unwrap_or(end));
        let ended = reader.fill_buf()?.is_empty();
        let hash = if ended { ENDED } else { 0 };
        let position = Position { part: Arc::from(part.as_str()), time: offset, hash };
        done.insert(part.clone(), position.clone());
        let incoming = Incoming { line: text, t_ns: None, labels: labels.clone(), position: Some(position) };
        if !context.out.send(incoming) || context.is_stopped() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The hash of a position at a file's end.
const ENDED: u64 = 1;

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let available = reader.fill_buf()?;
        let end = memchr::memchr(b'\n', available).map(|at| at + 1);
        let n = end.unwrap_or(available.len());
        reader.consume(n);
        skipped += n as u64;
        if end.is_some() || n == 0 {
            return Ok(skipped);
        }
    }
}

/// What tells the file from others: its first bytes and its size.
fn part_of(file: &mut File, size: u64) -> std::io::Result<String> {
    let mut first = Vec::new();
    file.take(PRINT_BYTES).read_to_end(&mut first)?;
    Ok(format!("{:016x}:{size}", XxHash3_64::oneshot(&first)))
}
