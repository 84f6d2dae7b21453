//! From the hello until it is ready, line by line.

use std::sync::Arc;
use std::time::Duration;

use crate::stage::actor::{Actor, HELLO, probe, start, start_with};
use crate::stage::{HANG, Host, QUICK, quick, terms};
use tokio::time::Instant;
use wharf_extensions::error::{Fault, Stage};
use wharf_extensions::limits::Deadlines;
use wharf_extensions::manifest::WharfSection;
use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::Topic;
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};
use wharf_protocol::json::Json;
use wharf_protocol::notice::Level;
use wharf_protocol::tool::{ToolSpec, ToolTraits};
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
