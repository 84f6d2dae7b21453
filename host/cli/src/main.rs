//! The binary `wharf`: flags, modes, exit codes. Everything else is in the SDK, `wharf-runtime`.

/// Writes a line to standard error. If nobody can read it, there is nobody to tell.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod args;
mod ext;
mod input;
mod json;
mod print;
mod session;
mod signals;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};

use args::{Arguments, Cli, Mode};
use wharf_runtime::compile;

/// How long what is left may take to be dropped.
const LEFTOVERS: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let code = match args::parse() {
        Arguments::Run(cli) => in_runtime(async { Ok(run(*cli).await) }).unwrap_or_else(|error| {
            say!("wharf: {error:#}");
            1
        }),
        Arguments::Ext(command) => ext::run(command),
        Arguments::Compile(words) => u8::try_from(compile::serve_compile(words)).unwrap_or(1),
        Arguments::Exit(code) => code,
    };
    ExitCode::from(code)
}

async fn run(cli: Cli) -> u8 {
    match cli.mode() {
        Mode::Print => session::run(cli, print::Print::new()).await,
        Mode::Json => session::run(cli, json::Json).await,
        Mode::Terminal => {
            say!(
                "wharf: the terminal UI is not part of this version; use -p \"text\" for one answer, or --json \"text\""
            );
            2
        }
    }
}

/// Does what needs a runtime, and returns the exit code.
fn in_runtime(work: impl Future<Output = Result<u8>>) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("the runtime cannot be started")?;
    let done = runtime.block_on(work);
    // Whatever still runs is dropped, and with it the groups of its processes are killed.
    runtime.shutdown_timeout(LEFTOVERS);
    done
}
