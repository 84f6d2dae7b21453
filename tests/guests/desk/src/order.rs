//! The orders, and what is done of them.

use serde::Deserialize;
use wharf_guest::{
    CommandSpec, HookPoint, HookSpec, Host, Level, Panel, Registration, RequestError, Scope, ToolSpec, Topic,
};

use crate::{Desk, any_object};

/// What is to be done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Order {
    #[serde(rename = "do")]
    pub(crate) what: String,
    text: String,
    panel: String,
    lines: Vec<String>,
    choices: Vec<String>,
    scope: String,
    key: String,
    value: String,
    after: String,
    expected: Option<u64>,
}

impl Order {
    fn scope(&self) -> Scope {
        match self.scope.as_str() {
            "project" => Scope::Project,
            "session" => Scope::Session,
            _ => Scope::User,
        }
    }

    fn panel(&self) -> Panel {
        Panel { id: self.panel.clone(), lines: self.lines.clone(), ..Panel::default() }
    }
}

impl Desk {
    /// Does what is ordered, and says what came of it.
    pub(crate) fn follow(&mut self, order: &Order, host: &Host) -> Result<String, RequestError> {
        if let Some(answer) = on_screen(order, host)? {
            return Ok(answer);
        }
        if let Some(answer) = in_store(order, host)? {
            return Ok(answer);
        }
        Ok(match order.what.as_str() {
            "echo" => {
                self.echo = Some(order.text.clone());
                done()
            }
            "progress" => {
                host.progress("one");
                host.progress("two");
                done()
            }
            "wait" => self.wait(host),
            "linger" => self.linger(host)?,
            "remaining" => host.remaining().map_or("unknown".to_owned(), |left| left.as_secs().to_string()),
            "heard" => self.heard.join("\n"),
            "why" => self.why.clone(),
            "abort" => std::process::abort(),
            "facts" => self.facts.clone(),
            "join" => {
                let hook = HookSpec::on(HookPoint::ToolCall).tools(["bash"]);
                host.register(Registration::new().events([Topic::ToolCall]).hook(hook)).map(|()| done())?
            }
            "misfit" => {
                let tool = ToolSpec::new("no name", "Is none", any_object());
                let more = Registration::new().tool(tool).command(CommandSpec::new("fits", "Fits"));
                host.register(more).map(|()| done())?
            }
            other => format!("what is {other:?}?"),
        })
    }

    fn wait(&mut self, host: &Host) -> String {
        while !host.cancelled() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        self.heard.push("cancelled".to_owned());
        "cancelled".to_owned()
    }

    fn linger(&self, host: &Host) -> Result<String, RequestError> {
        host.open_panel(Panel { id: "a".to_owned(), ..Panel::default() })?;
        let data = std::path::Path::new(&self.data);
        while !data.join("go").exists() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        host.close_panel("a");
        let drawn = host.open_panel(Panel { id: "a".to_owned(), ..Panel::default() });
        let set = host.set_status("late");
        drawn.and(set).map(|()| done())
    }
}

/// What is about the screen and the user.
fn on_screen(order: &Order, host: &Host) -> Result<Option<String>, RequestError> {
    let text = order.text.as_str();
    Ok(Some(match order.what.as_str() {
        "display" => host.display(text).map(|()| done())?,
        "insert" => host.insert(text).map(|()| done())?,
        "status" => host.set_status(text).map(|()| done())?,
        "submit" => host.submit(text).map(|()| done())?,
        "notify" => {
            host.notify(Level::Info, text);
            done()
        }
        "open" => host.open_panel(order.panel()).map(|()| done())?,
        "render" => {
            host.render_panel(order.panel());
            done()
        }
        "close" => {
            host.close_panel(&order.panel);
            done()
        }
        "select" => {
            let choices: Vec<&str> = order.choices.iter().map(String::as_str).collect();
            host.select(text, &choices)?.to_string()
        }
        "confirm" => if host.confirm(text, &order.value)? { "yes" } else { "no" }.to_owned(),
        "input" => host.input(text, &order.value)?,
        _ => return Ok(None),
    }))
}

/// What is about the store.
fn in_store(order: &Order, host: &Host) -> Result<Option<String>, RequestError> {
    let key = order.key.as_str();
    Ok(Some(match order.what.as_str() {
        "get" => host
            .stored(order.scope(), key)?
            .map_or("absent".to_owned(), |found| format!("{} v{}", found.value, found.version)),
        "set" => {
            format!("v{}", host.store(order.scope(), key, &order.value, order.expected)?)
        }
        "delete" => host.unstore(order.scope(), key).map(|()| done())?,
        "keys" => host.stored_keys(order.scope(), key, &order.after)?.join(","),
        _ => return Ok(None),
    }))
}

fn done() -> String {
    "done".to_owned()
}
