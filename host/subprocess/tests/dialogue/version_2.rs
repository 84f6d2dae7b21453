//! Version 2 of the protocol, line by line, without a process; and what version 1 is not told.

use std::sync::Arc;
use std::time::Duration;

use crate::stage::actor::{Actor, HELLO, probe, ready, start_with};
use crate::stage::{Host, call, quick, within};
use tokio_util::sync::CancellationToken;
use wharf_extensions::backend::{Docking, ExtCall, Instance};
use wharf_extensions::error::Fault;
use wharf_extensions::limits::Deadlines;
use wharf_protocol::event::{Event, Topic, Usage};
use wharf_protocol::hook::{Compaction, CompactionCause, CompactionVerdict, ToolVerdict};
use wharf_protocol::hook::{
    HookPoint, HookSpec, OnFailure, Prompt, PromptVerdict, ResultVerdict, ToolReport,
};
use wharf_protocol::tool::{ToolOutput, ToolTraits};

const HELLO_2: &str = r#"{"type":"hello","name":"probe","protocol_version":2}"#;
const READY: &str = r#"{"type":"ready"}"#;

async fn start(lines: &[&str]) -> (Docking, Actor, Arc<Host>) {
    let (docking, mut actor, host) = start_with(&probe(), quick(), lines).await;
    let ack = actor.hear().await.unwrap();
    assert!(ack.starts_with(r#"{"type":"hello_ack","protocol_version":2,"#), "{ack}");
    assert!(ack.contains(r#""host_version":"0.1.0""#), "{ack}");
    (docking.unwrap(), actor, host)
}

async fn ready_2() -> (Arc<dyn Instance>, Actor, Arc<Host>) {
    let (docking, actor, host) = start(&[HELLO_2, READY]).await;
    (docking.instance, actor, host)
}

#[tokio::test]
async fn the_smaller_version_counts_and_brings_its_deadlines() {
    for (version, answered) in [("0", 1), ("1", 1), ("2", 2), ("99", 2)] {
        let hello = format!(r#"{{"type":"hello","name":"probe","protocol_version":{version}}}"#);
        let (docking, mut actor, _host) = start_with(&probe(), quick(), &[&hello, READY]).await;
        let ack = actor.hear().await.unwrap();
        assert!(ack.contains(&format!(r#""protocol_version":{answered},"#)), "{version}: {ack}");
        let hook = docking.unwrap().deadlines.hook(HookPoint::ToolCall);
        let expected = if answered == 2 { Deadlines::STANDARD } else { Deadlines::VERSION_1 };
        assert_eq!(hook, expected.hook(HookPoint::ToolCall), "{version}");
    }
}

#[tokio::test]
async fn a_hook_and_a_tool_say_all_that_a_manifest_could() {
    let lines = [
        HELLO_2,
        r#"{"type":"register_hook","on":"tool_result","tools":["ba*"],"order":-3,"on_failure":"closed"}"#,
        r#"{"type":"register_tool","name":"t","traits":{"destructive":true}}"#,
        r#"{"type":"subscribe","events":["usage","session_end"],"intercept":["prompt"]}"#,
        READY,
    ];
    let (docking, _actor, _host) = start(&lines).await;
    let spec = HookSpec::on(HookPoint::ToolResult).tools(["ba*"]).order(-3).on_failure(OnFailure::Closed);
    assert_eq!(docking.registration.hooks, [spec, HookSpec::on(HookPoint::Prompt)]);
    assert_eq!(docking.registration.events, [Topic::Usage, Topic::SessionEnd]);
    let traits = ToolTraits { destructive: true, ..ToolTraits::default() };
    assert_eq!(docking.registration.tools[0].traits, traits);
}

#[tokio::test]
async fn version_1_hears_nothing_of_version_2() {
    let lines = [
        HELLO,
        r#"{"type":"subscribe","events":["usage","turn_end"],"intercept":["prompt","tool_call"]}"#,
        r#"{"type":"register_hook","on":"prompt"}"#,
        READY,
    ];
    let (docking, mut actor, host) = start_with(&probe(), quick(), &lines).await;
    let docking = docking.unwrap();
    assert_eq!(docking.registration.events, [Topic::TurnEnd]);
    assert_eq!(docking.registration.hooks, [HookSpec::on(HookPoint::ToolCall)]);
    let ack = actor.hear().await.unwrap();
    assert!(!ack.contains("host_version"), "{ack}");
    for left_out in ["event \"usage\"", "hook \"prompt\"", "its register_hook"] {
        let told =
            format!("{left_out} is left out: it is of version 2; say \"protocol_version\": 2 in its hello");
        host.logged(&told).await;
    }

    let (instance, mut actor, _host) = ready().await;
    let cx = ExtCall { cancel: CancellationToken::new(), ..within(Duration::from_secs(5)) };
    let asked_for = call("t", "{}");
    let asked = during!(instance.call_tool(&asked_for, &cx), {
        let line = actor.hear().await.unwrap();
        assert!(!line.contains("context"), "{line}");
        cx.cancel.cancel();
    });
    assert!(matches!(asked.unwrap_err().fault, Fault::Cancelled));
    instance.deliver(&Arc::new(Event::SessionStart), &cx);
    actor.expect(r#"{"type":"event","event":"session_start"}"#).await;
}

#[tokio::test]
async fn a_call_has_a_context_progress_and_a_cancellation() {
    let (instance, mut actor, host) = ready_2().await;
    let (progress, mut pieces) = tokio::sync::mpsc::channel(8);
    let cx = ExtCall { progress: Some(progress), ..within(Duration::from_secs(5)) };
    let asked_for = call("t", "{}");
    let asked = during!(instance.call_tool(&asked_for, &cx), {
        let line = actor.hear().await.unwrap();
        assert!(
            line.contains(r#""context":{"chain":"#) && line.contains(r#""depth":0,"budget_ms":"#),
            "{line}"
        );
        let id = line.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        actor.say(&format!(r#"{{"type":"progress","id":"{id}","text":"half"}}"#)).await;
        assert_eq!(pieces.recv().await.as_deref(), Some("half"));
        actor.say(r#"{"type":"progress","id":"nobody","text":"x"}"#).await;
        host.logged("skipped progress: nobody waits for id \"nobody\"").await;
        cx.cancel.cancel();
        actor.expect(&format!(r#"{{"type":"cancel","id":"{id}"}}"#)).await;
    });
    assert!(matches!(asked.unwrap_err().fault, Fault::Cancelled));
}

#[tokio::test]
async fn the_newer_hooks_are_asked_and_answered() {
    let (instance, mut actor, _host) = ready_2().await;
    let cx = within(Duration::from_secs(5));
    let mut answer = async |point: &str, told: &str, answer: &str| {
        let line = actor.hear().await.unwrap();
        assert!(line.contains(&format!(r#""event":"{point}""#)) && line.contains(told), "{line}");
        let id = line.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        actor.say(&format!(r#"{{"type":"event_intercept_response","id":"{id}"{answer}}}"#)).await;
    };
    let prompt = Prompt { text: "hi".into(), by: Some("x".into()) };
    for (fields, expected) in [
        ("", PromptVerdict::Pass),
        (r#","replace_text":"ho""#, PromptVerdict::Rewrite("ho".into())),
        (r#","handled":true,"reason":"done""#, PromptVerdict::Handle("done".into())),
        (r#","block":true,"handled":true,"reason":"no""#, PromptVerdict::Refuse("no".into())),
    ] {
        let verdict = during!(instance.on_prompt(&prompt, &cx), answer("prompt", "hi", fields).await);
        assert_eq!(verdict.unwrap(), expected, "{fields}");
    }
    let report = ToolReport { call: call("t", "{}"), output: ToolOutput::error("bad") };
    let content = r#","content":[{"type":"text","text":"good"}]"#;
    let verdict = during!(instance.on_tool_result(&report, &cx), answer("tool_result", "bad", content).await);
    assert_eq!(verdict.unwrap(), ResultVerdict::Replace(ToolOutput::text("good")));
    let compaction = Compaction { cause: CompactionCause::Manual, messages: 2, instructions: String::new() };
    let summary = r#","replace_text":"short""#;
    let verdict = during!(instance.on_compaction(&compaction, &cx), answer("compaction", "", summary).await);
    assert_eq!(verdict.unwrap(), CompactionVerdict::Summary("short".into()));
    let asks = r#","ask":true,"reason":"hm""#;
    let about = call("t", "{}");
    let verdict = during!(instance.on_tool_call(&about, &cx), answer("tool_call", "", asks).await);
    assert_eq!(verdict.unwrap(), ToolVerdict::Ask("hm".into()));
}

#[tokio::test]
async fn the_newer_events_are_told() {
    let (instance, mut actor, _host) = ready_2().await;
    let cx = within(Duration::from_secs(5));
    let usage = Usage { input: 3, output: 4, cost_micro_usd: Some(5), ..Usage::default() };
    let events = [
        (
            Event::Usage(usage),
            r#""usage":{"input":3,"output":4,"cache_read":0,"cache_write":0,"cost_micro_usd":5}"#,
        ),
        (Event::ModelChange { provider: "p".into(), model: "m".into() }, r#""provider":"p","model":"m""#),
        (
            Event::ToolResult { id: "t1".into(), name: "t".into(), output: ToolOutput::error("x") },
            r#""tool_id":"t1","tool_name":"t","content":[{"type":"text","text":"x"}],"is_error":true"#,
        ),
    ];
    for (event, fields) in events {
        let topic = event.topic();
        instance.deliver(&Arc::new(event), &cx);
        let line = actor.hear().await.unwrap();
        assert!(
            line.starts_with(&format!(r#"{{"type":"event","event":"{topic}",{fields},"context":"#)),
            "{line}"
        );
    }
    let key = Event::PanelKey { panel: "p".into(), key: "rune".into(), text: "j".into() };
    instance.deliver(&Arc::new(key), &cx);
    actor.expect(r#"{"type":"panel_key","panel_id":"p","key":"rune","text":"j"}"#).await;
}

#[tokio::test]
async fn every_request_with_an_id_has_a_reply() {
    let (_instance, mut actor, host) = ready_2().await;
    // This host has neither a screen nor a store.
    actor.say(r#"{"type":"request","id":"1","kind":"display","text":"x"}"#).await;
    actor.expect(r#"{"type":"reply","id":"1","error":"no_ui"}"#).await;
    for (id, request) in [
        ("2", r#""kind":"dance""#),
        ("3", r#""kind":"display""#),
        ("4", r#""kind":"display","text":7"#),
        ("5", r#""text":"x""#),
        ("6", r#""kind":"store_get","scope":"galaxy","key":"k""#),
        ("7", r#""kind":"select","title":"?","choices":"a""#),
        ("8", r#""kind":"open_panel","panel":7"#),
        ("9", r#""kind":"store_set","scope":"user","key":"k","value":"v","expected":-1"#),
    ] {
        actor.say(&format!(r#"{{"type":"request","id":"{id}",{request}}}"#)).await;
        let reply = actor.hear().await.unwrap();
        let start =
            format!(r#"{{"type":"reply","id":"{id}","error":"invalid","message":"bad request frame: "#);
        assert!(reply.starts_with(&start), "{request}: {reply}");
    }
    actor.say(r#"{"type":"request","kind":"display","text":"x"}"#).await;
    host.logged("a request came to nothing: there is no UI here").await;
}

#[tokio::test]
async fn an_answer_that_its_author_did_not_mean_is_told() {
    let (instance, mut actor, host) = ready_2().await;
    let cx = within(Duration::from_secs(5));
    let about = call("t", "{}");
    let mut answer = async |fields: &str| {
        let id = actor.asked("event_intercept").await;
        actor.say(&format!(r#"{{"type":"event_intercept_response","id":"{id}",{fields}}}"#)).await;
    };
    let verdict = during!(instance.on_tool_call(&about, &cx), answer(r#""blokc":true,"block":false"#).await);
    assert_eq!(verdict.unwrap(), ToolVerdict::Pass);
    host.logged("the key \"blokc\" of its answer at a hook is left out: there is none of this name; did you mean \"block\"?")
        .await;
    let verdict =
        during!(instance.on_tool_call(&about, &cx), answer(r#""blocked":true,"reason":"no""#).await);
    let fault = verdict.unwrap_err().fault.to_string();
    assert!(fault.contains("its answer has a reason, but neither block nor ask nor handled"), "{fault}");
    host.logged("the key \"blocked\" of its answer").await;
}

#[tokio::test]
async fn an_answer_without_an_id_ends_the_only_call() {
    for id in ["", r#","id":7"#, r#","id":"""#] {
        let (instance, mut actor, _host) = ready_2().await;
        let cx = within(Duration::from_secs(60));
        let about = call("t", "{}");
        let said = format!(r#"{{"type":"tool_result"{id},"content":[]}}"#);
        let answer = during!(instance.call_tool(&about, &cx), {
            actor.asked("tool_call").await;
            actor.say(&said).await;
        });
        let fault = answer.unwrap_err().fault.to_string();
        assert!(fault.contains("its answer cannot be used: "), "{id}: {fault}");
    }
}
