//! The conversation with an extension, line by line, without a process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[macro_use]
mod stage;

use std::sync::Arc;
use std::time::Duration;

use stage::actor::{Actor, HELLO, probe, ready, start, start_with};
use stage::{HANG, Host, QUICK, call, quick, terms, within};
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wharf_child::Exit;
use wharf_extensions::error::{Fault, Stage};
use wharf_extensions::limits::Deadlines;
use wharf_extensions::manifest::WharfSection;
use wharf_protocol::command::{CommandSpec, Outcome};
use wharf_protocol::event::{Event, Stop, Topic};
use wharf_protocol::hook::{HookPoint, HookSpec, MessageVerdict, OnFailure, ToolVerdict, TurnVerdict};
use wharf_protocol::json::Json;
use wharf_protocol::notice::Level;
use wharf_protocol::tool::{ToolOutput, ToolSpec, ToolTraits};
use wharf_subprocess::{Timing, handshake};

#[tokio::test]
async fn the_handshake_is_zots_byte_for_byte() {
    let lines = [
        r#"{"type":"hello","name":"probe","version":"0.1.0","capabilities":["commands","tools","events","panels"]}"#,
        r#"{"type":"register_command","name":"probe","description":"probe command"}"#,
        r#"{"type":"register_tool","name":"probe_echo","description":"echo","schema":{"type":"object"}}"#,
        r#"{"type":"register_tool","name":"bare"}"#,
        r#"{"type":"register_tool","name":"null","schema":null}"#,
        r#"{"type":"subscribe","events":["session_start","turn_end","moon_rise"],"intercept":["tool_call","sun_set"]}"#,
        r#"{"type":"subscribe","events":["turn_end"],"intercept":["tool_call","turn_start"]}"#,
        r#"{"type":"notify","level":"warn","message":"hello from probe"}"#,
        r#"{"type":"ready"}"#,
    ];
    let (docking, mut actor, host) = start_with(&probe(), quick(), &lines).await;
    let docking = docking.unwrap();
    actor
        .expect(concat!(
            r#"{"type":"hello_ack","protocol_version":1,"zot_version":"0.0.0","provider":"openai","model":"gpt-4o","#,
            r#""cwd":"/home/u/proj","extension_dir":"/home/u/.zot/extensions/probe","#,
            r#""data_dir":"/home/u/.zot/extensions/probe"}"#
        ))
        .await;
    let registration = docking.registration;
    assert_eq!(registration.commands, [CommandSpec::new("probe", "probe command")]);
    let schema = || Json::new(r#"{"type":"object"}"#).unwrap();
    let tools = [("probe_echo", "echo"), ("bare", ""), ("null", "")];
    assert_eq!(
        registration.tools,
        tools.map(|(name, description)| ToolSpec::new(name, description, schema()))
    );
    assert_eq!(registration.events, [Topic::SessionStart, Topic::TurnEnd]);
    assert_eq!(registration.hooks, [HookSpec::on(HookPoint::ToolCall), HookSpec::on(HookPoint::TurnStart)]);
    assert_eq!(docking.deadlines, Deadlines::VERSION_1);
    assert_eq!(*host.notices.lock().unwrap(), [(Level::Warn, "hello from probe".to_owned())]);
    assert_eq!(
        host.log_text(),
        "Host event \"moon_rise\" is left out: version 1 has none of this name\n\
         Host hook \"sun_set\" is left out: version 1 has none of this name\n"
    );
}

#[tokio::test]
async fn what_the_manifest_declares_about_hooks_and_tools_is_added() {
    let declared = HookSpec::on(HookPoint::ToolCall).tools(["bash"]).order(-5).on_failure(OnFailure::Closed);
    let traits = ToolTraits { destructive: true, ..ToolTraits::default() };
    let tool = ToolSpec { traits, ..ToolSpec::new("drop", "", Json::empty_object()) };
    let mut extension = probe();
    extension.manifest.wharf =
        Some(WharfSection { hooks: vec![declared.clone()], tools: vec![tool], ..WharfSection::default() });
    let lines = [
        HELLO,
        r#"{"type":"subscribe","intercept":["tool_call","turn_start"]}"#,
        r#"{"type":"register_tool","name":"drop"}"#,
        r#"{"type":"ready"}"#,
    ];
    let (docking, _actor, _host) = start_with(&extension, quick(), &lines).await;
    let registration = docking.unwrap().registration;
    assert_eq!(registration.hooks, [declared, HookSpec::on(HookPoint::TurnStart)]);
    assert!(registration.tools[0].traits.destructive);
}

#[tokio::test]
async fn silence_counts_as_ready_and_what_comes_later_is_handed_on() {
    let (docking, mut actor, host) = start(&[r#"{"type":"hello","name":"other"}"#]).await;
    assert_eq!(docking.registration.tools, []);
    assert!(host.log_text().contains(r#"it calls itself "other""#), "{}", host.log_text());
    actor.say(r#"{"type":"register_command","name":"late"}"#).await;
    let later = host.until("a registration", |host| host.registered.lock().unwrap().pop()).await;
    assert_eq!(later.commands, [CommandSpec::new("late", "")]);
}

#[tokio::test]
async fn one_that_never_stops_talking_counts_as_ready_in_the_end() {
    let (process, mut actor) = Actor::enter();
    let host = Arc::new(Host::default());
    let timing = Timing { ready: Duration::from_millis(100), idle: Duration::from_secs(20), ..QUICK };
    let extension = probe();
    actor.say(HELLO).await;
    let docking = handshake::dock(
        process,
        &extension,
        host.launch(&extension),
        terms(HANG, timing),
        Instant::now() + HANG,
    );
    tokio::time::timeout(HANG, docking).await.unwrap().unwrap();
    assert!(host.log_text().contains("did not say that it is ready"), "{}", host.log_text());
}

#[tokio::test]
async fn something_else_than_a_hello_fails_the_start() {
    for (line, what) in [
        (r#"{"type":"ready"}"#, r#"the first frame must be hello (got "ready")"#),
        (r#"{"type":"surprise"}"#, r#"the first frame must be hello (got "surprise")"#),
        (r#"{"type":"hello","name":""}"#, "its hello has no name"),
        ("Welcome!", "the first line must be a hello frame: malformed JSON"),
        ("", "the first line must be a hello frame: malformed JSON"),
    ] {
        let (docking, actor, host) = start_with(&probe(), quick(), &[line, HELLO]).await;
        let error = docking.err().unwrap();
        assert_eq!((error.extension.as_str(), &error.stage), ("probe", &Stage::Start));
        assert!(matches!(&error.fault, Fault::Protocol { what: text } if text.starts_with(what)), "{error}");
        assert!(actor.inside.unwrap().terminated.is_cancelled(), "it still runs");
        assert!(host.lost.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn no_hello_fails_the_start() {
    let terms = terms(Duration::from_millis(50), QUICK);
    let (docking, actor, _host) = start_with(&probe(), terms, &[]).await;
    let error = docking.err().unwrap();
    assert!(error.to_string().starts_with("extension \"probe\": start: timed out after 50 ms"), "{error}");
    assert!(actor.inside.unwrap().terminated.is_cancelled(), "it still runs");
}

#[tokio::test]
async fn a_tool_is_called_with_its_arguments_as_they_were_written() {
    let (instance, mut actor, _host) = ready().await;
    let (call, cx) = (call("echo", r#"{ "text": "a<b", "n": 1.50 }"#), within(HANG));
    let output = during!(instance.call_tool(&call, &cx), {
        let line = actor.hear().await.unwrap();
        let (head, tail) = line.split_once(r#","name""#).unwrap();
        let id = head.strip_prefix(r#"{"type":"tool_call","id":""#).unwrap().strip_suffix('"').unwrap();
        assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
        assert_eq!(tail, r#":"echo","args":{"text":"a\u003cb","n":1.50}}"#);
        let answer =
            format!(r#"{{"type":"tool_result","id":"{id}","content":[{{"type":"text","text":"hi"}}]}}"#);
        actor.say(&answer).await;
    });
    assert_eq!(output.unwrap(), ToolOutput::text("hi"));
    let output = during!(instance.call_tool(&call, &cx), {
        let id = actor.asked("tool_call").await;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{id}","content":[],"is_error":true}}"#)).await;
    });
    assert_eq!(output.unwrap(), ToolOutput::error("(extension returned no content)"));
}

#[tokio::test]
async fn a_command_ends_with_an_outcome_or_an_error() {
    let (instance, mut actor, _host) = ready().await;
    let cx = within(HANG);
    for (answer, expected) in [
        (r#""action":"noop""#, Ok(Outcome::Noop)),
        (r#""action":"prompt","prompt":"do it""#, Ok(Outcome::Prompt("do it".into()))),
        (r#""action":"insert","insert":"x""#, Ok(Outcome::Insert("x".into()))),
        (r#""action":"display","display":"y""#, Ok(Outcome::Display("y".into()))),
        (r#""action":"clear""#, Err("unknown action clear".to_owned())),
        (r#""error":"it broke","action":"noop""#, Err("it broke".to_owned())),
    ] {
        let result = during!(instance.run_command("probe", "", &cx), {
            let line = actor.hear().await.unwrap();
            let (head, tail) = line.split_once(r#","name""#).unwrap();
            // No "args" where there are none.
            assert_eq!(tail, r#":"probe"}"#);
            let id = head.rsplit('"').nth(1).unwrap();
            actor.say(&format!(r#"{{"type":"command_response","id":"{id}",{answer}}}"#)).await;
        });
        assert_eq!(result.unwrap(), expected, "{answer}");
    }
}

#[tokio::test]
async fn an_interceptor_passes_rewrites_or_refuses() {
    let (instance, mut actor, _host) = ready().await;
    let (call, cx) = (call("bash", r#"{"command":"ls"}"#), within(HANG));
    let fields = r#"event":"tool_call","tool_id":"t1","tool_name":"bash","tool_args":{"command":"ls"}}"#;
    for (answer, expected) in [
        ("", ToolVerdict::Pass),
        (r#","reason":"no matter""#, ToolVerdict::Pass),
        (r#","block":true,"reason":"no","modified_args":{}"#, ToolVerdict::Refuse("no".into())),
        (r#","block":true"#, ToolVerdict::Refuse(String::new())),
        (r#","modified_args":{"a":1}"#, ToolVerdict::Rewrite(Json::new(r#"{"a":1}"#).unwrap())),
        (r#","modified_args":null"#, ToolVerdict::Pass),
    ] {
        let verdict = during!(instance.on_tool_call(&call, &cx), {
            let line = actor.hear().await.unwrap();
            assert!(line.ends_with(fields), "{line}");
            let id = line.split('"').nth(7).unwrap();
            actor.say(&format!(r#"{{"type":"event_intercept_response","id":"{id}"{answer}}}"#)).await;
        });
        assert_eq!(verdict.unwrap(), expected, "{answer}");
    }
    let verdict = during!(instance.on_turn_start(3, &cx), {
        let line = actor.hear().await.unwrap();
        assert!(line.ends_with(r#","event":"turn_start","step":3}"#), "{line}");
        let id = line.split('"').nth(7).unwrap();
        actor
            .say(&format!(
                r#"{{"type":"event_intercept_response","id":"{id}","block":true,"reason":"late"}}"#
            ))
            .await;
    });
    assert_eq!(verdict.unwrap(), TurnVerdict::Refuse("late".into()));
    let verdict = during!(instance.on_assistant_message("a secret", &cx), {
        let line = actor.hear().await.unwrap();
        assert!(line.ends_with(r#","event":"assistant_message","text":"a secret"}"#), "{line}");
        let id = line.split('"').nth(7).unwrap();
        actor
            .say(&format!(r#"{{"type":"event_intercept_response","id":"{id}","replace_text":"***"}}"#))
            .await;
    });
    assert_eq!(verdict.unwrap(), MessageVerdict::Replace("***".into()));
}

#[tokio::test]
async fn events_and_calls_come_in_the_order_in_which_they_were_handed_over() {
    let (instance, mut actor, _host) = ready().await;
    let cx = within(HANG);
    let turn = |step| Arc::new(Event::TurnStart { step });
    for step in 1..=50 {
        instance.deliver(&turn(step), &cx);
    }
    let call = call("t", "{}");
    let asking = async {
        let result = instance.call_tool(&call, &cx);
        tokio::pin!(result);
        // Queued as soon as it is called, before anything that is handed over afterwards.
        tokio::select! { biased; _ = &mut result => panic!("no answer yet"), () = std::future::ready(()) => {} }
        instance.deliver(&Arc::new(Event::TurnEnd { stop: Some(Stop::End), error: None }), &cx);
        result.await
    };
    let result = during!(asking, {
        for step in 1..=50 {
            actor.expect(&format!(r#"{{"type":"event","event":"turn_start","step":{step}}}"#)).await;
        }
        let id = actor.asked("tool_call").await;
        actor.expect(r#"{"type":"event","event":"turn_end","stop":"end"}"#).await;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{id}","content":[]}}"#)).await;
    });
    result.unwrap();
}

#[tokio::test]
async fn answers_that_nobody_waits_for_are_logged_and_hurt_nobody() {
    let (instance, mut actor, host) = ready().await;
    let call = call("t", "{}");
    let error = instance.call_tool(&call, &within(Duration::from_millis(50))).await.unwrap_err();
    assert!(matches!(error.fault, Fault::TimedOut { .. }), "{error}");
    assert_eq!(error.fault.to_string(), "timed out after 50 ms");
    let late = actor.asked("tool_call").await;

    let cx = within(HANG);
    let output = during!(instance.call_tool(&call, &cx), {
        let id = actor.asked("tool_call").await;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{late}","content":[]}}"#)).await;
        actor.say(r#"{"type":"tool_result","id":"unknown","content":[]}"#).await;
        // The right id in an answer of another kind is no answer either.
        actor.say(&format!(r#"{{"type":"event_intercept_response","id":"{id}","block":true}}"#)).await;
        actor.say(&format!(r#"{{"type":"command_response","id":"{id}","action":"noop"}}"#)).await;
        for line in ["not json", "{\"type\":\"odd\"}", HELLO, "{\"type\":\"progress\",\"id\":\"p\"}", ""] {
            actor.say(line).await;
        }
        actor.say(r#"{"type":"tool_result","id":5}"#).await;
        let text = r#"[{"type":"text","text":"right"}]"#;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{id}","content":{text}}}"#)).await;
    });
    assert_eq!(output.unwrap(), ToolOutput::text("right"));
    let log = host.log_text();
    for expected in [
        &format!("skipped tool_result: nobody waits for id {late:?}"),
        "nobody waits for id \"unknown\"",
        "skipped event_intercept_response",
        "skipped command_response",
        "malformed JSON",
        "unknown frame type \"odd\": {\"type\":\"odd\"}",
        "skipped a second hello",
        "skipped progress: it speaks version 1 of the protocol",
        "bad tool_result frame",
    ] {
        assert!(log.contains(expected), "{expected} is missing in:\n{log}");
    }
}

#[tokio::test]
async fn cancelling_ends_the_wait_at_once_and_says_nothing_to_the_extension() {
    let (instance, mut actor, _host) = ready().await;
    let (call, mut cx) = (call("t", "{}"), within(HANG));
    let error = during!(instance.call_tool(&call, &cx), {
        actor.asked("tool_call").await;
        cx.cancel.cancel();
    });
    let error = error.unwrap_err();
    assert!(matches!(error.fault, Fault::Cancelled), "{error}");
    // Cancelled before it is made: it is not made.
    assert!(instance.call_tool(&call, &cx).await.is_err());
    cx.cancel = CancellationToken::new();
    instance.deliver(&Arc::new(Event::SessionStart), &cx);
    actor.expect(r#"{"type":"event","event":"session_start"}"#).await;
}

#[tokio::test]
async fn a_call_that_does_not_fit_into_a_line_fails_alone() {
    let (instance, mut actor, host) = ready().await;
    let huge = format!("\"{}\"", "x".repeat(4 << 20));
    let cx = within(HANG);
    let error = instance.call_tool(&call("t", &huge), &cx).await.unwrap_err();
    assert!(error.to_string().contains("4194304 are allowed"), "{error}");
    instance.deliver(&Arc::new(Event::AssistantMessage { text: "x".repeat(4 << 20) }), &cx);
    assert!(host.log_text().contains("event assistant_message dropped"), "{}", host.log_text());
    instance.deliver(&Arc::new(Event::SessionStart), &cx);
    actor.expect(r#"{"type":"event","event":"session_start"}"#).await;
}

#[tokio::test]
async fn events_that_do_not_fit_are_dropped_and_counted() {
    let (instance, _actor, host) = ready().await;
    let event = Arc::new(Event::AssistantMessage { text: "x".repeat(1 << 20) });
    for _ in 0..20 {
        instance.deliver(&event, &within(HANG));
    }
    assert!(host.log_text().contains("(8 dropped so far)"), "{}", host.log_text());
}

#[tokio::test]
async fn when_it_dies_all_calls_fail_at_once_and_the_host_is_told_once() {
    let (instance, mut actor, host) = ready().await;
    let (call, cx) = (call("t", "{}"), within(HANG));
    let (tool, command, hook, ()) = tokio::join!(
        instance.call_tool(&call, &cx),
        instance.run_command("c", "", &cx),
        instance.on_turn_start(1, &cx),
        async {
            for _ in 0..3 {
                actor.hear().await.unwrap();
            }
            actor.stdout.write_all(b"{\"type\":").await.unwrap();
            actor.exit(Exit::Code(3));
        }
    );
    let how = "it ended with exit status 3: the stream ended in the middle of a line, after 8 bytes of it";
    for (error, stage) in [
        (tool.unwrap_err(), Stage::Tool("t".into())),
        (command.unwrap_err(), Stage::Command("c".into())),
        (hook.unwrap_err(), Stage::Hook(HookPoint::TurnStart)),
    ] {
        assert_eq!((error.extension.as_str(), &error.stage), ("probe", &stage));
        assert!(matches!(&error.fault, Fault::Died { how: text } if text == how), "{error}");
    }
    let lost = host.until("the loss", |host| host.lost.lock().unwrap().first().cloned()).await;
    assert_eq!((lost.stage, lost.fault.to_string().as_str()), (Stage::Call, how));
    let error = instance.call_tool(&call, &cx).await.unwrap_err();
    assert!(matches!(&error.fault, Fault::NotRunning { why } if why == how), "{error}");
    instance.deliver(&Arc::new(Event::SessionStart), &cx);
    instance.stop().await;
    assert_eq!(host.lost.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn stopping_says_so_closes_and_is_idempotent() {
    let (instance, mut actor, host) = ready().await;
    let cx = within(HANG);
    let call = call("t", "{}");
    let (pending, (), (), ()) =
        tokio::join!(instance.call_tool(&call, &cx), instance.stop(), instance.stop(), async {
            actor.asked("tool_call").await;
            actor.expect(r#"{"type":"shutdown"}"#).await;
            assert_eq!(actor.hear().await, None);
            actor.say(r#"{"type":"shutdown_ack"}"#).await;
            actor.exit(Exit::Code(0));
        });
    let error = pending.unwrap_err();
    assert!(
        matches!(&error.fault, Fault::Died { how } if how == "it was stopped in the middle of the call"),
        "{error}"
    );
    instance.stop().await;
    assert_eq!(host.log_text(), "Host stopped: exit status 0\n");
    assert!(host.lost.lock().unwrap().is_empty());
    let error = instance.call_tool(&call, &cx).await.unwrap_err();
    assert!(matches!(&error.fault, Fault::NotRunning { why } if why == "it was stopped"), "{error}");
}
