//! One version takes the place of another while the agent runs.

mod calls;
mod found;
mod versions;

use std::path::Path;
use std::sync::Arc;

use crate::fake::Fake;
use crate::harbour::Harbour;
use wharf_extensions::discovery::Places;
use wharf_extensions::error::Fault;
use wharf_extensions::history::History;
use wharf_extensions::listing::State;
use wharf_extensions::quarantine::Quarantine;
use wharf_ports::call::Cause;
use wharf_ports::hooks::{Hooks, ToolDecision};
use wharf_ports::tool::Toolbox;
use wharf_protocol::event::{Event, Topic};
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolCall, ToolSpec};

const DONE: &str = "reloaded: 1 stopped, 1 loaded (1 ready)";

fn tool(name: &str) -> Registration {
    let schema = Json::new(r#"{"type":"object"}"#).unwrap();
    Registration::new().tool(ToolSpec::new(name, "a tool", schema)).events([Topic::TurnEnd])
}

fn guarding(name: &str) -> Registration {
    tool(name).hook(HookSpec::on(HookPoint::ToolCall).tools(["bash"]).on_failure(OnFailure::Closed))
}

fn x(version: &'static str) -> Fake {
    Fake::new("x").registers(guarding("t")).version(version)
}

fn call(name: &str) -> ToolCall {
    ToolCall { id: "1".into(), name: name.into(), args: Json::empty_object() }
}

async fn run(harbour: &Harbour, name: &str) -> String {
    harbour.call_tool(&call(name), &harbour.cx()).await.joined_text()
}

async fn is_guarded(harbour: &Harbour) -> bool {
    !matches!(harbour.before_tool(&call("bash"), &harbour.cx()).await, ToolDecision::Run(_))
}

fn tools(harbour: &Harbour) -> Vec<String> {
    harbour.tools.specs().iter().map(|spec| spec.name.clone()).collect()
}

fn state(harbour: &Harbour, name: &str) -> Option<State> {
    harbour.extensions.list().into_iter().find(|listing| listing.name == name).map(|listing| listing.state)
}

fn turn_ends(harbour: &Harbour) {
    harbour.dispatcher.publish(Event::TurnEnd { stop: None, error: None }, Cause::human());
}

fn died() -> Fault {
    Fault::Died { how: "it trapped".into() }
}

/// Waits for what other tasks bring about, at their next turns.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not happen: {what}");
}

/// Recalls what is known from this directory.
fn recalling(home: &Path) -> impl FnOnce(&mut wharf_extensions::lifecycle::Setup) + use<> {
    let quarantine = Some(Arc::new(Quarantine::new(home.join("quarantine.json"))));
    let history = History { quarantine, ..History::default() };
    move |setup| {
        setup.recollection = history.recall(&setup.discovery, &Places::default());
        setup.history = history;
    }
}
