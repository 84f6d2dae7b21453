//! The first line of a script, which names the program that runs it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::system;

/// Bytes that are looked at: systems read no more of a first line.
const FIRST_LINE: u64 = 256;

/// What keeps a file from being started as a script, as far as its first line tells.
pub(crate) fn lacks(file: &Path) -> Option<String> {
    if !system::READS_FIRST_LINES {
        return None;
    }
    // What cannot be read may be executed all the same.
    let start = start_of(file).ok()?;
    let Some(line) = start.strip_prefix(b"#!") else { return no_interpreter(&start) };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    if line.ends_with('\r') {
        return Some("its first line ends with a carriage return; save it with Unix line ends".to_owned());
    }
    let mut words = line.split_ascii_whitespace();
    let Some(interpreter) = words.next() else {
        return Some("its first line names no interpreter after the #!".to_owned());
    };
    let path = Path::new(interpreter);
    if path.is_absolute() && !system::is_executable(path) {
        return Some(missing(interpreter, "is not there, or not executable"));
    }
    // `env` looks the next word up, unless it is an option or sets a variable.
    let looked_up = words.next().filter(|word| !word.starts_with('-') && !word.contains('='));
    match looked_up {
        Some(word) if path.ends_with("env") && !system::is_on_path(Path::new(word)) => {
            Some(missing(word, "is not on PATH"))
        }
        _ => None,
    }
}

fn missing(interpreter: &str, why: &str) -> String {
    format!("{interpreter}, the interpreter that its first line names, {why}; install it, or mend the line")
}

/// A text without `#!` is run by nobody; what is no text may be a program of this machine.
fn no_interpreter(start: &[u8]) -> Option<String> {
    let is_text = !start.contains(&0) && start.is_ascii();
    let what =
        "it is no program of this machine: its first line has no #!; begin it with #! and its interpreter";
    is_text.then(|| what.to_owned())
}

fn start_of(file: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(file)?.take(FIRST_LINE).read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_whether_it_can_be_started() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("script");
        for (text, told) in [
            (&b"#!/bin/sh\n"[..], None),
            (b"#! /bin/sh -e", None),
            (b"#!/usr/bin/env sh\n", None),
            (b"#!/usr/bin/env -S sh -e\n", None),
            (b"\x7fELF\x02\x01\x01\0\0", None),
            (b"#!/usr/bin/pyhton3\n", Some("/usr/bin/pyhton3, the interpreter")),
            (
                b"#!/usr/bin/env pyhton3\n",
                Some("pyhton3, the interpreter that its first line names, is not on PATH"),
            ),
            (b"#!/bin/sh\r\n", Some("carriage return")),
            (b"#!\n", Some("names no interpreter")),
            (b"print('hello')\n", Some("has no #!")),
            (b"", Some("has no #!")),
        ] {
            std::fs::write(&file, text).unwrap();
            match (lacks(&file), told) {
                (None, None) => {}
                (Some(why), Some(told)) => assert!(why.contains(told), "{why}"),
                (why, told) => panic!("{:?}: {why:?}, not {told:?}", String::from_utf8_lossy(text)),
            }
        }
    }
}
