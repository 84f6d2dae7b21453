//! An extension's answers, turned into what the host works with.

use wharf_protocol::command::{CommandResult, Outcome};
use wharf_protocol::frame::{Block, CommandResponse, InterceptResponse};
use wharf_protocol::hook::{
    CompactionVerdict, MessageVerdict, PromptVerdict, ResultVerdict, ToolVerdict, TurnVerdict,
};
use wharf_protocol::tool::ToolOutput;

/// An error counts before any action.
pub(crate) fn outcome(response: CommandResponse) -> CommandResult {
    if !response.error.is_empty() {
        return Err(response.error);
    }
    match response.action.as_str() {
        "" | "noop" => Ok(Outcome::Noop),
        "prompt" if response.prompt.trim().is_empty() => Ok(Outcome::Noop),
        "prompt" => Ok(Outcome::Prompt(response.prompt)),
        "insert" => Ok(Outcome::Insert(response.insert)),
        "display" => Ok(Outcome::Display(response.display)),
        "open_panel" => Ok(response.open_panel.map_or(Outcome::Noop, Outcome::OpenPanel)),
        unknown => Err(format!("unknown action {unknown}")),
    }
}

/// A refusal counts before any rewriting.
///
/// # Errors
/// What cannot be done at once: to change the arguments and to have the user asked.
pub(crate) fn about_tool_call(answer: InterceptResponse) -> Result<ToolVerdict, String> {
    Ok(match (answer.block, answer.modified_args) {
        (true, _) => ToolVerdict::Refuse(answer.reason),
        (false, Some(_)) if answer.ask => return Err("it rewrites and asks at once".to_owned()),
        (false, Some(args)) => ToolVerdict::Rewrite(args),
        (false, None) if answer.ask => ToolVerdict::Ask(answer.reason),
        (false, None) => ToolVerdict::Pass,
    })
}

/// A refusal counts before everything else, and that it is dealt with before any rewriting.
pub(crate) fn about_prompt(answer: InterceptResponse) -> PromptVerdict {
    if answer.block {
        PromptVerdict::Refuse(answer.reason)
    } else if answer.handled {
        PromptVerdict::Handle(answer.reason)
    } else {
        answer.replace_text.map_or(PromptVerdict::Pass, PromptVerdict::Rewrite)
    }
}

/// A refusal withholds the result.
pub(crate) fn about_result(answer: InterceptResponse, extension: &str) -> ResultVerdict {
    match (answer.block, answer.content) {
        (true, _) => ResultVerdict::Replace(ToolOutput::error(match answer.reason.as_str() {
            "" => "result withheld by an extension",
            reason => reason,
        })),
        (false, Some(content)) => {
            ResultVerdict::Replace(Block::into_output(content, answer.is_error, extension))
        }
        (false, None) => ResultVerdict::Pass,
    }
}

pub(crate) fn about_compaction(answer: InterceptResponse) -> CompactionVerdict {
    if answer.block {
        CompactionVerdict::Refuse(answer.reason)
    } else {
        answer.replace_text.map_or(CompactionVerdict::Pass, CompactionVerdict::Summary)
    }
}

pub(crate) fn about_turn(answer: InterceptResponse) -> TurnVerdict {
    if answer.block { TurnVerdict::Refuse(answer.reason) } else { TurnVerdict::Pass }
}

/// A refusal counts before any replacing. In version 1 an empty text replaces nothing; in later ones it is a mistake of
/// the extension, as a component's is.
pub(crate) fn about_message(answer: InterceptResponse, version: u32) -> MessageVerdict {
    if answer.block {
        return MessageVerdict::Hide(answer.reason);
    }
    let counts = |text: &String| version >= 2 || !text.is_empty();
    answer.replace_text.filter(counts).map_or(MessageVerdict::Pass, MessageVerdict::Replace)
}

#[cfg(test)]
mod tests {
    use wharf_protocol::json::Json;
    use wharf_protocol::panel::Panel;

    use super::*;

    fn response(action: &str) -> CommandResponse {
        CommandResponse {
            action: action.into(),
            prompt: "p".into(),
            insert: "i".into(),
            display: "d".into(),
            ..CommandResponse::default()
        }
    }

    #[test]
    fn every_action_has_its_outcome() {
        let panel = Panel { id: "x".into(), ..Panel::default() };
        for (response, expected) in [
            (response(""), Ok(Outcome::Noop)),
            (response("noop"), Ok(Outcome::Noop)),
            (response("prompt"), Ok(Outcome::Prompt("p".into()))),
            (CommandResponse { prompt: " \n".into(), ..response("prompt") }, Ok(Outcome::Noop)),
            (response("insert"), Ok(Outcome::Insert("i".into()))),
            (response("display"), Ok(Outcome::Display("d".into()))),
            (response("open_panel"), Ok(Outcome::Noop)),
            (
                CommandResponse { open_panel: Some(panel.clone()), ..response("open_panel") },
                Ok(Outcome::OpenPanel(panel)),
            ),
            (response("clear"), Err("unknown action clear".into())),
            (CommandResponse { error: "e".into(), ..response("prompt") }, Err("e".into())),
        ] {
            assert_eq!(outcome(response.clone()), expected, "{response:?}");
        }
    }

    #[test]
    fn refusing_counts_before_rewriting() {
        let args = Json::new("{\"a\":1}").unwrap();
        let all = InterceptResponse {
            block: true,
            reason: "no".into(),
            modified_args: Some(args.clone()),
            replace_text: Some("other".into()),
            ..InterceptResponse::default()
        };
        assert_eq!(about_tool_call(all.clone()), Ok(ToolVerdict::Refuse("no".into())));
        assert_eq!(about_turn(all.clone()), TurnVerdict::Refuse("no".into()));
        assert_eq!(about_message(all.clone(), 1), MessageVerdict::Hide("no".into()));
        let rewriting = InterceptResponse { block: false, ..all };
        assert_eq!(about_tool_call(rewriting.clone()), Ok(ToolVerdict::Rewrite(args)));
        assert!(about_tool_call(InterceptResponse { ask: true, ..rewriting.clone() }).is_err());
        assert_eq!(about_turn(rewriting.clone()), TurnVerdict::Pass);
        assert_eq!(about_message(rewriting, 1), MessageVerdict::Replace("other".into()));
        let nothing = InterceptResponse::default;
        assert_eq!(about_tool_call(nothing()), Ok(ToolVerdict::Pass));
        assert_eq!(about_message(nothing(), 2), MessageVerdict::Pass);
        let empty = || InterceptResponse { replace_text: Some(String::new()), ..nothing() };
        assert_eq!(about_message(empty(), 1), MessageVerdict::Pass);
        assert_eq!(about_message(empty(), 2), MessageVerdict::Replace(String::new()));
        assert_eq!(about_prompt(empty()), PromptVerdict::Rewrite(String::new()));
    }
}
