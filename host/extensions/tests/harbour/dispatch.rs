//! The dispatcher and the hook chain over a fake backend: what they do must not depend on a real one.

use std::sync::Arc;

use crate::fake::{Answer, Fake};
use crate::harbour::Harbour;
use wharf_ports::hooks::{Hooks, MessageDecision, ToolDecision, TurnDecision};
use wharf_ports::tool::{ToolSource, Toolbox};
use wharf_protocol::event::{Event, Topic};
use wharf_protocol::hook::{HookPoint, HookSpec, MessageVerdict, OnFailure, ToolVerdict, TurnVerdict};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec};

fn json(text: &str) -> Json {
    Json::new(text).unwrap()
}

fn call(args: &str) -> ToolCall {
    ToolCall { id: "t1".into(), name: "target".into(), args: json(args) }
}

fn target() -> Fake {
    let schema = json(r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#);
    Fake::new("target").registers(Registration::new().tool(ToolSpec::new("target", "", schema)))
}

fn guard(name: &str, hook: HookSpec, answer: Answer) -> Fake {
    Fake::new(name).registers(Registration::new().hook(hook)).answers(answer)
}

fn rewrite(args: &str) -> Answer {
    Answer::Tool(ToolVerdict::Rewrite(json(args)))
}

#[tokio::test]
async fn rewrites_chain_in_order_and_the_first_refusal_ends_it() {
    let on = |order| HookSpec::on(HookPoint::ToolCall).order(order);
    let harbour = Harbour::new(vec![
        target(),
        guard("c-late", on(5), Answer::Tool(ToolVerdict::Refuse("no more".into()))),
        guard("z-first", on(-1), rewrite(r#"{"n":2}"#)),
        guard("b-second", on(0), rewrite(r#"{"n":3}"#)),
        guard("d-never", on(6), Answer::Tool(ToolVerdict::Pass)),
    ])
    .await;
    let decision = harbour.before_tool(&call(r#"{"n":1}"#), &harbour.cx()).await;
    let ToolDecision::Refuse(refusal) = decision else { panic!("{decision:?}") };
    assert_eq!((refusal.by.as_str(), refusal.reason.as_str()), ("c-late", "no more"));
    assert_eq!(
        harbour.seen(),
        [r#"z-first {"n":1}"#, r#"b-second {"n":2}"#, r#"c-late {"n":3}"#],
        "asked in order, each with what the one before made of it"
    );
}

#[tokio::test]
async fn a_rewrite_that_does_not_fit_is_a_failure_of_who_made_it() {
    for (policy, expected) in [
        (OnFailure::Open, ToolDecision::Run(None)),
        (
            OnFailure::Closed,
            ToolDecision::Refuse(wharf_ports::hooks::Refusal {
                by: "bad".to_owned().try_into().unwrap(),
                reason: "refused because extension \"bad\", which guards this, failed: it rewrote the arguments of \
                         target so that they do not fit: \"n\" is a required property"
                    .into(),
            }),
        ),
    ] {
        let hook = HookSpec::on(HookPoint::ToolCall).on_failure(policy);
        let harbour = Harbour::new(vec![target(), guard("bad", hook, rewrite("{}"))]).await;
        let decision = harbour.before_tool(&call(r#"{"n":1}"#), &harbour.cx()).await;
        assert_eq!(decision, expected);
        assert_eq!(harbour.problems().len(), 1, "and it is told");
    }
}

#[tokio::test]
async fn only_the_tools_that_the_pattern_names_are_asked_about() {
    let hook = HookSpec::on(HookPoint::ToolCall).tools(["bash", "edit_*"]);
    let harbour =
        Harbour::new(vec![guard("g", hook, Answer::Tool(ToolVerdict::Refuse(String::new())))]).await;
    let decide = async |name: &str| {
        let call = ToolCall { name: name.into(), ..call("{}") };
        matches!(harbour.before_tool(&call, &harbour.cx()).await, ToolDecision::Refuse(_))
    };
    assert!(decide("bash").await);
    assert!(decide("edit_file").await);
    assert!(!decide("read").await);
}

#[tokio::test(start_paused = true)]
async fn a_late_interceptor_fails_by_its_policy_and_all_together_have_ten_seconds() {
    let closed = HookSpec::on(HookPoint::ToolCall).order(100).on_failure(OnFailure::Closed);
    let mut fakes = vec![target()];
    fakes.extend((0..9).map(|n| {
        let open = HookSpec::on(HookPoint::ToolCall).order(n).on_failure(OnFailure::Open);
        guard(&format!("slow{n}"), open, Answer::Never)
    }));
    fakes.push(guard("last", closed, Answer::Tool(ToolVerdict::Pass)));
    let harbour = Harbour::new(fakes).await;
    let started = tokio::time::Instant::now();
    let decision = harbour.before_tool(&call(r#"{"n":1}"#), &harbour.cx()).await;
    let ToolDecision::Refuse(refusal) = decision else { panic!("{decision:?}") };
    assert_eq!(refusal.by.as_str(), "last");
    assert!(refusal.reason.ends_with("timed out after 10 s (it was busy with the interceptors before it)"));
    assert!(started.elapsed() <= std::time::Duration::from_secs(12), "{:?}", started.elapsed());
    let problems = harbour.problems();
    assert_eq!(
        problems[0],
        "guard \"slow0\": timed out after 2 s → let pass (hook tool_call); see `wharf ext logs slow0`"
    );
}

#[tokio::test]
async fn an_undeclared_policy_is_closed_for_tools_and_open_for_the_rest() {
    let harbour = Harbour::new(vec![
        target(),
        Fake::new("broken")
            .registers(
                HookPoint::ALL.into_iter().fold(Registration::new(), |all, p| all.hook(HookSpec::on(p))),
            )
            .answers(Answer::Crash),
    ])
    .await;
    let cx = harbour.cx();
    assert!(matches!(harbour.before_tool(&call(r#"{"n":1}"#), &cx).await, ToolDecision::Refuse(_)));
    assert_eq!(harbour.dispatcher.before_turn(1, &cx).await, TurnDecision::Go);
    assert_eq!(harbour.dispatcher.before_message("x", &cx).await, MessageDecision::Show);
    assert_eq!(harbour.problems().len(), 3);
}

#[tokio::test]
async fn a_declared_guard_that_cannot_start_still_closes_what_it_guards() {
    let manifest = br#"{"name":"gone","exec":"x","wharf":{"api":"0.1",
        "hooks":[{"on":"tool_call","tools":["target"],"on_failure":"closed"}]}}"#;
    let harbour = Harbour::new(vec![target(), Fake::new("gone").manifest(manifest).fails()]).await;
    let decision = harbour.before_tool(&call(r#"{"n":1}"#), &harbour.cx()).await;
    let ToolDecision::Refuse(refusal) = decision else { panic!("{decision:?}") };
    assert_eq!(refusal.by.as_str(), "gone");
    assert!(refusal.reason.contains("it is not running: start: "), "{}", refusal.reason);
}

#[tokio::test]
async fn a_guard_that_does_not_register_what_it_declares_closes_until_it_does() {
    let manifest = br#"{"name":"lazy","exec":"x","wharf":{"api":"0.1",
        "hooks":[{"on":"tool_call","tools":["target"],"on_failure":"closed"}]}}"#;
    let harbour = Harbour::new(vec![target(), Fake::new("lazy").manifest(manifest)]).await;
    let decision = harbour.before_tool(&call(r#"{"n":1}"#), &harbour.cx()).await;
    let ToolDecision::Refuse(refusal) = decision else { panic!("{decision:?}") };
    assert!(
        refusal.reason.contains("it has not registered the hook that its manifest declares"),
        "{refusal:?}"
    );
    harbour.fake("lazy").register(Registration::new().hook(HookSpec::on(HookPoint::ToolCall)));
    let decision = harbour.before_tool(&call(r#"{"n":1}"#), &harbour.cx()).await;
    assert_eq!(decision, ToolDecision::Run(None));
}

#[tokio::test]
async fn who_registers_without_end_is_stopped_and_told_once() {
    let harbour = Harbour::new(vec![Fake::new("many")]).await;
    for n in 0..1100 {
        let tool = ToolSpec::new(format!("t{n}"), "", json("{}"));
        harbour.fake("many").register(Registration::new().tool(tool));
    }
    assert_eq!(harbour.tools.specs().len(), 256);
    let often = harbour.problems().iter().filter(|line| line.contains("it registers too often")).count();
    assert_eq!(often, 1);
}

/// Tools whose schemas take a while to compile.
fn patterned(tools: std::ops::Range<usize>) -> Registration {
    tools.fold(Registration::new(), |all, n| {
        let patterns: Vec<String> =
            (0..60).map(|m| format!(r#"{{"pattern":"t{n}[a-f]{{{}}}"}}"#, 30 + m)).collect();
        all.tool(ToolSpec::new(
            format!("t{n}"),
            "",
            json(&format!(r#"{{"anyOf":[{}]}}"#, patterns.join(","))),
        ))
    })
}

#[tokio::test]
async fn what_schemas_take_to_compile_has_a_limit_for_all_tools_of_an_extension() {
    let harbour = Harbour::new(vec![Fake::new("many").registers(patterned(0..20))]).await;
    // What was compiled is not compiled again, and what is small still finds room.
    harbour.fake("many").register(patterned(0..2));
    harbour.fake("many").register(patterned(20..21).tool(ToolSpec::new("plain", "", json("{}"))));
    let names: Vec<_> = harbour.tools.specs().iter().map(|spec| spec.name.clone()).collect();
    assert_eq!(names, ["plain", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"]);
    let left_out = |line: &&String| line.contains("together with the schemas before it, it is too much");
    assert_eq!(harbour.problems().iter().filter(left_out).count(), 13, "{:?}", harbour.problems());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_registered_later_counts_when_that_returns_also_on_a_thread_of_the_runtime() {
    let harbour = Harbour::new(vec![Fake::new("late")]).await;
    let fake = harbour.fake("late").clone();
    tokio::spawn(async move {
        fake.register(patterned(0..1));
        fake.register(Registration::new().tool(ToolSpec::new("t0", "again", json("{}"))));
    })
    .await
    .unwrap();
    let specs = harbour.tools.specs();
    assert_eq!((specs.len(), specs[0].description.as_str()), (1, "again"));
}

#[tokio::test]
async fn turns_and_messages_are_refused_replaced_and_hidden_by_name() {
    let turn = Fake::new("t")
        .registers(Registration::new().hook(HookSpec::on(HookPoint::TurnStart)))
        .answers(Answer::Turn(TurnVerdict::Refuse(String::new())));
    let harbour = Harbour::new(vec![turn]).await;
    let TurnDecision::Refuse(refusal) = harbour.dispatcher.before_turn(1, &harbour.cx()).await else {
        panic!()
    };
    assert_eq!((refusal.by.as_str(), refusal.reason.as_str()), ("t", "turn blocked by extension guard"));

    let message = |name: &str, verdict| {
        Fake::new(name)
            .registers(Registration::new().hook(HookSpec::on(HookPoint::AssistantMessage)))
            .answers(Answer::Message(verdict))
    };
    let harbour = Harbour::new(vec![
        message("a", MessageVerdict::Replace("x".into())),
        message("b", MessageVerdict::Replace("original".into())),
    ])
    .await;
    assert_eq!(harbour.dispatcher.before_message("original", &harbour.cx()).await, MessageDecision::Show);
    let harbour = Harbour::new(vec![message("a", MessageVerdict::Hide("secret".into()))]).await;
    let MessageDecision::Hide(refusal) = harbour.dispatcher.before_message("m", &harbour.cx()).await else {
        panic!()
    };
    assert_eq!((refusal.by.as_str(), refusal.reason.as_str()), ("a", "secret"));
}

#[tokio::test]
async fn a_name_taken_twice_stays_with_the_earlier_and_both_are_named() {
    let tool = |text: &str| Registration::new().tool(ToolSpec::new("same", text, json("{}")));
    let harbour =
        Harbour::new(vec![Fake::new("one").registers(tool("1")), Fake::new("two").registers(tool("2"))])
            .await;
    let tool = harbour.tools.resolve("same").unwrap();
    assert_eq!(
        (tool.spec().description.as_str(), tool.source()),
        ("1", ToolSource::Extension("one".to_owned().try_into().unwrap()))
    );
    assert_eq!(
        harbour.problems(),
        ["tool \"same\" of \"two\" is left out: \"one\" has it already; \
          give it another name with [extensions.two.rename] same = \"…\" in config.toml"]
    );
}

#[tokio::test]
async fn a_reserved_name_is_nobodys_and_a_rename_helps() {
    let tool = Registration::new().tool(ToolSpec::new("bash", "mine", json("{}")));
    let mut harbour = Harbour::start(vec![Fake::new("x").registers(tool.clone())], |_| {}).await;
    assert!(harbour.tools.resolve("bash").is_none());
    assert!(harbour.problems()[0].starts_with("tool \"bash\" of \"x\" is left out: the name is built in"));
    harbour = Harbour::start(vec![Fake::new("x").registers(tool)], |setup| {
        setup.renames = [("x".to_owned(), [("bash".to_owned(), "x_bash".to_owned())].into())].into();
    })
    .await;
    let call = ToolCall { name: "x_bash".into(), ..call("{}") };
    assert_eq!(harbour.call_tool(&call, &harbour.cx()).await, ToolOutput::text("bash ran"));
}

#[tokio::test]
async fn what_is_registered_late_joins_and_takes_nobodys_name() {
    let first =
        Fake::new("first").registers(Registration::new().tool(ToolSpec::new("a", "first", json("{}"))));
    let harbour = Harbour::new(vec![first, Fake::new("zlate")]).await;
    let more = Registration::new().tool(ToolSpec::new("a", "late", json("{}"))).tool(ToolSpec::new(
        "b",
        "late",
        json("{}"),
    ));
    harbour.fake("zlate").register(more);
    let names: Vec<String> = harbour.tools.specs().iter().map(|spec| spec.name.clone()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(harbour.tools.resolve("a").unwrap().spec().description, "first");
    assert_eq!(harbour.problems().len(), 1);
}

#[tokio::test]
async fn events_go_to_those_who_asked_for_them() {
    let harbour = Harbour::new(vec![
        Fake::new("ends").registers(Registration::new().events([Topic::TurnEnd])),
        Fake::new("all").registers(Registration::new().events(Topic::ALL)),
    ])
    .await;
    let cause = wharf_ports::call::Cause::human();
    harbour.dispatcher.publish(Event::TurnStart { step: 1 }, cause);
    harbour.dispatcher.publish(Event::TurnEnd { stop: None, error: None }, cause);
    assert_eq!(harbour.seen(), ["all event turn_start", "ends event turn_end", "all event turn_end"]);
}

#[tokio::test]
async fn a_tool_that_fails_is_an_answer_and_a_crash_is_told() {
    let harbour = Harbour::new(vec![target().answers(Answer::Crash)]).await;
    let output = harbour.call_tool(&call(r#"{"n":1}"#), &harbour.cx()).await;
    assert_eq!(output, ToolOutput::error("extension target/target failed: it trapped: on purpose"));
    assert_eq!(
        harbour.problems(),
        ["extension \"target\": tool target: it trapped: on purpose; see `wharf ext logs target`"]
    );
}

#[tokio::test]
async fn arguments_are_checked_and_unknown_tools_named() {
    let harbour = Harbour::new(vec![target()]).await;
    let check = |call: ToolCall| harbour.check(&call);
    assert!(check(call(r#"{"n":1}"#)).is_ok());
    assert_eq!(check(call(r#"{"n":"x"}"#)).unwrap_err(), "at /n: \"x\" is not of type \"integer\"");
    let unknown = ToolCall { name: "nothing".into(), ..call("{}") };
    assert_eq!(check(unknown).unwrap_err(), "unknown tool \"nothing\"");
}

#[tokio::test]
async fn a_cancelled_call_ends_at_once_and_is_not_told_as_a_fault() {
    let harbour = Arc::new(Harbour::new(vec![target().answers(Answer::Never)]).await);
    let cx = harbour.cx();
    cx.cancel.cancel();
    let output = harbour.call_tool(&call(r#"{"n":1}"#), &cx).await;
    assert_eq!(output, ToolOutput::error("aborted"));
    assert!(harbour.problems().is_empty());
}
