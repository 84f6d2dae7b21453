//! The table of contents: that it is complete, and that its page is up to date.

use wharf_conformance::{Behaviour, contents};
use wharf_protocol::event::Topic;
use wharf_protocol::hook::HookPoint;
use wharf_protocol::request::Request;
use wharf_test_support::guests::workspace;

/// What a topic's behaviours are: a topic without any does not compile.
const fn of_topic(topic: Topic) -> Behaviour {
    match topic {
        Topic::SessionStart => Behaviour::EventSessionStart,
        Topic::TurnStart => Behaviour::EventTurnStart,
        Topic::AssistantMessage => Behaviour::EventAssistantMessage,
        Topic::ToolCall => Behaviour::EventToolCall,
        Topic::TurnEnd => Behaviour::EventTurnEnd,
        Topic::Prompt => Behaviour::EventPrompt,
        Topic::PromptEnd => Behaviour::EventPromptEnd,
        Topic::Compaction => Behaviour::EventCompaction,
        Topic::Lagged => Behaviour::EventLagged,
        Topic::ToolResult => Behaviour::EventToolResult,
        Topic::Usage => Behaviour::EventUsage,
        Topic::ModelChange => Behaviour::EventModelChange,
        Topic::SessionSwitch => Behaviour::EventSessionSwitch,
        Topic::SessionEnd => Behaviour::EventSessionEnd,
        Topic::Panel => Behaviour::EventPanelKey,
    }
}

/// What of each hook is shown whatever it is about: that it passes, its order, and its two ways to fail.
const fn of_hook(point: HookPoint) -> [Behaviour; 4] {
    use Behaviour as B;
    match point {
        HookPoint::ToolCall => {
            [B::HookToolCallPass, B::HookToolCallOrder, B::HookToolCallOpen, B::HookToolCallClosed]
        }
        HookPoint::TurnStart => {
            [B::HookTurnStartPass, B::HookTurnStartOrder, B::HookTurnStartOpen, B::HookTurnStartClosed]
        }
        HookPoint::AssistantMessage => {
            [B::HookMessagePass, B::HookMessageOrder, B::HookMessageOpen, B::HookMessageClosed]
        }
        HookPoint::Prompt => [B::HookPromptPass, B::HookPromptOrder, B::HookPromptOpen, B::HookPromptClosed],
        HookPoint::ToolResult => {
            [B::HookResultPass, B::HookResultOrder, B::HookResultOpen, B::HookResultClosed]
        }
        HookPoint::Compaction => {
            [B::HookCompactionPass, B::HookCompactionOrder, B::HookCompactionOpen, B::HookCompactionClosed]
        }
    }
}

/// What shows a request: one without a behaviour does not compile.
const fn of_request(request: &Request) -> Behaviour {
    match request {
        Request::Submit { .. } => Behaviour::RequestSubmit,
        Request::Insert { .. } => Behaviour::RequestInsert,
        Request::Display { .. } => Behaviour::RequestDisplay,
        Request::Status { .. } => Behaviour::RequestStatus,
        Request::OpenPanel { .. } => Behaviour::RequestOpenPanel,
        Request::Select { .. } => Behaviour::RequestSelect,
        Request::Confirm { .. } => Behaviour::RequestConfirm,
        Request::Input { .. } => Behaviour::RequestInput,
        Request::StoreGet { .. } => Behaviour::RequestStoreGet,
        Request::StoreSet { .. } => Behaviour::RequestStoreSet,
        Request::StoreDelete { .. } => Behaviour::RequestStoreDelete,
        Request::StoreKeys { .. } => Behaviour::RequestStoreKeys,
    }
}

#[test]
fn nothing_of_the_protocol_is_left_out() {
    for topic in Topic::ALL {
        let sentence = of_topic(topic).entry().sentence;
        assert!(sentence.contains(topic.as_str()), "{topic}: {sentence}");
    }
    for point in HookPoint::ALL {
        for behaviour in of_hook(point) {
            let sentence = behaviour.entry().sentence;
            assert!(sentence.contains(point.as_str()), "{point}: {sentence}");
        }
    }
    let text = || "x".to_owned();
    assert_eq!(of_request(&Request::Submit { text: text() }), Behaviour::RequestSubmit);
}

#[test]
fn every_page_is_there() {
    for behaviour in Behaviour::ALL {
        let page = behaviour.entry().page;
        assert!(workspace().join(page).is_file(), "there is no {page}");
    }
}

#[test]
fn page_is_up_to_date() {
    let file = workspace().join("docs/contract.md");
    let page = contents::page(crate::SCENARIOS);
    if std::env::var_os("WHARF_WRITE_CONTRACT").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = page.lines().zip(there.lines()).find(|(expected, found)| expected != found);
    assert_eq!(differs, None, "write it anew with WHARF_WRITE_CONTRACT=1");
    assert!(page == there, "it has another length: write it anew with WHARF_WRITE_CONTRACT=1");
}
