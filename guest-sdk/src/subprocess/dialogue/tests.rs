//! Whole dialogues in memory: what the host wrote, and what the extension must have written.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crate::subprocess::outlet::Services;
use crate::*;

struct Sample {
    events: Vec<String>,
}

impl Extension for Sample {
    const NAME: &'static str = "sample";
    const VERSION: &'static str = "1.2.3";

    fn start(start: &Start, host: &Host) -> Result<Self, String> {
        if start.model == "broken" {
            return Err("no such model".to_owned());
        }
        host.notify(Level::Info, &format!("data in {:?}", start.data_dir));
        Ok(Self { events: Vec::new() })
    }

    fn registration(&self) -> Registration {
        Registration::new()
            .tool(ToolSpec::new("say", "Says.", Json::empty_object()))
            .command(CommandSpec::new("seen", "What was seen"))
            .events([Topic::TurnEnd])
            .hook(HookSpec::on(HookPoint::ToolCall).tools(["ba*"]))
            .hook(HookSpec::on(HookPoint::AssistantMessage))
    }

    fn tool(&mut self, call: &ToolCall, host: &Host) -> ToolOutput {
        match call.args.as_str() {
            "\"panic\"" => panic!("ouch"),
            "\"more\"" => {
                let late = ToolSpec::new("late", "", Json::empty_object());
                assert_eq!(host.register(Registration::new().tool(late)), Ok(()));
                ToolOutput::text("registered")
            }
            "\"long\"" => ToolOutput::text("x".repeat(5 << 20)),
            args => ToolOutput::text(args),
        }
    }

    fn command(&mut self, _: &str, args: &str, _: &Host) -> CommandResult {
        if args.is_empty() {
            Ok(Outcome::Display(self.events.join(",")))
        } else {
            Err(format!("what is {args}?"))
        }
    }

    fn event(&mut self, event: &Event, _: &Host) {
        self.events.push(format!("{event:?}"));
    }

    fn on_tool_call(&mut self, call: &ToolCall, _: &Host) -> ToolVerdict {
        match call.args.as_str() {
            "\"panic\"" => panic!("{}", "ouch".to_owned()),
            "\"bad\"" => ToolVerdict::Refuse("no".to_owned()),
            _ => ToolVerdict::Rewrite(Json::empty_object()),
        }
    }

    fn on_assistant_message(&mut self, text: &str, _: &Host) -> MessageVerdict {
        MessageVerdict::Replace(text.to_uppercase())
    }
}

#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const ACK: &str =
    r#"{"type":"hello_ack","protocol_version":1,"zot_version":"0","model":"m","data_dir":"/d"}"#;

/// The lines that the extension writes when the host writes these, the introduction left out.
fn answers(lines: &[&str]) -> Vec<String> {
    let written = Written::default();
    let host = Host(Services::new(written.clone()));
    let input = [&[ACK], lines].concat().join("\n") + "\n";
    super::hold::<Sample>(io::Cursor::new(input), &host).unwrap();
    let text = String::from_utf8(written.0.take()).unwrap();
    text.lines().skip(6).map(str::to_owned).collect()
}

