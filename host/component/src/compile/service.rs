//! Compiling in a child process: the child's side.

use std::ffi::OsString;
use std::io::{self, Read as _, Write};

use crate::engine;

/// The status of a child that found the component not valid.
pub(super) const REFUSED: i32 = 3;
/// The most that is read, in bytes.
const LARGEST: u64 = 1 << 30;
/// The status of a child that could not do its work.
const FAILED: i32 = 1;

/// Limits this process, compiles the component on standard input and writes the code to standard output. For a program
/// that [`ChildProcess`](super::ChildProcess) starts, before it does anything else; `args` are its last two arguments.
/// Returns the status to end with.
pub fn serve_compile(args: impl IntoIterator<Item = OsString>) -> i32 {
    let served = limit(args).and_then(|()| {
        let mut wasm = Vec::new();
        // Whoever sends it keeps a lower limit.
        let mut stdin = io::stdin().lock().take(LARGEST);
        stdin.read_to_end(&mut wasm).map_err(|error| (FAILED, error.to_string()))?;
        let engine = engine::engine().map_err(|error| (FAILED, format!("{error:#}")))?;
        let code = engine.precompile_component(&wasm).map_err(|error| (REFUSED, format!("{error:#}")))?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(&code).and_then(|()| stdout.flush()).map_err(|error| (FAILED, error.to_string()))
    });
    match served {
        Ok(()) => 0,
        Err((status, why)) => {
            // Nobody to tell, if this fails.
            _ = writeln!(io::stderr(), "{why}");
            status
        }
    }
}

fn limit(args: impl IntoIterator<Item = OsString>) -> Result<(), (i32, String)> {
    let numbers: Vec<u64> =
        args.into_iter().filter_map(|arg| arg.to_str().and_then(|text| text.parse().ok())).collect();
    let [seconds, bytes] = numbers[..] else {
        let what =
            "this is how Wharf compiles components; it takes the seconds and the bytes that it may use";
        return Err((FAILED, what.to_owned()));
    };
    wharf_child::limit_self(seconds, bytes).map_err(|error| (FAILED, error.to_string()))
}
