//! `wharf ext logs`

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use wharf_runtime::Places;
use wharf_runtime::extensions::{ExtensionId, Follower, journal};

use crate::signals;

/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn logs(name: &str, follow: bool, lines: Option<usize>) -> Result<u8> {
    let id = ExtensionId::new(name).with_context(|| format!("{name:?} is not the name of an extension"))?;
    let file = journal::file(&Places::from_env()?.logs(), &id);
    let log = open(file.clone(), lines).with_context(|| format!("the log {}", file.display()))?;
    if !log.is_open() {
        let installed = super::survey()?.extensions;
        let is_installed = installed.iter().any(|surveyed| surveyed.name == name);
        let shown = file.display();
        match (is_installed, super::meant(name, &installed)) {
            (true, _) if follow => {}
            (true, _) => bail!(
                "no log for \"{name}\" at {shown}; it has had nothing to log, or has not been started here yet"
            ),
            (false, Some(meant)) => bail!("no log for \"{name}\" at {shown}; did you mean {meant:?}?"),
            (false, None) => bail!(
                "no log for \"{name}\" at {shown}; it has had nothing to log, has not been started here yet, \
                 or has another name: see `wharf ext list`"
            ),
        }
        say!("no log for \"{name}\" at {} yet; waiting for it", file.display());
    }
    match follow {
        true => crate::in_runtime(watch(log)),
        false => show(log),
    }
}

fn open(file: PathBuf, lines: Option<usize>) -> io::Result<Follower> {
    match lines {
        Some(lines) => Follower::from_last(file, lines),
        None => {
            let mut whole = Follower::new(file);
            // It is opened, and nothing is read of it.
            whole.open()?;
            Ok(whole)
        }
    }
}

fn show(mut log: Follower) -> Result<u8> {
    match log.read(&mut io::stdout().lock()) {
        // A reader that has gone on purpose, as `head` does, is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("showing the log"),
        _ => Ok(0),
    }
}

/// Shows what comes, until a signal ends it or nobody reads any more.
async fn watch(mut log: Follower) -> Result<u8> {
    let mut signals = signals::watch();
    loop {
        match log.read(&mut io::stdout()) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
            Err(error) => return Err(error).context("following the log"),
        }
        tokio::select! {
            signal = signals.next() => return Ok(signal.exit_code()),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
