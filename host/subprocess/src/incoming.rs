//! What becomes of each line from the extension.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;
use wharf_child::pace::Worth;
use wharf_extensions::error::Fault;
use wharf_extensions::suggestion;
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

/// How often the user is told that something was left out; the log is told of more.
const LEFT_OUT: usize = 20;

/// The reading end of the conversation. Nothing here waits.
pub(crate) struct Incoming {
    peer: Arc<Peer>,
    declared: Declared,
    stage: Stage,
    /// Bytes of all registrations so far.
    registered: usize,
    /// How often something was left out.
    left_out: usize,
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
        Self { peer, declared, stage: Stage::Greeting(greeting), registered: 0, left_out: 0 }
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
                    Ok(frame) => self.frame(frame, line.len()),
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

    fn frame(&mut self, frame: FromExtension, bytes: usize) -> Worth {
        let peer = &self.peer;
        match frame {
            FromExtension::CommandResponse(frame) => {
                let id = frame.id.clone();
                answered(peer, "command_response", &id, peer.commands.resolve(&id, frame).is_ok())
            }
            FromExtension::ToolResult(frame) => {
                let id = frame.id.clone();
                answered(peer, "tool_result", &id, peer.tools.resolve(&id, frame).is_ok())
            }
            FromExtension::InterceptResponse(frame) => {
                let id = frame.id.clone();
                answered(peer, "event_intercept_response", &id, peer.hooks.resolve(&id, frame).is_ok())
            }
            unasked => {
                self.unasked(unasked, bytes);
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
                for what in self.declared.meaningless(&frame) {
                    self.left_out(&what);
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
            newer if self.peer.version() < 2 => {
                let kind = newer.kind();
                self.peer.log(&format!("skipped {kind}: it speaks version 1 of the protocol"));
            }
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

    /// A registration that cannot be read leaves something out that its author counts on.
    fn unregistered(&mut self, error: &DecodeError) {
        let DecodeError::Field { kind, source, .. } = error else { return };
        let what = match *kind {
            "register_hook" if self.peer.version() >= 2 => "a hook",
            "register_tool" => "a tool",
            "register_command" => "a command",
            "subscribe" => "a subscription",
            _ => return,
        };
        if self.declared.is_for_wharf() {
            let message = source.to_string();
            let told = start_of(message.as_bytes());
            self.left_out(&format!("{what} is left out: {told}{}", suggestion::of_message(&message)));
        }
    }

    /// Tells the author that something was left out: zot's extensions in the log alone.
    fn left_out(&mut self, what: &str) {
        let told = self.left_out;
        self.left_out = told.saturating_add(1);
        match self.declared.is_for_wharf() && told < LEFT_OUT {
            true => self.peer.inbound.left_out(what),
            false => self.peer.log(what),
        }
    }

    /// An answer that cannot be read ends the call that waits for it.
    fn unusable(&self, error: &DecodeError) -> Worth {
        let DecodeError::Field { kind, id: Some(id), .. } = error else { return Worth::Unasked };
        let told = start_of(error.to_string().as_bytes());
        if *kind == "request" && self.peer.version() >= 2 {
            // It would wait for the reply for ever.
            requests::refuse(&self.peer, id.clone(), told);
            return Worth::Unasked;
        }
        let fault = Fault::Protocol { what: format!("its answer cannot be used: {told}") };
        let somebody_waited = match *kind {
            "tool_result" => self.peer.tools.fail(id, fault),
            "command_response" => self.peer.commands.fail(id, fault),
            "event_intercept_response" => self.peer.hooks.fail(id, fault),
            _ => false,
        };
        if somebody_waited { Worth::Awaited } else { Worth::Unasked }
    }

    fn notify(&self, frame: &Notify) {
        if !frame.message.is_empty() {
            self.peer.inbound.notify(Level::from_word(&frame.level), &frame.message);
        }
    }
}

fn answered(peer: &Peer, kind: &str, id: &str, somebody_waited: bool) -> Worth {
    if somebody_waited {
        return Worth::Awaited;
    }
    let id = start_of(id.as_bytes());
    peer.log(&format!("skipped {kind}: nobody waits for id {id:?} (unknown, or too late)"));
    Worth::Unasked
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
