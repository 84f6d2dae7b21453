//! What an extension may ask of its host.

use std::time::Duration;

use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::Registration;
use wharf_protocol::request::{RequestError, Scope, Value};

#[cfg(target_arch = "wasm32")]
use crate::component::imports as services;
#[cfg(not(target_arch = "wasm32"))]
use crate::subprocess::outlet as services;

/// The host, as an extension sees it. Only the dialogs wait for somebody, and the store for the disk.
///
/// Under a host that speaks version 1 of the subprocess protocol alone, whatever returns a [`RequestError`] is
/// [`RequestError::Unavailable`].
pub struct Host(pub(crate) services::Services);

impl Host {
    /// Writes a line to the extension's log, which `wharf ext logs NAME` shows.
    pub fn log(&self, level: LogLevel, message: &str) {
        self.0.log(level, message);
    }

    /// Tells the user something at once.
    pub fn notify(&self, level: Level, message: &str) {
        self.0.notify(level, message);
    }

    /// Registers more than [`Extension::registration`](crate::Extension::registration) named. It joins at the next
    /// model call; a name that turns out to be taken is left out then, and the user is told.
    ///
    /// # Errors
    /// [`RequestError::Invalid`] names what breaks a rule and is left out; the rest joins. A subprocess is not told: it
    /// stands in its log.
    pub fn register(&self, more: Registration) -> Result<(), RequestError> {
        self.0.register(more)
    }

    /// Shows text to the user; the model does not see it. At most 64 KiB, 60 a minute.
    ///
    /// # Errors
    /// [`RequestError::Invalid`], [`RequestError::TooLarge`], [`RequestError::TooOften`].
    pub fn display(&self, text: &str) -> Result<(), RequestError> {
        self.0.display(text)
    }

    /// Puts text into the user's editor, without submitting it.
    ///
    /// # Errors
    /// [`RequestError::NoUi`], [`RequestError::Invalid`], [`RequestError::TooLarge`].
    pub fn insert(&self, text: &str) -> Result<(), RequestError> {
        self.0.insert(text)
    }

    /// Sets the extension's segment of the status line; empty: none.
    ///
    /// # Errors
    /// [`RequestError::NoUi`].
    pub fn set_status(&self, text: &str) -> Result<(), RequestError> {
        self.0.set_status(text)
    }

    /// Queues a prompt; it is taken up when those before it have ended. At most 6 a minute and 60 an hour, unless the
    /// human says something.
    ///
    /// # Errors
    /// [`RequestError::TooOften`], [`RequestError::TooDeep`], [`RequestError::Full`], [`RequestError::Invalid`],
    /// [`RequestError::Unavailable`].
    pub fn submit(&self, text: &str) -> Result<(), RequestError> {
        self.0.submit(text)
    }

    /// Opens a panel. Its keys come as [`Event::PanelKey`](crate::Event::PanelKey).
    ///
    /// # Errors
    /// [`RequestError::NoUi`], [`RequestError::Full`], [`RequestError::Invalid`], [`RequestError::TooLarge`].
    pub fn open_panel(&self, panel: Panel) -> Result<(), RequestError> {
        self.0.open_panel(panel)
    }

    /// Draws an open panel anew; an empty title keeps the one it has. One that is not open is passed over.
    pub fn render_panel(&self, panel: Panel) {
        self.0.render_panel(panel);
    }

    /// Closes a panel. One that is not open is passed over.
    pub fn close_panel(&self, id: &str) {
        self.0.close_panel(id);
    }

    /// Lets the user choose, and waits for it: the number of the choice, counted from 0. During a tool call or a
    /// command only; the deadline of that stands still meanwhile, for 10 minutes at most.
    ///
    /// # Errors
    /// [`RequestError::NoUi`], [`RequestError::Dismissed`], [`RequestError::Closed`], [`RequestError::NotNow`].
    pub fn select(&self, title: &str, choices: &[&str]) -> Result<usize, RequestError> {
        let choices = choices.iter().map(ToString::to_string).collect();
        let index = self.0.select(title, choices)?;
        usize::try_from(index).map_err(|_| RequestError::unavailable("no such choice"))
    }

    /// Lets the user say yes or no; otherwise like [`Self::select`].
    ///
    /// # Errors
    /// Those of [`Self::select`].
    pub fn confirm(&self, title: &str, text: &str) -> Result<bool, RequestError> {
        self.0.confirm(title, text)
    }

    /// Lets the user type a line; otherwise like [`Self::select`]. `text` stands there to begin with.
    ///
    /// # Errors
    /// Those of [`Self::select`].
    pub fn input(&self, title: &str, text: &str) -> Result<String, RequestError> {
        self.0.input(title, text)
    }

    /// Reads a value of the store.
    ///
    /// # Errors
    /// [`RequestError::Invalid`], [`RequestError::Unavailable`].
    pub fn stored(&self, scope: Scope, key: &str) -> Result<Option<Value>, RequestError> {
        self.0.store_get(scope, key)
    }

    /// Writes a value; it is on the disk when this returns. `expected`: only if the value has this version, 0 for one
    /// that is not there. Returns its version from now on.
    ///
    /// # Errors
    /// [`RequestError::Conflict`], [`RequestError::TooLarge`], [`RequestError::Full`], [`RequestError::TooOften`],
    /// [`RequestError::Invalid`], [`RequestError::Unavailable`].
    pub fn store(
        &self,
        scope: Scope,
        key: &str,
        value: &str,
        expected: Option<u64>,
    ) -> Result<u64, RequestError> {
        self.0.store_set(scope, key, value, expected)
    }

    /// Removes a value; one that is not there is as good as removed.
    ///
    /// # Errors
    /// [`RequestError::TooOften`], [`RequestError::Invalid`], [`RequestError::Unavailable`].
    pub fn unstore(&self, scope: Scope, key: &str) -> Result<(), RequestError> {
        self.0.store_delete(scope, key)
    }

    /// Keys of the store that begin so, behind another one, sorted; 1000 at most.
    ///
    /// # Errors
    /// [`RequestError::Unavailable`].
    pub fn stored_keys(&self, scope: Scope, prefix: &str, after: &str) -> Result<Vec<String>, RequestError> {
        self.0.store_keys(scope, prefix, after)
    }

    /// Output of the tool call in progress, for the user. Never waits; what comes too fast is dropped.
    pub fn progress(&self, text: &str) {
        self.0.progress(text);
    }

    /// Whether the call in progress was cancelled or its deadline has passed: return soon, the answer is not used.
    /// Version 1 of the subprocess protocol does not tell, there it is always `false`.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.0.cancelled()
    }

    /// Time until the deadline of the call in progress; none where the host does not tell (version 1).
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.0.remaining()
    }
}
