//! What becomes of each line from the extension.

mod odd;

pub(crate) use odd::SAY_2;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;
use wharf_child::pace::Worth;
use wharf_extensions::error::Fault;
use wharf_protocol::PROTOCOL_VERSION;
use wharf_protocol::error::DecodeError;
use wharf_protocol::frame::{FromExtension, Hello, Notify, PanelRender, Progress};
use wharf_protocol::notice::Level;
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::Registration;

use crate::enrolment::Declared;
use crate::peer::Peer;
use crate::requests;
use crate::terms::REGISTRATIONS;

/// The frames that answer.
const COMMAND: &str = "command_response";
const TOOL: &str = "tool_result";
const HOOK: &str = "event_intercept_response";

/// The reading end of the conversation. Nothing here waits.
pub(crate) struct Incoming {
    peer: Arc<Peer>,
    declared: Declared,
    stage: Stage,
    /// Bytes of all registrations so far.
    registered: usize,
    /// How often something was left out.
    left_out: usize,
    /// Frames of version 2 that came from one that speaks version 1.
    newer: Vec<&'static str>,
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
        Self {
            peer,
            declared,
            stage: Stage::Greeting(greeting),
            registered: 0,
            left_out: 0,
            newer: Vec::new(),
        }
    }

    pub(crate) fn line(&mut self, line: &[u8]) -> Worth {
        match std::mem::replace(&mut self.stage, Stage::Talking) {
            Stage::Greeting(greeting) => {
                let hello = first(FromExtension::decode(line)).map_err(|what| {
                    let (what, line) = (start_of(what.as_bytes()), start_of(line));
                    let what = format!("{what}; its first line was: {line}");
                    Fault::Protocol { what }
                });
                match &hello {
                    Ok(hello) if hello.protocol_version >= 2 => {
                        self.peer.speaks(PROTOCOL_VERSION.min(hello.protocol_version));
                        self.declared.speaks_version_2();
                    }
                    Ok(_) => {}
                    Err(_) => self.stage = Stage::Refused,
                }
                // Nobody waits any more: the start has timed out.
                let _ = greeting.send(hello);
                Worth::Awaited
            }
            Stage::Talking => {
                self.peer.frames.fetch_add(1, Ordering::Relaxed);
                match FromExtension::decode(line) {
                    Ok(frame) => self.frame(frame, line),
                    Err(error) => {
                        let told = start_of(error.to_string().as_bytes());
                        self.peer.log(&format!("skipped a line: {told}: {}", start_of(line)));
                        self.unregistered(&error);
                        self.unusable(&error)
                    }
                }
            }
            Stage::Refused => {
                self.stage = Stage::Refused;
                Worth::Unasked
            }
        }
    }

    fn frame(&mut self, frame: FromExtension, line: &[u8]) -> Worth {
        let peer = &self.peer;
        match frame {
            FromExtension::CommandResponse(frame) => {
                let id = frame.id.clone();
                peer.commands
                    .resolve(&id, frame)
                    .map_or_else(|frame| self.unawaited(&frame.id, COMMAND), awaited)
            }
            FromExtension::ToolResult(frame) => {
                let id = frame.id.clone();
                peer.tools.resolve(&id, frame).map_or_else(|frame| self.unawaited(&frame.id, TOOL), awaited)
            }
            FromExtension::InterceptResponse(frame) => {
                self.odd_answer(&frame, line);
                if let Some(worth) = self.contradiction(&frame) {
                    return worth;
                }
                let id = frame.id.clone();
                self.peer
                    .hooks
                    .resolve(&id, frame)
                    .map_or_else(|frame| self.unawaited(&frame.id, HOOK), awaited)
            }
            unasked => {
                self.unasked(unasked, line.len());
                Worth::Unasked
            }
        }
    }

    fn unasked(&mut self, frame: FromExtension, bytes: usize) {
        match frame {
            FromExtension::RegisterCommand(frame) => self.register(bytes, |_| Declared::command(frame)),
            FromExtension::RegisterTool(frame) => self.register(bytes, |declared| declared.tool(frame)),
            FromExtension::Subscribe(frame) => {
                self.register(bytes, |declared| declared.subscriptions(&frame));
                for word in self.declared.meaningless(&frame) {
                    self.left_out(&word.told, word.is_newer);
                }
            }
            FromExtension::Hello(_) => self.peer.log("skipped a second hello"),
            FromExtension::Ready => self.peer.ready.cancel(),
            FromExtension::Notify(frame) => self.notify(&frame),
            FromExtension::PanelRender(PanelRender { panel_id: id, title, lines, footer }) => {
                self.peer.inbound.render_panel(Panel { id, title, lines, footer });
            }
            FromExtension::PanelClose(frame) => self.peer.inbound.close_panel(&frame.panel_id),
            FromExtension::ShutdownAck
            | FromExtension::CommandResponse(_)
            | FromExtension::ToolResult(_)
            | FromExtension::InterceptResponse(_) => {}
            newer if self.peer.version() < 2 => self.newer(newer.kind()),
            FromExtension::RegisterHook(hook) => {
                self.register(bytes, |_| Registration::new().hook(hook.into()));
            }
            FromExtension::Progress(Progress { id, text }) => {
                if !self.peer.progress(&id, &text) {
                    let id = start_of(id.as_bytes());
                    self.peer.log(&format!("skipped progress: nobody waits for id {id:?}"));
                }
            }
            FromExtension::Request(frame) => requests::take(&self.peer, frame),
        }
    }

    fn register(&mut self, bytes: usize, make: impl FnOnce(&Declared) -> Registration) {
        let limit = self.peer.limits.registration.count();
        let all = limit.saturating_mul(REGISTRATIONS);
        if bytes > limit {
            return self.peer.log(&format!("skipped a registration of {bytes} bytes, {limit} are allowed"));
        }
        self.registered = self.registered.saturating_add(bytes);
        if self.registered > all {
            return self
                .peer
                .log(&format!("skipped a registration: all together have more than {all} bytes"));
        }
        self.peer.register(make(&self.declared));
    }

    fn notify(&self, frame: &Notify) {
        if !frame.message.is_empty() {
            self.peer.inbound.notify(Level::from_word(&frame.level), &frame.message);
        }
    }
}

fn awaited((): ()) -> Worth {
    Worth::Awaited
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
