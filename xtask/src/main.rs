//! The project's tasks: `cargo xtask …`. One file a task, and one arm in [`main`].

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tasks run programs and print what they do"
)]

mod bench;
mod demo;
mod floors;
mod guests;
mod process;
mod soak;
mod test;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The project's tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Measure speed, each figure beside its limit.
    Bench(bench::Options),
    /// Show one agent run with both kinds of extensions.
    Demo,
    /// Check who depends on whom.
    Floors,
    /// Build every guest, as a component and as a subprocess.
    Guests,
    /// Run the fuzzing, the hostile extensions and the kill loop with big counts.
    Soak,
    /// Run every check and every test.
    Test(test::Options),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Bench(options) => bench::run(&options),
        Task::Demo => demo::run(),
        Task::Floors => floors::run(),
        Task::Guests => guests::run().map(drop),
        Task::Soak => soak::run(),
        Task::Test(options) => test::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