#[test]
fn it_introduces_itself_registers_and_leaves_on_shutdown() {
    let written = Written::default();
    let host = Host(Services::new(written.clone()));
    let input = format!("{ACK}\n{{\"type\":\"shutdown\"}}\n{{\"type\":\"tool_call\",\"id\":\"late\"}}\n");
    super::hold::<Sample>(io::Cursor::new(input), &host).unwrap();
    let text = String::from_utf8(written.0.take()).unwrap();
    let expected = [
        r#"{"type":"hello","name":"sample","version":"1.2.3","capabilities":["commands","tools","events","panels"],"protocol_version":2}"#,
        r#"{"type":"notify","level":"info","message":"data in Some(\"/d\")"}"#,
        r#"{"type":"register_command","name":"seen","description":"What was seen"}"#,
        r#"{"type":"register_tool","name":"say","description":"Says.","schema":{}}"#,
        r#"{"type":"subscribe","events":["turn_end"],"intercept":["tool_call","assistant_message"]}"#,
        r#"{"type":"ready"}"#,
        r#"{"type":"shutdown_ack"}"#,
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn tools_answer_and_their_panics_are_answers() {
    let answers = answers(&[
        r#"{"type":"tool_call","id":"1","name":"say","args":{"a":1.0}}"#,
        "not a frame",
        r#"{"type":"tool_call","id":"2","name":"say","args":"panic"}"#,
        r#"{"type":"tool_call","id":"3","name":"say","args":"more"}"#,
        r#"{"type":"tool_call","id":"4","name":"say","args":"long"}"#,
    ]);
    let expected = [
        r#"{"type":"tool_result","id":"1","content":[{"type":"text","text":"{\"a\":1.0}"}]}"#,
        r#"{"type":"tool_result","id":"2","content":[{"type":"text","text":"panic: ouch"}],"is_error":true}"#,
        r#"{"type":"register_tool","name":"late","schema":{}}"#,
        r#"{"type":"tool_result","id":"3","content":[{"type":"text","text":"registered"}]}"#,
    ];
    assert_eq!(answers[..4], expected);
    assert!(
        answers[4].contains("cannot be sent") && answers[4].contains("\"is_error\":true"),
        "{}",
        answers[4]
    );
}

#[test]
fn commands_see_the_events_before_them() {
    let answers = answers(&[
        r#"{"type":"event","event":"turn_end","stop":"tool_use"}"#,
        r#"{"type":"event","event":"unheard_of"}"#,
        r#"{"type":"command_invoked","id":"1","name":"seen"}"#,
        r#"{"type":"command_invoked","id":"2","name":"seen","args":"x"}"#,
    ]);
    let expected = [
        r#"{"type":"command_response","id":"1","action":"display","display":"TurnEnd { stop: Some(ToolUse), error: None }"}"#,
        r#"{"type":"command_response","id":"2","action":"noop","error":"what is x?"}"#,
    ];
    assert_eq!(answers, expected);
}

#[test]
fn hooks_are_asked_about_the_tools_they_name_and_a_panic_refuses() {
    let ask = |id: &str, tool: &str, args: &str| {
        format!(
            r#"{{"type":"event_intercept","id":"{id}","event":"tool_call","tool_name":"{tool}","tool_args":{args}}}"#
        )
    };
    let questions = [
        ask("1", "bash", "\"bad\""),
        ask("2", "read", "\"bad\""),
        ask("3", "bash", "\"panic\""),
        ask("4", "bash", "\"x\""),
        r#"{"type":"event_intercept","id":"5","event":"assistant_message","text":"hi"}"#.to_owned(),
        r#"{"type":"event_intercept","id":"6","event":"unheard_of"}"#.to_owned(),
    ];
    let expected = [
        r#"{"type":"event_intercept_response","id":"1","block":true,"reason":"no"}"#,
        r#"{"type":"event_intercept_response","id":"2"}"#,
        r#"{"type":"event_intercept_response","id":"3","block":true,"reason":"intercept panic: ouch"}"#,
        r#"{"type":"event_intercept_response","id":"4","modified_args":{}}"#,
        r#"{"type":"event_intercept_response","id":"5","replace_text":"HI"}"#,
        r#"{"type":"event_intercept_response","id":"6"}"#,
    ];
    assert_eq!(answers(&questions.each_ref().map(String::as_str)), expected);
}

#[test]
fn a_failed_start_ends_the_dialogue_with_its_reason() {
    let host = Host(Services::new(io::sink()));
    let ack = "{\"type\":\"hello_ack\",\"model\":\"broken\"}\n";
    let error = super::hold::<Sample>(ack.as_bytes(), &host).unwrap_err();
    assert_eq!(error.to_string(), "the extension did not start: no such model");
}

#[test]
fn a_host_that_closes_before_the_ack_is_no_error() {
    super::hold::<Sample>(io::empty(), &Host(Services::new(io::sink()))).unwrap();
}
