//! What is asked at the hooks that are about no tool, and what an answer changes.

use std::sync::Arc;

use wharf_ports::hooks::{CompactionDecision, MessageDecision, PromptDecision, Refusal, TurnDecision};
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, HookPoint, MessageVerdict, Prompt, PromptVerdict, TurnVerdict,
};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::text::is_blank;

use super::{Point, Step};
use crate::backend::{ExtCall, Instance};
use crate::error::{ExtError, Fault};

/// Longest text that an interceptor may put in a prompt's place, or write as a summary, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// `turn_start`
pub(crate) struct OnTurnStart {
    pub(crate) step: u32,
}

impl OnTurnStart {
    pub(crate) fn decide(result: Result<(), Refusal>) -> TurnDecision {
        result.map_or_else(TurnDecision::Refuse, |()| TurnDecision::Go)
    }
}

impl Point for OnTurnStart {
    const HOOK: HookPoint = HookPoint::TurnStart;
    const REFUSED: &'static str = "turn blocked by extension guard";
    type Verdict = TurnVerdict;

    async fn ask(&self, instance: Arc<dyn Instance>, cx: &ExtCall) -> Result<TurnVerdict, ExtError> {
        instance.on_turn_start(self.step, cx).await
    }

    fn take(&mut self, _: &ExtensionId, verdict: TurnVerdict) -> Result<Step, Fault> {
        Ok(match verdict {
            TurnVerdict::Pass => Step::Next,
            TurnVerdict::Refuse(reason) => Step::Refuse(reason),
        })
    }
}

/// `assistant_message`
pub(crate) struct OnMessage<'a> {
    text: &'a str,
    replaced: Option<String>,
}

impl<'a> OnMessage<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, replaced: None }
    }

    pub(crate) fn decide(self, result: Result<(), Refusal>) -> MessageDecision {
        match (result, self.replaced) {
            (Err(refusal), _) => MessageDecision::Hide(refusal),
            (Ok(()), Some(new)) if new != self.text => MessageDecision::Replace(new),
            (Ok(()), _) => MessageDecision::Show,
        }
    }
}

impl Point for OnMessage<'_> {
    const HOOK: HookPoint = HookPoint::AssistantMessage;
    const REFUSED: &'static str = "message hidden by an extension";
    type Verdict = MessageVerdict;

    async fn ask(&self, instance: Arc<dyn Instance>, cx: &ExtCall) -> Result<MessageVerdict, ExtError> {
        instance.on_assistant_message(self.replaced.as_deref().unwrap_or(self.text), cx).await
    }

    fn take(&mut self, _: &ExtensionId, verdict: MessageVerdict) -> Result<Step, Fault> {
        match verdict {
            MessageVerdict::Pass => {}
            MessageVerdict::Replace(text) => {
                bounded(&text, "the message")?;
                self.replaced = Some(text);
                return Ok(Step::Changed);
            }
            MessageVerdict::Hide(reason) => return Ok(Step::Refuse(reason)),
        }
        Ok(Step::Next)
    }
}

/// `prompt`
pub(crate) struct OnPrompt {
    prompt: Prompt,
    rewritten: bool,
    handled: Option<(ExtensionId, String)>,
}

impl OnPrompt {
    pub(crate) fn new(prompt: &Prompt) -> Self {
        Self { prompt: prompt.clone(), rewritten: false, handled: None }
    }

    pub(crate) fn decide(self, result: Result<(), Refusal>) -> PromptDecision {
        match (result, self.handled) {
            (Err(refusal), _) => PromptDecision::Refuse(refusal),
            (Ok(()), Some((by, text))) => PromptDecision::Handled { by, text },
            (Ok(()), None) => PromptDecision::Go(self.rewritten.then_some(self.prompt.text)),
        }
    }
}

impl Point for OnPrompt {
    const HOOK: HookPoint = HookPoint::Prompt;
    const REFUSED: &'static str = "prompt refused by an extension";
    type Verdict = PromptVerdict;

    async fn ask(&self, instance: Arc<dyn Instance>, cx: &ExtCall) -> Result<PromptVerdict, ExtError> {
        instance.on_prompt(&self.prompt, cx).await
    }

    fn take(&mut self, by: &ExtensionId, verdict: PromptVerdict) -> Result<Step, Fault> {
        match verdict {
            PromptVerdict::Pass => {}
            PromptVerdict::Refuse(reason) => return Ok(Step::Refuse(reason)),
            PromptVerdict::Handle(text) => {
                self.handled = Some((by.clone(), text));
                return Ok(Step::End);
            }
            PromptVerdict::Rewrite(text) => {
                bounded(&text, "the prompt")?;
                self.rewritten = true;
                self.prompt.text = text;
                return Ok(Step::Changed);
            }
        }
        Ok(Step::Next)
    }
}

/// `compaction`
pub(crate) struct OnCompaction<'a> {
    compaction: &'a Compaction,
    summary: Option<(ExtensionId, String)>,
}

impl<'a> OnCompaction<'a> {
    pub(crate) fn new(compaction: &'a Compaction) -> Self {
        Self { compaction, summary: None }
    }

    pub(crate) fn decide(self, result: Result<(), Refusal>) -> CompactionDecision {
        match (result, self.summary) {
            (Err(refusal), _) => CompactionDecision::Refuse(refusal),
            (Ok(()), Some((by, text))) => CompactionDecision::Summary { by, text },
            (Ok(()), None) => CompactionDecision::Go,
        }
    }
}

impl Point for OnCompaction<'_> {
    const HOOK: HookPoint = HookPoint::Compaction;
    const REFUSED: &'static str = "compaction refused by an extension";
    type Verdict = CompactionVerdict;

    async fn ask(&self, instance: Arc<dyn Instance>, cx: &ExtCall) -> Result<CompactionVerdict, ExtError> {
        instance.on_compaction(self.compaction, cx).await
    }

    /// The first summary counts; the others may still refuse.
    fn take(&mut self, by: &ExtensionId, verdict: CompactionVerdict) -> Result<Step, Fault> {
        match verdict {
            CompactionVerdict::Pass => {}
            CompactionVerdict::Refuse(reason) => return Ok(Step::Refuse(reason)),
            CompactionVerdict::Summary(text) => {
                bounded(&text, "its summary")?;
                self.summary.get_or_insert_with(|| (by.clone(), text));
                return Ok(Step::Changed);
            }
        }
        Ok(Step::Next)
    }
}

fn bounded(text: &str, what: &str) -> Result<(), Fault> {
    if is_blank(text) {
        let is_empty = text.trim().is_empty();
        let how = if is_empty { "is empty" } else { "has nothing in it that can be seen" };
        return Err(Fault::Protocol { what: format!("{what} {how}") });
    }
    if text.len() > MAX_TEXT {
        let what = format!("{what} has {} bytes, {MAX_TEXT} are allowed", text.len());
        return Err(Fault::Protocol { what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_place_of_a_text_can_be_seen() {
        assert!(bounded("\u{200b}é", "the prompt").is_ok());
        for (text, how) in [(" \n", "is empty"), ("\u{200b}\u{202e}", "has nothing in it that can be seen")] {
            let fault = bounded(text, "the prompt").unwrap_err();
            assert!(fault.to_string().contains(&format!("the prompt {how}")), "{fault}");
        }
        assert!(bounded(&"x".repeat(MAX_TEXT + 1), "the prompt").is_err());
    }
}
