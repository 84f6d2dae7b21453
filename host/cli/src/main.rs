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

use args::{Arguments, Cli, Mode};
use wharf_runtime::compile;

/// How long what is left may take to be dropped.
const LEFTOVERS: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let code = match args::parse() {
        Arguments::Run(cli) => in_runtime(run(*cli)),
        Arguments::Ext(command) => ext::run(command),
        Arguments::Compile(words) => u8::try_from(compile::serve_compile(words)).unwrap_or(1),
        Arguments::Exit(code) => code,
    };
    ExitCode::from(code)
}

async fn run(cli: Cli) -> u8 {
    match cli.mode() {
        Mode::Print => session::run(cli, print::Print).await,
        Mode::Json => session::run(cli, json::Json).await,
        Mode::Terminal => {
            say!(
                "wharf: the terminal UI is not part of this version; use -p \"text\" for one answer, or --json \"text\""
            );
            2
        }
    }
}

fn in_runtime(work: impl Future<Output = u8>) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(work);
            // Whatever still runs is dropped, and with it the groups of its processes are killed.
            runtime.shutdown_timeout(LEFTOVERS);
            code
        }
        Err(error) => {
            say!("wharf: the runtime cannot be started: {error}");
            1
        }
    }
}
