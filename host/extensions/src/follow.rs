//! Reading a log while it is written, also when it is set aside in between.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::system;

/// Most of a log that is looked at for its last lines, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Reads on where it stopped. The file need not be there yet.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: Option<File>,
}

impl Follower {
    /// Reads the whole file.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Reads what is written from now on.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn from_end(path: PathBuf) -> io::Result<Self> {
        let mut file = open(&path)?;
        if let Some(file) = &mut file {
            file.seek(SeekFrom::End(0))?;
        }
        Ok(Self { path, file })
    }

    /// Reads the last lines, and what is written from now on.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn from_last(path: PathBuf, lines: usize) -> io::Result<Self> {
        let mut file = open(&path)?;
        if let Some(file) = &mut file {
            let from = file.metadata()?.len().saturating_sub(MAX_BYTES);
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.take(MAX_BYTES).read_to_end(&mut bytes)?;
            let start = from.saturating_add(last_lines(&bytes, lines) as u64);
            file.seek(SeekFrom::Start(start))?;
        }
        Ok(Self { path, file })
    }

    /// Opens the file, if it is there and was not opened before.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn open(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = open(&self.path)?;
        }
        Ok(())
    }

    /// Whether there is a file.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Writes what is new, and returns how many bytes that was.
    ///
    /// # Errors
    /// The file cannot be read, or nobody takes what it holds.
    pub fn read(&mut self, out: &mut dyn Write) -> io::Result<u64> {
        let mut count = 0;
        // The second time reads the file that took its place.
        for _ in 0..2 {
            self.open()?;
            let Some(file) = &mut self.file else { break };
            let replaced = is_replaced(file, &self.path);
            if file.metadata()?.len() < file.stream_position()? {
                file.rewind()?;
            }
            count += io::copy(file, out)?;
            if !replaced {
                break;
            }
            self.file = None;
        }
        out.flush()?;
        Ok(count)
    }
}

/// Opens the log, if there is one. A pipe would be waited for.
fn open(path: &Path) -> io::Result<Option<File>> {
    match std::fs::metadata(path) {
        Ok(data) if data.is_file() => {}
        Ok(_) => return Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Whether the name leads to another file by now.
fn is_replaced(file: &File, path: &Path) -> bool {
    let (Ok(own), Ok(now)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    system::identity(&own) != system::identity(&now)
}

/// Where the last lines begin.
fn last_lines(bytes: &[u8], lines: usize) -> usize {
    let Some(before) = lines.checked_sub(1) else { return bytes.len() };
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut ends = text.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    ends.nth(before).map_or(0, |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn more(follower: &mut Follower) -> String {
        let mut out = Vec::new();
        follower.read(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_followed_into_the_file_that_takes_its_place() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.log");
        let mut follower = Follower::new(path.clone());
        assert_eq!(more(&mut follower), "");
        fs::write(&path, "one\n").unwrap();
        assert_eq!(more(&mut follower), "one\n");
        assert_eq!(more(&mut follower), "");
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"two\n").unwrap();
        fs::rename(&path, home.path().join("x.log.1")).unwrap();
        file.write_all(b"three\n").unwrap();
        fs::write(&path, "four\n").unwrap();
        assert_eq!(more(&mut follower), "two\nthree\nfour\n");
        fs::write(&path, "5\n").unwrap();
        assert_eq!(more(&mut follower), "5\n", "it was cut off");
    }

    #[test]
    fn the_last_lines_and_none() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.log");
        assert!(!Follower::from_last(path.clone(), 2).unwrap().is_open());
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        for (lines, expected) in [(0, ""), (1, "three\n"), (2, "two\nthree\n"), (9, "one\ntwo\nthree\n")] {
            assert_eq!(more(&mut Follower::from_last(path.clone(), lines).unwrap()), expected);
        }
        assert_eq!(more(&mut Follower::from_end(path).unwrap()), "");
        assert!(Follower::from_end(home.path().to_owned()).is_err());
    }
}
