//! The provider `script`: it replays the answers of a file, one line for each model call.
//!
//! Blank lines and lines that begin with `#` are skipped. `line` says what a line holds, `fill` how the groups of its
//! `when` get into it.

mod fill;
mod line;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;
use wharf_ports::call::CallContext;
use wharf_ports::message::Message;
use wharf_ports::model::{Model, ModelError, ModelName, ModelRequest, ModelStream};

pub use line::LineProblem;

use crate::playback::{last_user_text, pause, play};
use line::{Answer, Line};

pub(crate) const NAME: &str = "script";
/// Longest script, in bytes.
const MAX_SCRIPT: u64 = 64 * 1024 * 1024;

/// A script. All clones share one cursor.
#[derive(Debug, Clone)]
pub struct Script {
    lines: Arc<[Line]>,
    cursor: Arc<Mutex<Cursor>>,
}

#[derive(Debug)]
struct Cursor {
    used: Vec<bool>,
    responses: usize,
}

/// Why a script cannot be used.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// The file cannot be read.
    #[error("the script {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is too long.
    #[error("the script {} is longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// A line is wrong.
    #[error("{name}:{line}: {problem}")]
    Line {
        /// The file's name.
        name: String,
        /// Counts from 1.
        line: usize,
        /// What is wrong.
        #[source]
        problem: LineProblem,
    },
}

impl Script {
    /// Reads a script from a file. Blocks while it reads.
    ///
    /// # Errors
    /// [`ScriptError`] names the file, and the line if one is wrong.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        let mut text = String::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_SCRIPT + 1).read_to_string(&mut text))
            .map_err(|source| ScriptError::Read { path: path.to_owned(), source })?;
        if text.len() as u64 > MAX_SCRIPT {
            return Err(ScriptError::TooLong { path: path.to_owned(), limit: MAX_SCRIPT });
        }
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a script from text; `name` stands in errors.
    ///
    /// # Errors
    /// [`ScriptError::Line`] for the first line that is wrong.
    pub fn parse(text: &str, name: &str) -> Result<Self, ScriptError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().enumerate().filter(|(_, line)| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        });
        let lines: Vec<Line> = lines
            .map(|(index, line)| {
                let wrong = |problem| ScriptError::Line { name: name.to_owned(), line: index + 1, problem };
                Line::parse(line).map_err(wrong)
            })
            .collect::<Result<_, _>>()?;
        let cursor = Cursor { used: vec![false; lines.len()], responses: 0 };
        Ok(Self { lines: lines.into(), cursor: Arc::new(Mutex::new(cursor)) })
    }

    /// Takes the first line that is left and fits.
    fn take(&self, messages: &[Message]) -> Result<Answer, ModelError> {
        let user = last_user_text(messages);
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let Cursor { used, responses } = &mut *cursor;
        for (line, used) in self.lines.iter().zip(used.iter_mut()).filter(|(_, used)| !**used) {
            if let Some(answer) = line.answer(&user, *responses + 1) {
                *used = !line.repeats();
                *responses += 1;
                return Ok(answer);
            }
        }
        Err(ModelError::ScriptExhausted { responses: *responses })
    }
}

#[async_trait]
impl Model for Script {
    fn name(&self) -> ModelName {
        ModelName { provider: NAME.to_owned(), model: NAME.to_owned() }
    }

    async fn stream(&self, request: ModelRequest<'_>, cx: &CallContext) -> Result<ModelStream, ModelError> {
        match self.take(request.messages)? {
            Answer::Cues(cues) => Ok(play(cues, cx)),
            Answer::Failure { delay, status, message, retry_after } => {
                pause(delay.unwrap_or(Duration::ZERO), &cx.cancel).await?;
                Err(ModelError::Status { provider: NAME.to_owned(), status, message, retry_after })
            }
        }
    }
}
