//! Attempts to reach what was not granted.

use std::fs;
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde::Deserialize;
use wharf_guest::{Json, ToolOutput};

#[derive(Deserialize)]
struct PathArgs {
    path: String,
}

#[derive(Deserialize)]
struct PortArgs {
    port: u16,
}

pub(crate) fn read(args: &Json) -> ToolOutput {
    with(args, |PathArgs { path }| fs::read_to_string(path))
}

pub(crate) fn write(args: &Json) -> ToolOutput {
    with(args, |PathArgs { path }| fs::write(path, "hostile was here").map(|()| "written".to_owned()))
}

pub(crate) fn append(args: &Json) -> ToolOutput {
    with(args, |PathArgs { path }| {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path)?;
        file.write_all(b"line\n").map(|()| "appended".to_owned())
    })
}

pub(crate) fn wait(args: &Json) -> ToolOutput {
    with(args, |PathArgs { path }| {
        while !fs::exists(&path)? {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok("waited".to_owned())
    })
}

pub(crate) fn connect(args: &Json) -> ToolOutput {
    with(args, |PortArgs { port }| TcpStream::connect(("127.0.0.1", port)).map(|_| "connected".to_owned()))
}

/// The names alone: what they hold may be secret.
pub(crate) fn environment() -> ToolOutput {
    let mut names: Vec<_> =
        std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    names.sort();
    ToolOutput::text(format!("variables: {}", names.join(" ")))
}

fn with<A: for<'a> Deserialize<'a>>(args: &Json, work: impl FnOnce(A) -> io::Result<String>) -> ToolOutput {
    match args.parse::<A>().map_err(io::Error::from).and_then(work) {
        Ok(text) => ToolOutput::text(text),
        Err(error) => ToolOutput::error(error.to_string()),
    }
}
