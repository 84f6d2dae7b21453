//! Dialogues recorded between zot and one of its extensions: every line is read as the frame that it is, and every
//! frame is written as the line that was recorded.
//!
//! `> ` is host to extension, `< ` the other way; `<~ ` is a line that the extension wrote in a style of its
//! own (another order of keys, no escapes).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use wharf_protocol::codec::encode_line;
use wharf_protocol::event::{Event, Stop};
use wharf_protocol::frame::{
    Block, CommandInvoked, CommandResponse, EventIntercept, FromExtension, Hello, HelloAck,
    InterceptResponse, Notify, PanelClose, PanelKey, PanelRender, RegisterCommand, RegisterTool, Subscribe,
    ToExtension, Told, ToolCallFrame, ToolResult,
};
use wharf_protocol::json::Json;
use wharf_protocol::panel::Panel;
use wharf_protocol::tool::ToolTraits;

enum Frame {
    To(ToExtension),
    From(FromExtension),
}
use Frame::{From as F, To as T};

fn check(dialogue: &str, expected: &[Frame]) {
    let lines: Vec<&str> = dialogue.lines().collect();
    assert_eq!(lines.len(), expected.len());
    for (line, frame) in lines.into_iter().zip(expected) {
        let (direction, text) = line.split_once(' ').unwrap();
        let (written, kind) = match frame {
            T(frame) => {
                assert_eq!(&ToExtension::decode(text.as_bytes()).unwrap(), frame, "{text}");
                (encode_line(frame).unwrap(), frame.kind())
            }
            F(frame) => {
                assert_eq!(&FromExtension::decode(text.as_bytes()).unwrap(), frame, "{text}");
                (encode_line(frame).unwrap(), frame.kind())
            }
        };
        assert!(text.starts_with(&format!(r#"{{"type":"{kind}""#)), "{kind}: {text}");
        match (direction, frame) {
            (">", T(_)) | ("<", F(_)) => assert_eq!(String::from_utf8(written).unwrap(), format!("{text}\n")),
            ("<~", F(_)) => {
                let [recorded, written]: [serde_json::Value; 2] =
                    [text.as_bytes(), &written].map(|line| serde_json::from_slice(line).unwrap());
                assert_eq!(written, recorded);
            }
            _ => panic!("another direction: {line}"),
        }
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn json(text: &str) -> Json {
    Json::new(text).unwrap()
}

#[test]
fn handshake() {
    let schema = r#"{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}"#;
    let directory = text("/home/u/.zot/extensions/probe");
    check(
        include_str!("golden/handshake.jsonl"),
        &[
            F(FromExtension::Hello(Hello {
                name: text("probe"),
                version: text("0.1.0"),
                capabilities: texts(&["commands", "tools", "events", "panels"]),
                protocol_version: 0,
            })),
            F(FromExtension::RegisterCommand(RegisterCommand {
                name: text("probe"),
                description: text("probe command"),
            })),
            F(FromExtension::RegisterTool(RegisterTool {
                name: text("probe_echo"),
                description: text("echo"),
                schema: Some(json(schema)),
                traits: ToolTraits::default(),
                timeout_ms: None,
            })),
            F(FromExtension::Subscribe(Subscribe {
                events: texts(&["session_start", "turn_start", "turn_end", "tool_call", "assistant_message"]),
                intercept: texts(&["tool_call", "turn_start", "assistant_message"]),
            })),
            F(FromExtension::Ready),
            T(ToExtension::HelloAck(HelloAck {
                protocol_version: 1,
                zot_version: text("0.0.0"),
                provider: text("openai"),
                model: text("gpt-4o"),
                cwd: text("/home/u/proj"),
                extension_dir: directory.clone(),
                data_dir: directory,
                host_version: String::new(),
                occasion: String::new(),
                loss: String::new(),
            })),
        ],
    );
}

#[test]
fn commands() {
    let invoked = |id: &str, args: &str| {
        T(ToExtension::CommandInvoked(CommandInvoked {
            id: text(id),
            name: text("probe"),
            args: text(args),
            context: None,
        }))
    };
    let response = |id: &str, action: &str| CommandResponse {
        id: text(id),
        action: text(action),
        ..CommandResponse::default()
    };
    check(
        include_str!("golden/commands.jsonl"),
        &[
            invoked("004842565595", "hello"),
            F(FromExtension::CommandResponse(CommandResponse {
                display: text("probe ran hello"),
                ..response("004842565595", "display")
            })),
            invoked("004851015450", "error"),
            F(FromExtension::CommandResponse(CommandResponse {
                error: text("it broke"),
                ..response("004851015450", "noop")
            })),
            invoked("004855835899", "prompt"),
            F(FromExtension::CommandResponse(CommandResponse {
                prompt: text("from the probe"),
                ..response("004855835899", "prompt")
            })),
        ],
    );
}

#[test]
fn panel() {
    let invoked = |id: &str| {
        T(ToExtension::CommandInvoked(CommandInvoked {
            id: text(id),
            name: text("probe"),
            args: text("panel"),
            context: None,
        }))
    };
    let opened = |id: &str| {
        F(FromExtension::CommandResponse(CommandResponse {
            id: text(id),
            action: text("open_panel"),
            open_panel: Some(Panel {
                id: text("p1"),
                title: text("Probe"),
                lines: texts(&["> one", "  two"]),
                footer: text("j/k"),
            }),
            ..CommandResponse::default()
        }))
    };
    let key = |key: &str, character: &str| {
        T(ToExtension::PanelKey(PanelKey { panel_id: text("p1"), key: text(key), text: text(character) }))
    };
    let drawn = |footer: &str| {
        F(FromExtension::PanelRender(PanelRender {
            panel_id: text("p1"),
            title: text(""),
            lines: texts(&["  one", "> two"]),
            footer: text(footer),
        }))
    };
    let close = PanelClose { panel_id: text("p1") };
    check(
        include_str!("golden/panel.jsonl"),
        &[
            invoked("004843974269"),
            opened("004843974269"),
            key("down", ""),
            drawn("moved by down"),
            key("rune", "x"),
            drawn("moved by rune"),
            key("unknown", ""),
            drawn("moved by unknown"),
            key("rune", "q"),
            F(FromExtension::PanelClose(close.clone())),
            invoked("004848903715"),
            opened("004848903715"),
            T(ToExtension::PanelClose(close)),
        ],
    );
}

#[test]
fn tool() {
    let id = text("004852428515");
    let block = Block { kind: text("text"), text: text("echo:hi"), ..Block::default() };
    check(
        include_str!("golden/tool.jsonl"),
        &[
            T(ToExtension::ToolCall(ToolCallFrame {
                id: id.clone(),
                name: text("probe_echo"),
                args: json(r#"{"text":"hi"}"#),
                context: None,
            })),
            F(FromExtension::ToolResult(ToolResult { id, content: vec![block], is_error: false })),
        ],
    );
}

#[test]
fn hooks() {
    let ask = |id: &str, event: &str| EventIntercept {
        id: text(id),
        event: text(event),
        ..EventIntercept::default()
    };
    let ask_tool = |id: &str, tool_id: &str, tool: &str, args: &str| {
        T(ToExtension::EventIntercept(EventIntercept {
            tool_id: text(tool_id),
            tool_name: text(tool),
            tool_args: Some(json(args)),
            ..ask(id, "tool_call")
        }))
    };
    let answer = |id: &str| InterceptResponse { id: text(id), ..InterceptResponse::default() };
    check(
        include_str!("golden/hooks.jsonl"),
        &[
            T(ToExtension::EventIntercept(EventIntercept { step: 1, ..ask("004852426003", "turn_start") })),
            F(FromExtension::InterceptResponse(answer("004852426003"))),
            ask_tool("004852428322", "t1", "probe_echo", r#"{"text":"hi"}"#),
            F(FromExtension::InterceptResponse(answer("004852428322"))),
            ask_tool("004852429659", "t2", "bash", r#"{"command":"rm -rf ./nothing-here"}"#),
            F(FromExtension::InterceptResponse(InterceptResponse {
                block: true,
                reason: text("probe refuses rm -rf"),
                ..answer("004852429659")
            })),
            ask_tool("004852430749", "t3", "bash", r#"{"command":"echo plain"}"#),
            F(FromExtension::InterceptResponse(InterceptResponse {
                modified_args: Some(json(r#"{"command":"echo GUARDED"}"#)),
                ..answer("004852430749")
            })),
            T(ToExtension::EventIntercept(EventIntercept {
                text: text("the SECRET is out"),
                ..ask("004852432721", "assistant_message")
            })),
            F(FromExtension::InterceptResponse(InterceptResponse {
                replace_text: Some(text("the [redacted] is out")),
                ..answer("004852432721")
            })),
        ],
    );
}

#[test]
fn events() {
    let events = [
        Event::SessionStart,
        Event::TurnStart { step: 1 },
        Event::TurnEnd { stop: Some(Stop::ToolUse), error: None },
        Event::AssistantMessage { text: text("") },
        Event::ToolCall { id: text("t1"), name: text("probe_echo"), args: json(r#"{"text":"hi"}"#) },
        Event::TurnEnd { stop: Some(Stop::End), error: None },
        Event::AssistantMessage { text: text("the [redacted] is out") },
    ];
    let frame = |event: &Event| match Told::from(event) {
        Told::Event(frame) => T(ToExtension::Event(frame)),
        Told::PanelKey(frame) => T(ToExtension::PanelKey(frame)),
        Told::PanelClose(frame) => T(ToExtension::PanelClose(frame)),
    };
    let frames: Vec<Frame> = events.iter().map(frame).collect();
    check(include_str!("golden/events.jsonl"), &frames);
}

#[test]
fn notify() {
    let notify = Notify { level: text("warn"), message: text("hello from probe") };
    check(include_str!("golden/notify.jsonl"), &[F(FromExtension::Notify(notify))]);
}

#[test]
fn shutdown() {
    check(include_str!("golden/shutdown.jsonl"), &[T(ToExtension::Shutdown), F(FromExtension::ShutdownAck)]);
}
