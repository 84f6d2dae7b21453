//! Calls a tool and shows what the model would see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;
use wharf_ports::call::CallContext;
use wharf_ports::tool::{Progress, Tool};
use wharf_protocol::json::Json;
use wharf_protocol::tool::ToolOutput;

pub fn tool(directory: &Path, name: &str) -> Arc<dyn Tool> {
    let tools = wharf_tools::builtins(directory).unwrap();
    tools.into_iter().find(|tool| tool.spec().name == name).unwrap()
}

pub fn context() -> CallContext {
    CallContext::human(CancellationToken::new())
}

pub async fn call(directory: &Path, name: &str, args: &str) -> ToolOutput {
    tool(directory, name).call(&Json::new(args).unwrap(), &(), &context()).await
}

/// The text of an answer that is no error.
pub fn ok(output: ToolOutput) -> String {
    assert!(!output.is_error, "{output:?}");
    output.joined_text()
}

/// The text of an answer that is one.
pub fn error(output: ToolOutput) -> String {
    assert!(output.is_error, "{output:?}");
    output.joined_text()
}

/// Keeps the pieces; cancels when it sees a text.
#[derive(Default)]
pub struct Pieces {
    pub seen: Mutex<Vec<String>>,
    pub cancel: Option<(&'static str, CancellationToken)>,
}

impl Progress for Pieces {
    fn output(&self, text: &str) {
        if let Some((at, cancel)) = &self.cancel
            && text.contains(at)
        {
            cancel.cancel();
        }
        self.seen.lock().unwrap().push(text.to_owned());
    }
}
