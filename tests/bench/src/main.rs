//! Measures Wharf's speed: each figure beside its physical limit, measured in the same run. `cargo xtask bench` builds
//! what is needed and runs it.
//!
//! | module | what |
//! |---|---|
//! | [`component`], [`subprocess`], [`dispatcher`] | what calls cost |
//! | [`reload`], [`events`] | what a reload costs those who call, and an event those who publish |
//! | [`startup`], [`memory`] | how long it takes to be there, and how much it takes |
//! | [`rig`] | extensions behind a dispatcher |
//! | [`direct`] | a component straight through wasmtime |
//! | [`measure`], [`table`] | the loop and the table |

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it runs programs that do nothing but be measured, and prints what it sees"
)]

mod component;
mod direct;
mod dispatcher;
mod events;
mod measure;
mod memory;
mod pinned;
mod reload;
mod rig;
mod startup;
mod subprocess;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::memory::Look;
use crate::rig::Home;
use crate::table::Row;

/// Measures Wharf's speed.
#[derive(Parser)]
struct Cli {
    /// Which lines; without, all of them.
    lines: Vec<String>,
    /// Fail when an aim is missed.
    #[arg(long)]
    check: bool,
    /// Put the table into this page.
    #[arg(long, value_name = "PAGE", conflicts_with = "lines")]
    write: Option<PathBuf>,
    /// Where the built guests are.
    #[arg(long, value_name = "DIRECTORY")]
    guests: PathBuf,
    /// The program `wharf`, built for release.
    #[arg(long, value_name = "FILE")]
    wharf: PathBuf,
    /// Look at one thing and say what is seen; for the bench itself.
    #[arg(long, hide = true, requires = "home")]
    look: Option<Look>,
    /// Where to look.
    #[arg(long, hide = true)]
    home: Option<PathBuf>,
}

/// What is measured.
pub struct Setting {
    guests: PathBuf,
    wharf: PathBuf,
    /// For what has to be built; gone at the end.
    scratch: PathBuf,
}

impl Setting {
    fn guest(&self, file: &str) -> PathBuf {
        self.guests.join(file)
    }
}

/// In this order; the first starts processes, which takes the longer the more memory the bench has by then.
const LINES: [&str; 13] = [
    "start",
    "hook",
    "subprocess",
    "chain",
    "dispatcher",
    "cached",
    "memory",
    "program",
    "loop",
    "limits",
    "tool",
    "reload",
    "events",
];

async fn line(name: &str, setting: &Setting) -> Result<Vec<Row>> {
    match name {
        "hook" => component::hook(setting).await,
        "subprocess" => subprocess::hook(setting).await,
        "chain" => component::chain(setting).await,
        "dispatcher" => dispatcher::unintercepted(setting).await,
        "start" => subprocess::start(setting).await,
        "cached" => startup::cached(setting).await,
        "memory" => Ok([memory::idle(setting).await?, memory::lazy(setting).await?].concat()),
        "program" => startup::program(setting).await,
        "loop" => component::looping(setting).await,
        "limits" => component::limits(setting).await,
        "tool" => dispatcher::tool(setting).await,
        "reload" => reload::under_calls(setting).await,
        "events" => events::fan_out(setting).await,
        other => bail!("there is no line {other:?}; there are {}", LINES.join(", ")),
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let scratch = tempfile::tempdir()?;
    let Cli { guests, wharf, .. } = &cli;
    let setting = Setting {
        guests: guests.canonicalize().with_context(|| format!("there is no {}", guests.display()))?,
        wharf: wharf.canonicalize().with_context(|| format!("there is no {}", wharf.display()))?,
        scratch: scratch.path().to_owned(),
    };
    // As the program has it; the work runs on a worker as an agent's does.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if let (Some(look), Some(home)) = (cli.look, &cli.home) {
        let home = Home::at(home);
        let seen =
            runtime.block_on(runtime.spawn(async move { memory::look(&setting, look, &home).await }))??;
        println!("{seen}");
        return Ok(ExitCode::SUCCESS);
    }
    let lines = if cli.lines.is_empty() { LINES.map(str::to_owned).to_vec() } else { cli.lines };
    if let Some(unknown) = lines.iter().find(|line| !LINES.contains(&line.as_str())) {
        bail!("there is no line {unknown:?}; there are {}", LINES.join(", "));
    }
    let rows = runtime.block_on(runtime.spawn(async move { measure_all(&lines, &setting).await }))?;
    let text = table::render(&rows);
    println!("{text}");
    if let Some(page) = &cli.write {
        let old = std::fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
        std::fs::write(page, table::insert(&old, &text)?)?;
    }
    let missed = rows.iter().filter(|row| row.is_missed()).count();
    eprintln!("bench: {missed} aims missed");
    Ok(if cli.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn measure_all(lines: &[String], setting: &Setting) -> Vec<Row> {
    let mut rows = Vec::new();
    for name in lines {
        eprintln!("bench: {name}");
        match line(name, setting).await {
            Ok(more) => rows.extend(more),
            // The other lines are worth having.
            Err(error) => {
                rows.push(Row::plain(&format!("`{name}` could not be measured: {error:#}"), "").missed())
            }
        }
    }
    rows
}
