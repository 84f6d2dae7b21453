//! The dialogue: introduction, registration, then one frame after the other until the end.

use std::collections::VecDeque;
use std::io::{self, Read};

use thiserror::Error;
use wharf_protocol::codec::{LineDecoder, MAX_LINE};
use wharf_protocol::error::LineError;
use wharf_protocol::frame::{FromExtension, Hello, HelloAck, ToExtension};
use wharf_protocol::notice::LogLevel;
use wharf_protocol::registration::Start;

use super::answer;
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
pub(super) fn hold<E: Extension>(input: impl Read, host: &Host) -> Result<(), Fault> {
    let mut frames = Frames { input, decoder: LineDecoder::new(MAX_LINE), ready: VecDeque::new() };
    host.0.send(&FromExtension::Hello(Hello {
        name: E::NAME.to_owned(),
        version: E::VERSION.to_owned(),
        capabilities: ["commands", "tools", "events", "panels"].map(str::to_owned).to_vec(),
    }))?;
    let Some(start) = wait_for_start(&mut frames, host)? else {
        return Ok(());
    };
    let mut extension = E::start(&start, host).map_err(Fault::Start)?;
    host.0.register(extension.registration());
    host.0.send(&FromExtension::Ready)?;

    while let Some(frame) = frames.next(host)? {
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
fn wait_for_start(frames: &mut Frames<impl Read>, host: &Host) -> Result<Option<Start>, Fault> {
    while let Some(frame) = frames.next(host)? {
        match frame {
            ToExtension::HelloAck(ack) => return Ok(Some(start(ack))),
            ToExtension::Shutdown => return Ok(None),
            other => host.log(LogLevel::Warn, &format!("{:?} came before \"hello_ack\"", other.kind())),
        }
    }
    Ok(None)
}

fn start(ack: HelloAck) -> Start {
    Start {
        host_version: ack.zot_version,
        provider: ack.provider,
        model: ack.model,
        cwd: ack.cwd,
        data_dir: Some(ack.data_dir).filter(|dir| !dir.is_empty()),
    }
}

/// Reads frames. Lines that are none are logged and skipped.
struct Frames<R> {
    input: R,
    decoder: LineDecoder,
    ready: VecDeque<ToExtension>,
}

impl<R: Read> Frames<R> {
    /// The next frame, or nothing at the end of the input.
    fn next(&mut self, host: &Host) -> Result<Option<ToExtension>, Fault> {
        let mut chunk = [0; 8192];
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            let length = match self.input.read(&mut chunk) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if length == 0 {
                if let Err(error) = self.decoder.finish() {
                    host.log(LogLevel::Warn, &error.to_string());
                }
                return Ok(None);
            }
            self.decoder.push(chunk.get(..length).unwrap_or_default());
            while let Some(line) = self.decoder.next_line()? {
                match ToExtension::decode(line) {
                    Ok(frame) => self.ready.push_back(frame),
                    Err(error) => host.log(LogLevel::Warn, &error.to_string()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
