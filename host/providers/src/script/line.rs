//! One line of a script: one answer of the model.

use std::borrow::Cow;
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use thiserror::Error;
use wharf_ports::model::{ModelEvent, Usage};
use wharf_protocol::event::Stop;
use wharf_protocol::json::Json;

use super::fill::Fill;
use crate::playback::Cue;

/// What is wrong with a line.
#[derive(Debug, Error)]
pub enum LineProblem {
    /// Not JSON, an unknown key, a wrong type.
    #[error("{}", without_place(.0))]
    Json(#[source] serde_json::Error),
    /// `when` is no regular expression.
    #[error("\"when\" is no regular expression: {0}")]
    When(#[source] regex::Error),
    /// Keys that exclude each other.
    #[error("{0:?} and {1:?} cannot stand in one line")]
    Together(&'static str, &'static str),
}

/// The parser counts lines within what it was given, which is one line.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(text) => format!("column {}: {text}", error.column()),
        None => text,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    text: Option<String>,
    deltas: Option<Vec<String>>,
    thinking: Option<String>,
    #[serde(default)]
    tool_calls: Vec<CallKeys>,
    when: Option<String>,
    #[serde(default)]
    usage: UsageKeys,
    error: Option<ErrorKeys>,
    delay_ms: Option<u64>,
    #[serde(default)]
    repeat: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallKeys {
    id: Option<String>,
    name: String,
    #[serde(default = "Json::empty_object")]
    args: Json,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct UsageKeys {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorKeys {
    status: u16,
    #[serde(default)]
    message: String,
    retry_after_ms: Option<u64>,
}

/// A line that was read.
#[derive(Debug)]
pub(super) struct Line {
    when: Option<Regex>,
    keys: Keys,
}

/// What a line says.
pub(super) enum Answer {
    Cues(Vec<Cue>),
    Failure { delay: Option<Duration>, status: u16, message: String, retry_after: Option<Duration> },
}

impl Line {
    pub(super) fn parse(text: &str) -> Result<Self, LineProblem> {
        let keys: Keys = serde_json::from_str(text).map_err(LineProblem::Json)?;
        if keys.text.is_some() && keys.deltas.is_some() {
            return Err(LineProblem::Together("text", "deltas"));
        }
        if keys.error.is_some() {
            let answers = [
                ("text", keys.text.is_some()),
                ("deltas", keys.deltas.is_some()),
                ("thinking", keys.thinking.is_some()),
                ("tool_calls", !keys.tool_calls.is_empty()),
            ];
            if let Some((key, _)) = answers.into_iter().find(|(_, given)| *given) {
                return Err(LineProblem::Together("error", key));
            }
        }
        let when = keys.when.as_deref().map(Regex::new).transpose().map_err(LineProblem::When)?;
        Ok(Self { when, keys })
    }

    pub(super) fn repeats(&self) -> bool {
        self.keys.repeat
    }

    /// The answer, if the line fits the user's last message. `number` makes ids unique.
    pub(super) fn answer(&self, user: &str, number: usize) -> Option<Answer> {
        let fill = match &self.when {
            None => Fill::nothing(),
            Some(when) => Fill::from(when.captures(user)?),
        };
        let delay = self.keys.delay_ms.map(Duration::from_millis);
        Some(match &self.keys.error {
            Some(error) => Answer::Failure {
                delay,
                status: error.status,
                message: fill.text(&error.message).into_owned(),
                retry_after: error.retry_after_ms.map(Duration::from_millis),
            },
            None => Answer::Cues(self.cues(&fill, delay.unwrap_or_default(), number)),
        })
    }

    fn cues(&self, fill: &Fill<'_>, delay: Duration, number: usize) -> Vec<Cue> {
        let keys = &self.keys;
        let filled = |text: &String| fill.text(text).into_owned();
        let thinking = keys.thinking.iter().map(filled).map(ModelEvent::Thinking);
        let text = keys.text.iter().chain(keys.deltas.iter().flatten()).map(filled).map(ModelEvent::Text);
        let deltas = thinking.chain(text).filter(|event| !is_empty(event));
        let mut cues: Vec<Cue> = deltas.map(|event| Cue { pause: delay, event }).collect();

        for (index, call) in keys.tool_calls.iter().enumerate() {
            let id = match &call.id {
                Some(id) => fill.text(id),
                None => Cow::Owned(format!("call_{number}_{}", index + 1)),
            };
            let id = id.into_owned();
            let start = ModelEvent::ToolStart { id: id.clone(), name: filled(&call.name) };
            let args =
                ModelEvent::ToolArgs { id: id.clone(), delta: fill.json(call.args.as_str()).into_owned() };
            cues.push(Cue { pause: Duration::ZERO, event: start });
            cues.push(Cue { pause: delay, event: args });
            cues.push(Cue { pause: Duration::ZERO, event: ModelEvent::ToolEnd { id } });
        }

        let pause = if cues.is_empty() { delay } else { Duration::ZERO };
        let stop = if keys.tool_calls.is_empty() { Stop::End } else { Stop::ToolUse };
        let UsageKeys { input, output, cache_read, cache_write } = keys.usage;
        let usage = Usage { input, output, cache_read, cache_write, cost_usd: 0.0 };
        cues.push(Cue { pause, event: ModelEvent::Done { stop, usage } });
        cues
    }
}

fn is_empty(event: &ModelEvent) -> bool {
    matches!(event, ModelEvent::Text(text) | ModelEvent::Thinking(text) if text.is_empty())
}
