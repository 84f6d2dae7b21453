//! The rendering of a whole run against what zot wrote for the same one, and of the events that it does not hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use jiff::Timestamp;
use wharf_ports::event::AgentEvent;
use wharf_ports::message::AssistantBlock;
use wharf_ports::model::Usage;
use wharf_protocol::content::Content;
use wharf_protocol::event::Stop;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::notice::Level;
use wharf_protocol::tool::{ToolCall, ToolOutput};
use wharf_rpc::zot::render;

const GOLDEN: &str = include_str!("golden/zot-json-mode.jsonl");

fn time() -> Timestamp {
    "2026-01-02T03:04:05.123456789Z".parse().unwrap()
}

fn json(text: &str) -> Json {
    Json::new(text).unwrap()
}

/// The events of a run, step by step.
#[derive(Default)]
struct Run {
    events: Vec<AgentEvent>,
    total: Usage,
    step: u32,
}

impl Run {
    fn begin_turn(&mut self) {
        self.step += 1;
        self.events.push(AgentEvent::TurnStart { step: self.step });
        self.events.push(AgentEvent::AssistantStart);
    }

    fn message(&mut self, block: AssistantBlock, replaced: bool) {
        let call = Usage { input: 10, output: 2, cost_usd: 0.000_045, ..Usage::default() };
        self.total += call;
        self.events.push(AgentEvent::Usage { call, total: self.total });
        self.events.push(AgentEvent::AssistantMessage { blocks: vec![block], time: time(), replaced });
    }

    fn call(&mut self, id: &str, name: &str, args: &str) {
        self.begin_turn();
        let (id, name, args) = (id.to_owned(), name.to_owned(), json(args));
        self.events.extend([
            AgentEvent::ToolUseStart { id: id.clone(), name: name.clone() },
            AgentEvent::ToolUseArgs { id: id.clone(), delta: args.as_str().to_owned() },
            AgentEvent::ToolUseEnd { id: id.clone() },
        ]);
        let call = ToolCall { id: id.clone(), name: name.clone(), args: args.clone() };
        self.message(AssistantBlock::ToolCall(call), false);
        self.events.push(AgentEvent::ToolCall { id, name, args });
        self.events.push(AgentEvent::TurnEnd { stop: Some(Stop::ToolUse), error: None });
    }

    fn result(&mut self, id: &str, output: ToolOutput, ran: Option<Json>) {
        self.events.push(AgentEvent::ToolResult { id: id.to_owned(), output, ran });
    }
}

