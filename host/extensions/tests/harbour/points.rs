//! The hooks that zot does not have: prompts, results, compaction, and a call about which the user is to be asked.

use crate::fake::{Answer, Fake};
use crate::harbour::Harbour;
use wharf_ports::hooks::{CompactionDecision, Hooks, PromptDecision, ToolDecision};
use wharf_protocol::hook::{
    Compaction, CompactionCause, CompactionVerdict, HookPoint, HookSpec, OnFailure, Prompt, PromptVerdict,
    ResultVerdict, ToolVerdict,
};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolCall, ToolOutput};

fn on(point: HookPoint, order: i16, name: &str, answer: Answer) -> Fake {
    Fake::new(name).registers(Registration::new().hook(HookSpec::on(point).order(order))).answers(answer)
}

fn prompt(order: i16, name: &str, verdict: PromptVerdict) -> Fake {
    on(HookPoint::Prompt, order, name, Answer::Prompt(verdict))
}

async fn decide(fakes: Vec<Fake>) -> (PromptDecision, Vec<String>) {
    let harbour = Harbour::new(fakes).await;
    let asked = Prompt { text: "hi".into(), by: None };
    (harbour.dispatcher.before_prompt(&asked, &harbour.cx()).await, harbour.seen())
}

#[tokio::test]
async fn a_prompt_is_rewritten_refused_or_dealt_with() {
    let (decision, seen) = decide(vec![
        prompt(0, "a", PromptVerdict::Rewrite("ho".into())),
        prompt(1, "b", PromptVerdict::Handle("done".into())),
        prompt(2, "c", PromptVerdict::Refuse("never asked".into())),
    ])
    .await;
    let by = "b".to_owned().try_into().unwrap();
    assert_eq!(decision, PromptDecision::Handled { by, text: "done".into() });
    assert_eq!(seen, ["a hi", "b ho"], "who deals with it ends the chain");

    let (decision, _) = decide(vec![
        prompt(0, "a", PromptVerdict::Rewrite("ho".into())),
        prompt(1, "b", PromptVerdict::Refuse(String::new())),
    ])
    .await;
    let PromptDecision::Refuse(refusal) = decision else { panic!("{decision:?}") };
    assert_eq!((refusal.by.as_str(), refusal.reason.as_str()), ("b", "prompt refused by an extension"));
    let (decision, _) = decide(vec![prompt(0, "a", PromptVerdict::Pass)]).await;
    assert_eq!(decision, PromptDecision::Go(None));
}

#[tokio::test]
async fn a_prompt_guard_that_fails_closes_and_an_empty_rewrite_is_a_failure() {
    let (decision, _) = decide(vec![on(HookPoint::Prompt, 0, "a", Answer::Crash)]).await;
    assert!(matches!(decision, PromptDecision::Refuse(_)), "undeclared: closed; {decision:?}");
    let (decision, _) = decide(vec![prompt(0, "a", PromptVerdict::Rewrite(" ".into()))]).await;
    assert!(matches!(decision, PromptDecision::Refuse(_)), "{decision:?}");
}

fn call() -> ToolCall {
    ToolCall { id: "t1".into(), name: "target".into(), args: Json::empty_object() }
}

#[tokio::test]
async fn results_are_replaced_one_after_the_other_failed_ones_too() {
    let turned = ToolOutput { is_error: false, ..ToolOutput::text("mended") };
    let harbour = Harbour::new(vec![
        on(HookPoint::ToolResult, 0, "a", Answer::Result(ResultVerdict::Replace(turned.clone()))),
        on(HookPoint::ToolResult, 1, "b", Answer::Result(ResultVerdict::Pass)),
        on(HookPoint::ToolResult, 2, "c", Answer::Crash),
    ])
    .await;
    let seen = harbour.dispatcher.after_tool(&call(), ToolOutput::error("broken"), &harbour.cx()).await;
    assert_eq!(seen, turned, "an open one that fails lets pass");
    assert_eq!(harbour.seen(), ["a broken", "b mended", "c mended"]);
}

#[tokio::test]
async fn a_closed_guard_of_results_that_fails_keeps_the_result_back() {
    let hook = HookSpec::on(HookPoint::ToolResult).on_failure(OnFailure::Closed);
    let guard = Fake::new("g").registers(Registration::new().hook(hook)).answers(Answer::Crash);
    let harbour = Harbour::new(vec![guard]).await;
    let seen = harbour.dispatcher.after_tool(&call(), ToolOutput::text("secret"), &harbour.cx()).await;
    assert!(seen.is_error && !seen.joined_text().contains("secret"), "{seen:?}");
}

#[tokio::test]
async fn the_first_summary_counts_and_anybody_may_refuse() {
    let summary = |text: &str| Answer::Compaction(CompactionVerdict::Summary(text.into()));
    let compaction = Compaction { cause: CompactionCause::Manual, messages: 7, instructions: String::new() };
    let fakes = vec![
        on(HookPoint::Compaction, 0, "a", summary("first")),
        on(HookPoint::Compaction, 1, "b", summary("second")),
    ];
    let harbour = Harbour::new(fakes.clone()).await;
    let decision = harbour.dispatcher.before_compaction(&compaction, &harbour.cx()).await;
    let by = "a".to_owned().try_into().unwrap();
    assert_eq!(decision, CompactionDecision::Summary { by, text: "first".into() });
    let no = on(HookPoint::Compaction, 2, "c", Answer::Compaction(CompactionVerdict::Refuse("no".into())));
    let harbour = Harbour::new([fakes, vec![no]].concat()).await;
    let decision = harbour.dispatcher.before_compaction(&compaction, &harbour.cx()).await;
    assert!(matches!(decision, CompactionDecision::Refuse(_)), "{decision:?}");
}

#[tokio::test]
async fn who_insists_on_asking_adds_a_question_and_takes_no_refusal_away() {
    let tool = |order, name, verdict| on(HookPoint::ToolCall, order, name, Answer::Tool(verdict));
    let asks = || tool(0, "a", ToolVerdict::Ask("really?".into()));
    let harbour = Harbour::new(vec![asks(), tool(1, "b", ToolVerdict::Pass)]).await;
    let decision = harbour.before_tool(&call(), &harbour.cx()).await;
    let ToolDecision::Ask(None, insisted) = decision else { panic!("{decision:?}") };
    assert_eq!((insisted.by.as_str(), insisted.reason.as_str()), ("a", "really?"));
    let harbour = Harbour::new(vec![asks(), tool(1, "b", ToolVerdict::Refuse("no".into()))]).await;
    let decision = harbour.before_tool(&call(), &harbour.cx()).await;
    assert!(matches!(decision, ToolDecision::Refuse(_)), "{decision:?}");
}
