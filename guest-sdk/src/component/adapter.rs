//! The world's exports, for any [`Extension`].

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;

use wharf_protocol::hook::{
    CompactionVerdict, MessageVerdict, PromptVerdict, ResultVerdict, ToolReport, ToolVerdict, TurnVerdict,
};
use wharf_protocol::notice::LogLevel;
use wharf_protocol::tool::ToolOutput;

use super::bindings::exports::wharf::extension::{
    commands, events, hook_assistant_message, hook_compaction, hook_prompt, hook_tool_call, hook_tool_result,
    hook_turn_start, lifecycle, tools,
};
use super::bindings::wharf::extension::types::{
    CallContext, Prompt as GivenPrompt, Registration, ToolCall, ToolOutput as GivenOutput,
};
use super::{convert, imports};
use crate::{Extension, Host};

const HOST: Host = Host(imports::Services);
const NOT_STARTED: &str = "the extension was not started";

thread_local! {
    /// The one extension of this component; a component has one thread, and the host never calls into a call.
    static EXTENSION: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Implements the exports by calling the extension `E`.
#[derive(Debug)]
pub struct Adapter<E>(PhantomData<E>);

/// Calls the extension; `None` when `init` has not been called or has failed.
fn with<E: Extension, R>(body: impl FnOnce(&mut E) -> R) -> Option<R> {
    EXTENSION.with_borrow_mut(|slot| slot.as_mut()?.downcast_mut::<E>().map(body))
}

impl<E: Extension> lifecycle::Guest for Adapter<E> {
    fn init(params: lifecycle::InitParams) -> Result<Registration, String> {
        let extension = E::start(&convert::start(params), &HOST)?;
        let registration = convert::registration(extension.registration());
        EXTENSION.with_borrow_mut(|slot| *slot = Some(Box::new(extension)));
        Ok(registration)
    }

    fn shutdown() {
        with::<E, _>(|extension| extension.stop(&HOST));
    }
}

impl<E: Extension> tools::Guest for Adapter<E> {
    fn call(call: ToolCall, _: CallContext) -> GivenOutput {
        convert::tool_output(match convert::tool_call(call) {
            Ok(call) => with::<E, _>(|extension| extension.tool(&call, &HOST))
                .unwrap_or_else(|| ToolOutput::error(NOT_STARTED)),
            Err(error) => ToolOutput::error(error),
        })
    }
}

impl<E: Extension> commands::Guest for Adapter<E> {
    fn run(name: String, args: String, _: CallContext) -> Result<commands::Outcome, String> {
        let result = with::<E, _>(|extension| extension.command(&name, &args, &HOST));
        convert::command_result(result.unwrap_or_else(|| Err(NOT_STARTED.to_owned())))
    }
}

impl<E: Extension> events::Guest for Adapter<E> {
    fn on_event(event: events::Event, _: CallContext) {
        match convert::event(event) {
            Ok(None) => {}
            Ok(Some(event)) => {
                with::<E, _>(|extension| extension.event(&event, &HOST));
            }
            Err(error) => HOST.log(LogLevel::Warn, &format!("an event was dropped: {error}")),
        }
    }
}

impl<E: Extension> hook_tool_call::Guest for Adapter<E> {
    fn on_tool_call(call: ToolCall, _: CallContext) -> hook_tool_call::ToolVerdict {
        convert::tool_verdict(match convert::tool_call(call) {
            Ok(call) => with::<E, _>(|extension| extension.on_tool_call(&call, &HOST))
                .unwrap_or_else(|| ToolVerdict::Refuse(NOT_STARTED.to_owned())),
            Err(error) => ToolVerdict::Refuse(error),
        })
    }
}

impl<E: Extension> hook_turn_start::Guest for Adapter<E> {
    fn on_turn_start(step: u32, _: CallContext) -> hook_turn_start::TurnVerdict {
        let verdict = with::<E, _>(|extension| extension.on_turn_start(step, &HOST));
        convert::turn_verdict(verdict.unwrap_or_else(|| TurnVerdict::Refuse(NOT_STARTED.to_owned())))
    }
}

impl<E: Extension> hook_assistant_message::Guest for Adapter<E> {
    fn on_assistant_message(text: String, _: CallContext) -> hook_assistant_message::MessageVerdict {
        let verdict = with::<E, _>(|extension| extension.on_assistant_message(&text, &HOST));
        convert::message_verdict(verdict.unwrap_or_else(|| MessageVerdict::Hide(NOT_STARTED.to_owned())))
    }
}

impl<E: Extension> hook_prompt::Guest for Adapter<E> {
    fn on_prompt(prompt: GivenPrompt, _: CallContext) -> hook_prompt::PromptVerdict {
        let prompt = convert::prompt(prompt);
        let verdict = with::<E, _>(|extension| extension.on_prompt(&prompt, &HOST));
        convert::prompt_verdict(verdict.unwrap_or_else(|| PromptVerdict::Refuse(NOT_STARTED.to_owned())))
    }
}

impl<E: Extension> hook_tool_result::Guest for Adapter<E> {
    fn on_tool_result(
        call: ToolCall,
        output: GivenOutput,
        _: CallContext,
    ) -> hook_tool_result::ResultVerdict {
        convert::result_verdict(match convert::tool_call(call) {
            Ok(call) => {
                let report = ToolReport { call, output: convert::given_output(output) };
                with::<E, _>(|extension| extension.on_tool_result(&report, &HOST))
                    .unwrap_or_else(|| ResultVerdict::Replace(ToolOutput::error(NOT_STARTED)))
            }
            Err(error) => ResultVerdict::Replace(ToolOutput::error(error)),
        })
    }
}

impl<E: Extension> hook_compaction::Guest for Adapter<E> {
    fn on_compaction(
        compaction: hook_compaction::Compaction,
        _: CallContext,
    ) -> hook_compaction::CompactionVerdict {
        let compaction = convert::compaction(compaction);
        let verdict = with::<E, _>(|extension| extension.on_compaction(&compaction, &HOST));
        let not_started = || CompactionVerdict::Refuse(NOT_STARTED.to_owned());
        convert::compaction_verdict(verdict.unwrap_or_else(not_started))
    }
}
