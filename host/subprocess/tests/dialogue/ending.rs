//! How it ends, by itself or because it is asked to.

use std::sync::Arc;

use crate::stage::actor::ready;
use crate::stage::{HANG, call, within};
use tokio::io::AsyncWriteExt as _;
use wharf_child::Exit;
use wharf_extensions::error::{Fault, Stage};
use wharf_protocol::event::Event;
use wharf_protocol::hook::HookPoint;

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
