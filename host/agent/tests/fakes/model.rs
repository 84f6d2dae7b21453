//! A model that answers with what it was given.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream;
use wharf_ports::call::CallContext;
use wharf_ports::model::{Model, ModelError, ModelEvent, ModelName, ModelRequest, ModelStream, Usage};
use wharf_protocol::event::Stop;

use super::Log;

pub type Reply = Result<Vec<Result<ModelEvent, ModelError>>, ModelError>;

/// Answers with what it was given, one reply for each call; an answer without an end hangs.
pub struct FakeModel {
    pub log: Log,
    pub replies: Mutex<VecDeque<Reply>>,
    /// Whether an answer that is used up ends the stream; otherwise the stream hangs.
    pub ends: bool,
}

#[async_trait]
impl Model for FakeModel {
    fn name(&self) -> ModelName {
        ModelName { provider: "fake".to_owned(), model: "fake".to_owned() }
    }

    async fn stream(&self, _: ModelRequest<'_>, _: &CallContext) -> Result<ModelStream, ModelError> {
        self.log.add("model");
        let events = self.replies.lock().unwrap().pop_front().expect("one model call too many")?;
        let events = stream::iter(events);
        Ok(if self.ends { events.boxed() } else { events.chain(stream::pending()).boxed() })
    }
}

pub fn text(text: &str) -> Result<ModelEvent, ModelError> {
    Ok(ModelEvent::Text(text.to_owned()))
}

pub fn call(id: &str, name: &str, args: &str) -> Vec<Result<ModelEvent, ModelError>> {
    let id = id.to_owned();
    vec![
        Ok(ModelEvent::ToolStart { id: id.clone(), name: name.to_owned() }),
        Ok(ModelEvent::ToolArgs { id: id.clone(), delta: args.to_owned() }),
        Ok(ModelEvent::ToolEnd { id }),
    ]
}

pub fn done(stop: Stop) -> Result<ModelEvent, ModelError> {
    Ok(ModelEvent::Done { stop, usage: Usage { input: 10, output: 2, ..Usage::default() } })
}

pub fn says(words: &str) -> Reply {
    Ok(vec![text(words), done(Stop::End)])
}

pub fn asks(name: &str, args: &str) -> Reply {
    let mut events = call("t1", name, args);
    events.push(done(Stop::ToolUse));
    Ok(events)
}
