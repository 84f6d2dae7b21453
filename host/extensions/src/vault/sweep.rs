//! What is deleted so that the rest fits: the entries that were not used for longest, and what was never finished.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::UNFINISHED;
use crate::limits::Bytes;
use crate::system::Directory;

/// A file that is still unfinished after this was left behind by a process that ended.
const GIVEN_UP: Duration = Duration::from_secs(600);

struct Found {
    name: String,
    bytes: u64,
    used: SystemTime,
}

pub(super) fn sweep(directory: &Directory, path: &Path, limit: Bytes) {
    let (left_behind, mut entries): (Vec<Found>, Vec<Found>) =
        list(path).into_iter().partition(|found| found.name.starts_with(UNFINISHED));
    for found in left_behind {
        if found.used.elapsed().is_ok_and(|age| age > GIVEN_UP) {
            _ = directory.remove(&found.name);
        }
    }
    entries.sort_by_key(|entry| entry.used);
    let mut total: u64 = entries.iter().map(|entry| entry.bytes).sum();
    for entry in entries {
        if total <= limit.wide() {
            return;
        }
        // Another process may have deleted it already.
        _ = directory.remove(&entry.name);
        total -= entry.bytes;
    }
}

/// What cannot be seen is left alone.
fn list(path: &Path) -> Vec<Found> {
    let Ok(files) = std::fs::read_dir(path) else { return Vec::new() };
    let found = files.flatten().filter_map(|file| {
        let data = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(Found {
            name: file.file_name().into_string().ok()?,
            bytes: data.len(),
            used: data.modified().ok()?,
        })
    });
    found.collect()
}
