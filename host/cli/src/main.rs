//! The binary `wharf`: flags, modes, exit codes. Everything else is in the SDK, `wharf-runtime`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the binary talks to the terminal")]

mod args;
mod ext;
mod input;
mod json;
mod print;
mod session;
mod signals;
mod text;

use std::process::ExitCode;

use args::{Arguments, Cli, Mode};

fn main() -> ExitCode {
    let code = match args::parse() {
        Arguments::Run(cli) => in_runtime(run(*cli)),
        Arguments::Ext(command) => ext::run(&command),
        Arguments::Exit(code) => code,
    };
    ExitCode::from(code)
}

async fn run(cli: Cli) -> u8 {
    match cli.mode() {
        Mode::Print => session::run(cli, print::Print).await,
        Mode::Json => session::run(cli, json::Json).await,
        Mode::Terminal => {
            eprintln!(
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
            // Standard input may still be read by a thread that nobody can interrupt.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            eprintln!("wharf: the runtime cannot be started: {error}");
            1
        }
    }
}
