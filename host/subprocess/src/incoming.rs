//! What becomes of each line from the extension.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;
use wharf_extensions::error::Fault;
use wharf_protocol::error::DecodeError;
use wharf_protocol::frame::{FromExtension, Hello, Notify};
use wharf_protocol::notice::Level;

use crate::enrolment::Declared;
use crate::peer::Peer;

/// Longest line with which a tool or a command is registered, in bytes.
const MAX_REGISTRATION: usize = 128 << 10;

/// The reading end of the conversation. Nothing here waits.
pub(crate) struct Incoming {
    peer: Arc<Peer>,
    declared: Declared,
    stage: Stage,
}

enum Stage {
    /// The first line must be a hello.
    Greeting(oneshot::Sender<Result<Hello, Fault>>),
    Talking,
    /// The first line was something else; nothing that follows counts.
    Refused,
}

impl Incoming {
    pub(crate) fn new(
        peer: Arc<Peer>,
        declared: Declared,
        greeting: oneshot::Sender<Result<Hello, Fault>>,
    ) -> Self {
        Self { peer, declared, stage: Stage::Greeting(greeting) }
    }

    pub(crate) fn line(&mut self, line: &[u8]) {
        match std::mem::replace(&mut self.stage, Stage::Talking) {
            Stage::Greeting(greeting) => {
                let hello = first(FromExtension::decode(line)).map_err(|what| {
                    let what = format!("{what}; its first line was: {}", start_of(line));
                    Fault::Protocol { what }
                });
                if hello.is_err() {
                    self.stage = Stage::Refused;
                }
                // Nobody waits any more: the start has timed out.
                let _ = greeting.send(hello);
            }
            Stage::Talking => {
                self.peer.frames.fetch_add(1, Ordering::Relaxed);
                match FromExtension::decode(line) {
                    Ok(FromExtension::RegisterTool(_) | FromExtension::RegisterCommand(_))
                        if line.len() > MAX_REGISTRATION =>
                    {
                        let bytes = line.len();
                        let text = format!(
                            "skipped a registration of {bytes} bytes, {MAX_REGISTRATION} are allowed"
                        );
                        self.peer.log(&text);
                    }
                    Ok(frame) => self.frame(frame),
                    Err(error) => {
                        self.peer.log(&format!("skipped a line: {error}: {}", start_of(line)));
                        self.unusable(&error);
                    }
                }
            }
            Stage::Refused => self.stage = Stage::Refused,
        }
    }

    fn frame(&self, frame: FromExtension) {
        let peer = &self.peer;
        match frame {
            FromExtension::Hello(_) => peer.log("skipped a second hello"),
            FromExtension::RegisterCommand(frame) => peer.register(Declared::command(frame)),
            FromExtension::RegisterTool(frame) => peer.register(self.declared.tool(frame)),
            FromExtension::Subscribe(frame) => peer.register(self.declared.subscriptions(&frame)),
            FromExtension::Ready => peer.ready.cancel(),
            FromExtension::CommandResponse(frame) => {
                let id = frame.id.clone();
                self.answered("command_response", &id, peer.commands.resolve(&id, frame).is_ok());
            }
            FromExtension::ToolResult(frame) => {
                let id = frame.id.clone();
                self.answered("tool_result", &id, peer.tools.resolve(&id, frame).is_ok());
            }
            FromExtension::InterceptResponse(frame) => {
                let id = frame.id.clone();
                self.answered("event_intercept_response", &id, peer.hooks.resolve(&id, frame).is_ok());
            }
            FromExtension::Notify(frame) => self.notify(&frame),
            FromExtension::PanelRender(frame) => self.no_panel("panel_render", &frame.panel_id),
            FromExtension::PanelClose(frame) => self.no_panel("panel_close", &frame.panel_id),
            FromExtension::ShutdownAck => {}
        }
    }

    /// An answer that cannot be read ends the call that waits for it.
    fn unusable(&self, error: &DecodeError) {
        let DecodeError::Field { kind, id: Some(id), .. } = error else { return };
        let fault = Fault::Protocol { what: format!("its answer cannot be used: {error}") };
        match *kind {
            "tool_result" => _ = self.peer.tools.fail(id, fault),
            "command_response" => _ = self.peer.commands.fail(id, fault),
            "event_intercept_response" => _ = self.peer.hooks.fail(id, fault),
            _ => {}
        }
    }

    fn answered(&self, kind: &str, id: &str, somebody_waited: bool) {
        if !somebody_waited {
            self.peer.log(&format!("skipped {kind}: nobody waits for id {id:?} (unknown, or too late)"));
        }
    }

    fn notify(&self, frame: &Notify) {
        if !frame.message.is_empty() {
            self.peer.inbound.notify(Level::from_word(&frame.level), &frame.message);
        }
    }

    fn no_panel(&self, kind: &str, id: &str) {
        self.peer.log(&format!("skipped {kind} for {id:?}: no panel is open"));
    }
}

fn first(frame: Result<FromExtension, DecodeError>) -> Result<Hello, String> {
    match frame {
        Ok(FromExtension::Hello(hello)) if hello.name.is_empty() => Err("its hello has no name".to_owned()),
        Ok(FromExtension::Hello(hello)) => Ok(hello),
        Ok(other) => Err(format!("the first frame must be hello (got {:?})", other.kind())),
        Err(DecodeError::UnknownType(kind)) => Err(format!("the first frame must be hello (got {kind:?})")),
        Err(error) => Err(format!("the first line must be a hello frame: {error}")),
    }
}

fn start_of(line: &[u8]) -> String {
    const SHOWN: usize = 200;
    String::from_utf8_lossy(line.get(..SHOWN).unwrap_or(line)).into_owned()
}