fn golden_run() -> Vec<AgentEvent> {
    let mut run = Run::default();
    run.events.push(AgentEvent::UserMessage { content: vec![Content::text("go")], time: time() });
    run.call("t1", "probe_echo", r#"{"text": "hi"}"#);
    run.result("t1", ToolOutput::text("echo:hi"), None);
    run.call("t2", "bash", r#"{"command": "rm -rf ./nothing-here"}"#);
    run.result("t2", ToolOutput::error("probe refuses rm -rf"), None);
    run.call("t3", "bash", r#"{"command": "echo plain"}"#);
    run.events.push(AgentEvent::ToolProgress { id: "t3".to_owned(), text: "GUARDED\n".to_owned() });
    let output = ToolOutput::text("$ echo GUARDED\n\nGUARDED\n\n[exit 0]  Took 0.0s");
    run.result("t3", output, Some(json(r#"{"command":"echo GUARDED"}"#)));
    run.begin_turn();
    run.events.push(AgentEvent::TextDelta("the SECRET is out".to_owned()));
    run.message(AssistantBlock::Text("the [redacted] is out".to_owned()), true);
    run.events.push(AgentEvent::TurnEnd { stop: Some(Stop::End), error: None });
    run.events.push(AgentEvent::Done);
    run.events
}

#[test]
fn a_run_looks_as_zot_writes_it() {
    let written: Vec<String> = golden_run().iter().map(|event| render(event).unwrap()).collect();
    // A replaced message has a time here.
    let expected = GOLDEN.replace("0001-01-01T00:00:00Z", "2026-01-02T03:04:05.123456789Z");
    let expected: Vec<&str> = expected.lines().collect();
    for (index, (written, expected)) in written.iter().zip(&expected).enumerate() {
        assert_eq!(written, expected, "line {}", index + 1);
    }
    assert_eq!(written.len(), expected.len());
}

#[test]
fn events_beyond_the_golden_run() {
    let guard = ExtensionId::new("guard").unwrap();
    let image = Content::Image { mime_type: "image/png".to_owned(), data: vec![0; 7] };
    let output = ToolOutput { content: vec![image], is_error: false };
    for (event, expected) in [
        (AgentEvent::ThinkingDelta("hm".to_owned()), r#"{"delta":"hm","type":"thinking_delta"}"#),
        (
            AgentEvent::MessageHidden { by: guard.clone(), reason: "secret".to_owned() },
            r#"{"by":"guard","reason":"secret","type":"message_hidden"}"#,
        ),
        (
            AgentEvent::ExtFailed { extension: Some(guard.clone()), message: "late".to_owned() },
            r#"{"extension":"guard","message":"late","type":"ext_error"}"#,
        ),
        (
            AgentEvent::ExtFailed { extension: None, message: "bad file".to_owned() },
            r#"{"extension":"","message":"bad file","type":"ext_error"}"#,
        ),
        (
            AgentEvent::ExtNotify { extension: guard.clone(), level: Level::Warn, message: "m".to_owned() },
            r#"{"extension":"guard","level":"warn","message":"m","type":"ext_notify"}"#,
        ),
        (
            AgentEvent::ExtDisplay { extension: guard, text: "t".to_owned(), is_outcome: true },
            r#"{"extension":"guard","text":"t","type":"ext_display"}"#,
        ),
        (
            AgentEvent::ExtReloaded {
                loaded: vec!["b".to_owned()],
                stopped: vec!["a".to_owned(), "b".to_owned()],
                errors: vec!["why".to_owned()],
            },
            r#"{"errors":["why"],"loaded":["b"],"stopped":["a","b"],"type":"ext_reloaded"}"#,
        ),
        (
            AgentEvent::Notice { level: Level::Info, message: "new".to_owned() },
            r#"{"level":"info","message":"new","type":"notice"}"#,
        ),
        (
            AgentEvent::TurnEnd { stop: Some(Stop::Aborted), error: Some("context canceled".to_owned()) },
            r#"{"error":"context canceled","stop":"aborted","type":"turn_end"}"#,
        ),
        (AgentEvent::TurnEnd { stop: None, error: None }, r#"{"stop":"","type":"turn_end"}"#),
        (
            AgentEvent::Error { message: "no <&>".to_owned() },
            r#"{"message":"no \u003c\u0026\u003e","type":"error"}"#,
        ),
        (
            AgentEvent::ToolResult { id: "t1".to_owned(), output, ran: None },
            r#"{"content":[{"bytes":7,"mime_type":"image/png","type":"image"}],"id":"t1","is_error":false,"type":"tool_result"}"#,
        ),
        (
            AgentEvent::ToolCall {
                id: "t".to_owned(),
                name: "n".to_owned(),
                args: json(r#"{"b": 1, "a": "<"}"#),
            },
            r#"{"args":{"a":"\u003c","b":1},"id":"t","name":"n","type":"tool_call"}"#,
        ),
        (
            AgentEvent::Usage { call: Usage::default(), total: Usage::default() },
            r#"{"cache_read":0,"cache_write":0,"cost_usd":0,"cumulative":{"cache_read":0,"cache_write":0,"cost_usd":0,"input":0,"output":0},"input":0,"output":0,"type":"usage"}"#,
        ),
    ] {
        assert_eq!(render(&event).unwrap(), expected);
    }
}

#[test]
fn reasoning_is_left_out_of_a_message() {
    let blocks = vec![AssistantBlock::Thinking("hm".to_owned()), AssistantBlock::Text("hi".to_owned())];
    let event = AgentEvent::AssistantMessage { blocks, time: time(), replaced: false };
    let expected = r#"{"content":[{"text":"hi","type":"text"}],"time":"2026-01-02T03:04:05.123456789Z","type":"assistant_message"}"#;
    assert_eq!(render(&event).unwrap(), expected);
}

#[test]
fn a_long_event_is_written_whole() {
    let line = render(&AgentEvent::TextDelta("x".repeat(5 * 1024 * 1024))).unwrap();
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["delta"].as_str().unwrap().len(), 5 * 1024 * 1024);
}
