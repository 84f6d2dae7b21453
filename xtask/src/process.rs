//! Running programs.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Announces a step and runs it, with its output going where ours goes.
pub fn step(name: &str, command: &mut Command) -> Result<()> {
    eprintln!("xtask: {name}");
    let status =
        command.status().with_context(|| format!("step \"{name}\": {} did not start", program(command)))?;
    if !status.success() {
        bail!("step \"{name}\" failed ({status})");
    }
    Ok(())
}

/// A [`step`] that may take so long. What it has started may outlive it by a moment.
pub fn step_within(name: &str, command: &mut Command, limit: Duration) -> Result<()> {
    eprintln!("xtask: {name}");
    let mut child =
        command.spawn().with_context(|| format!("step \"{name}\": {} did not start", program(command)))?;
    match wait(&mut child, limit)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("step \"{name}\" failed ({status})"),
        None => bail!("step \"{name}\" took longer than the {} s that were left", limit.as_secs()),
    }
}

/// Waits for the end of a program; one that takes longer is killed.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a program to its end or its deadline, and gives its standard output.
pub fn output(command: &mut Command, deadline: Duration) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{} did not start", program(command)))?;
    let mut stdout = child.stdout.take().context("no standard output")?;
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let Some(status) = wait(&mut child, deadline)? else {
        bail!("{} took longer than {} s", described(command), deadline.as_secs());
    };
    if !status.success() {
        bail!("{} failed ({status})", described(command));
    }
    match reader.join() {
        Ok(text) => Ok(text?),
        Err(_) => bail!("the output of {} could not be read", described(command)),
    }
}

/// Where a program is on the `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(&file)).find(|file| file.is_file())
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn described(command: &Command) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
    [program(command)].into_iter().chain(args).collect::<Vec<_>>().join(" ")
}
