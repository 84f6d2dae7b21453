//! What lies beside the script of somebody who is writing it: what it imports is probably among it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use wharf_extensions::extension::{Extension, Program};

/// Files and directories that are looked at, files that are found, and directories inside each other.
const LOOKED_AT: usize = 4000;
const FILES: usize = 1000;
const DEPTH: usize = 8;
/// Largest file that is read, in bytes: nobody writes a larger one.
const LARGEST: u64 = 1 << 20;
/// Directories in which nothing is written by hand.
const PASSED_OVER: [&str; 2] = ["target", "node_modules"];

/// The files in the directory of a subprocess that end as its program or one of its arguments does, `.py` for instance.
/// What a program writes itself seldom does. Blocks.
pub(super) fn sources(extension: &Extension) -> Vec<PathBuf> {
    if matches!(extension.program, Program::Component { .. }) {
        return Vec::new();
    }
    let own = extension.files();
    // The first one is the manifest.
    let scripts = own.iter().skip(1).filter(|file| file.is_file());
    let endings: BTreeSet<OsString> = scripts.filter_map(|file| file.extension()).map(Into::into).collect();
    let mut walk = Walk { endings, left: LOOKED_AT, found: Vec::new() };
    if !walk.endings.is_empty() {
        walk.directory(&extension.directory, 0);
    }
    walk.found.retain(|file| !own.contains(file));
    walk.found.sort();
    walk.found
}

struct Walk {
    endings: BTreeSet<OsString>,
    left: usize,
    found: Vec<PathBuf>,
}

impl Walk {
    fn directory(&mut self, path: &Path, depth: usize) {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            if self.left == 0 || self.found.len() == FILES {
                return;
            }
            self.left -= 1;
            let name = entry.file_name();
            let is_hidden = name.to_string_lossy().starts_with('.');
            // Of a link, what is told is the link: it is not followed.
            let Ok(data) = entry.metadata() else { continue };
            let path = entry.path();
            if data.is_dir() {
                if !is_hidden && depth < DEPTH && PASSED_OVER.iter().all(|passed| name != *passed) {
                    self.directory(&path, depth + 1);
                }
            } else if data.is_file() && data.len() <= LARGEST {
                let ending = path.extension();
                if ending.is_some_and(|ending| self.endings.contains(ending)) {
                    self.found.push(path);
                }
            }
        }
    }
}
