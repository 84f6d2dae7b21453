//! What the probe decides.

use serde_json::{Map, Value};
use wharf_guest::{
    CompactionVerdict, Content, Json, MessageVerdict, PromptVerdict, ResultVerdict, ToolCall, ToolOutput,
    ToolVerdict,
};

pub(crate) fn tool_call(call: &ToolCall) -> ToolVerdict {
    let Ok(mut args) = call.args.parse::<Map<String, Value>>() else {
        return ToolVerdict::Pass;
    };
    match call.name.as_str() {
        "bash" => {
            let command = args.get("command").and_then(Value::as_str).unwrap_or_default().to_owned();
            if command.contains("rm -rf") {
                return ToolVerdict::Refuse("probe refuses rm -rf".to_owned());
            }
            if command.contains("ask first") {
                return ToolVerdict::Ask("probe is not sure".to_owned());
            }
            if !command.contains("echo plain") {
                return ToolVerdict::Pass;
            }
            args.insert("command".to_owned(), command.replace("echo plain", "echo GUARDED").into());
        }
        "probe_add_args" => {
            args.insert("added".to_owned(), true.into());
        }
        _ => return ToolVerdict::Pass,
    }
    Json::of(&args).map_or(ToolVerdict::Pass, ToolVerdict::Rewrite)
}

pub(crate) fn assistant_message(text: &str) -> MessageVerdict {
    if text.contains("EMPTY ME") {
        MessageVerdict::Replace(String::new())
    } else if text.contains("HIDE ME") {
        MessageVerdict::Hide("probe hides the message".to_owned())
    } else if text.contains("SECRET") {
        MessageVerdict::Replace(text.replace("SECRET", "[redacted]"))
    } else {
        MessageVerdict::Pass
    }
}

pub(crate) fn prompt(text: &str) -> PromptVerdict {
    if text.contains("EMPTY ME") {
        PromptVerdict::Rewrite(String::new())
    } else if text.contains("REFUSE ME") {
        PromptVerdict::Refuse("probe refuses the prompt".to_owned())
    } else if text.contains("HANDLE ME") {
        PromptVerdict::Handle("probe has dealt with it".to_owned())
    } else if text.contains("REWRITE ME") {
        PromptVerdict::Rewrite(text.replace("REWRITE ME", "rewritten"))
    } else {
        PromptVerdict::Pass
    }
}

pub(crate) fn tool_result(output: &ToolOutput) -> ResultVerdict {
    let text = output.joined_text();
    if text.contains("TURN ME") {
        let content = vec![Content::text(text.replace("TURN ME", "turned"))];
        ResultVerdict::Replace(ToolOutput { content, is_error: !output.is_error })
    } else {
        ResultVerdict::Pass
    }
}

pub(crate) fn compaction(instructions: &str) -> CompactionVerdict {
    match instructions {
        "mine" => CompactionVerdict::Summary("probe's summary".to_owned()),
        "all" => CompactionVerdict::Refuse("probe keeps all".to_owned()),
        _ => CompactionVerdict::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(name: &str, args: &str) -> ToolVerdict {
        let args = Json::new(args).unwrap();
        tool_call(&ToolCall { id: "1".to_owned(), name: name.to_owned(), args })
    }

    #[test]
    fn calls_are_refused_rewritten_or_passed() {
        let rewritten = |args: &str| ToolVerdict::Rewrite(Json::new(args).unwrap());
        let refused = ToolVerdict::Refuse("probe refuses rm -rf".to_owned());
        assert_eq!(verdict("bash", r#"{"command":"rm -rf x"}"#), refused);
        assert_eq!(verdict("read", r#"{"command":"rm -rf x"}"#), ToolVerdict::Pass);
        assert_eq!(
            verdict("bash", r#"{"command":"echo plain"}"#),
            rewritten(r#"{"command":"echo GUARDED"}"#)
        );
        assert_eq!(verdict("probe_add_args", r#"{"a":1}"#), rewritten(r#"{"a":1,"added":true}"#));
        assert_eq!(verdict("bash", "[]"), ToolVerdict::Pass);
    }

    #[test]
    fn messages_are_hidden_replaced_or_passed() {
        assert_eq!(assistant_message("a SECRET"), MessageVerdict::Replace("a [redacted]".to_owned()));
        assert!(matches!(assistant_message("HIDE ME, SECRET"), MessageVerdict::Hide(_)));
        assert_eq!(assistant_message("hi"), MessageVerdict::Pass);
    }
}
