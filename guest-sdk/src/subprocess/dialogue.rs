//! The dialogue: introduction, registration, then one frame after the other until the end.

use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use thiserror::Error;
use wharf_protocol::PROTOCOL_VERSION;
use wharf_protocol::error::LineError;
use wharf_protocol::frame::{FromExtension, Hello, HelloAck, ToExtension};
use wharf_protocol::notice::LogLevel;
use wharf_protocol::registration::{Occasion, Start};

use super::answer;
use super::inbox::Item;
use super::outlet::SendError;
use crate::{Extension, Host};

/// What ends a dialogue before its time.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error("reading from the host failed: {0}")]
    Read(#[from] io::Error),
    #[error("the host's line cannot be read: {0}")]
    Line(#[from] LineError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the extension did not start: {0}")]
    Start(String),
}

/// Speaks with the host until it says `shutdown`, closes, or does not read any more.
pub(super) fn hold<E: Extension>(input: impl Read + Send + 'static, host: &Host) -> Result<(), Fault> {
    let (sender, items) = mpsc::channel();
    let inbox = host.0.inbox().clone();
    // It ends with the input, or with the process.
    thread::Builder::new().name("reader".to_owned()).spawn(move || inbox.read(input, &sender))?;
    host.0.send(&FromExtension::Hello(Hello {
        name: E::NAME.to_owned(),
        version: E::VERSION.to_owned(),
        capabilities: ["commands", "tools", "events", "panels"].map(str::to_owned).to_vec(),
        protocol_version: PROTOCOL_VERSION,
    }))?;
    let Some(start) = wait_for_start(&items, host)? else {
        return Ok(());
    };
    let mut extension = E::start(&start, host).map_err(Fault::Start)?;
    // A subprocess is not told what is left out of it.
    _ = host.0.register(extension.registration());
    host.0.send(&FromExtension::Ready)?;

    while let Some(frame) = next(&items, host)? {
        if frame == ToExtension::Shutdown {
            answer::stop(&mut extension, host);
            // The host may be gone already: the answer is optional.
            let _ = host.0.send(&FromExtension::ShutdownAck);
            return Ok(());
        }
        answer::frame(&mut extension, frame, host)?;
        if host.0.broken() {
            break;
        }
    }
    answer::stop(&mut extension, host);
    Ok(())
}

/// The facts in `hello_ack`, or nothing when the host ends before.
fn wait_for_start(items: &Receiver<Item>, host: &Host) -> Result<Option<Start>, Fault> {
    while let Some(frame) = next(items, host)? {
        match frame {
            ToExtension::HelloAck(ack) => {
                host.0.speaks(ack.protocol_version);
                return Ok(Some(start(ack)));
            }
            ToExtension::Shutdown => return Ok(None),
            other => host.log(LogLevel::Warn, &format!("{:?} came before \"hello_ack\"", other.kind())),
        }
    }
    Ok(None)
}

fn start(ack: HelloAck) -> Start {
    Start {
        host_version: if ack.host_version.is_empty() { ack.zot_version } else { ack.host_version },
        provider: ack.provider,
        model: ack.model,
        cwd: ack.cwd,
        data_dir: Some(ack.data_dir).filter(|dir| !dir.is_empty()),
        occasion: Occasion::from_word(&ack.occasion),
        loss: Some(ack.loss).filter(|loss| !loss.is_empty()),
    }
}

/// The next frame, or nothing at the end of the input. Lines that are none are logged and skipped.
fn next(items: &Receiver<Item>, host: &Host) -> Result<Option<ToExtension>, Fault> {
    loop {
        match items.recv() {
            Ok(Item::Frame(frame)) => return Ok(Some(*frame)),
            Ok(Item::Trouble(trouble)) => host.log(LogLevel::Warn, &trouble),
            Ok(Item::Broken(fault)) => return Err(fault),
            Err(_) => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
