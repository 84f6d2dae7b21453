//! What extensions may do with the user's screen, and prompts that they submit.

use async_trait::async_trait;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::panel::Panel;
use wharf_protocol::request::{Reply, Request, RequestError};

use crate::call::Cause;

/// The screen, whichever face draws it. Where no face has one, everything answers [`RequestError::NoUi`]; nothing of it
/// waits but [`UserInterface::ask`].
#[async_trait]
pub trait UserInterface: Send + Sync {
    /// Whether a face has a screen.
    fn is_present(&self) -> bool;

    /// Puts text into the editor.
    ///
    /// # Errors
    /// [`RequestError::NoUi`].
    fn insert(&self, by: &ExtensionId, text: String) -> Result<(), RequestError>;

    /// Sets or clears the extension's segment of the status line.
    ///
    /// # Errors
    /// [`RequestError::NoUi`].
    fn status(&self, by: &ExtensionId, text: String) -> Result<(), RequestError>;

    /// Opens a panel, or draws it anew if the extension has one of that id.
    ///
    /// # Errors
    /// [`RequestError::NoUi`], or [`RequestError::Full`] if it has too many.
    fn open_panel(&self, by: &ExtensionId, panel: Panel) -> Result<(), RequestError>;

    /// Draws an open panel anew; an empty title keeps the one before. False: the extension has no such panel.
    fn render_panel(&self, by: &ExtensionId, panel: Panel) -> bool;

    /// Closes a panel. False: the extension has no such panel.
    fn close_panel(&self, by: &ExtensionId, id: &str) -> bool;

    /// Shows a dialog ([`Request::Select`], [`Request::Confirm`], [`Request::Input`]) and waits for the answer. Whoever
    /// drops the future closes the dialog.
    ///
    /// # Errors
    /// [`RequestError::NoUi`], [`RequestError::Dismissed`], or [`RequestError::Full`] if it has too many.
    async fn ask(&self, by: &ExtensionId, dialog: Request) -> Result<Reply, RequestError>;

    /// Another version of the extension takes its place, which knows nothing of panels and segments: they are closed.
    /// Dialogs of calls that the old version still answers stay.
    fn clear(&self, by: &ExtensionId);

    /// The extension is gone: nothing of it stays on the screen.
    fn gone(&self, by: &ExtensionId);
}

/// Where extensions' prompts go.
pub trait Prompts: Send + Sync {
    /// Queues a prompt; it is taken up when those before it have ended.
    ///
    /// # Errors
    /// [`RequestError::Full`], or [`RequestError::Unavailable`] where a run answers one prompt alone.
    fn submit(&self, by: &ExtensionId, text: String, cause: Cause) -> Result<(), RequestError>;
}

/// No face has a screen, and a run answers one prompt alone.
#[derive(Debug, Clone, Copy)]
pub struct NoScreen;

#[async_trait]
impl UserInterface for NoScreen {
    fn is_present(&self) -> bool {
        false
    }

    fn insert(&self, _: &ExtensionId, _: String) -> Result<(), RequestError> {
        Err(RequestError::NoUi)
    }

    fn status(&self, _: &ExtensionId, _: String) -> Result<(), RequestError> {
        Err(RequestError::NoUi)
    }

    fn open_panel(&self, _: &ExtensionId, _: Panel) -> Result<(), RequestError> {
        Err(RequestError::NoUi)
    }

    fn render_panel(&self, _: &ExtensionId, _: Panel) -> bool {
        false
    }

    fn close_panel(&self, _: &ExtensionId, _: &str) -> bool {
        false
    }

    async fn ask(&self, _: &ExtensionId, _: Request) -> Result<Reply, RequestError> {
        Err(RequestError::NoUi)
    }

    fn clear(&self, _: &ExtensionId) {}

    fn gone(&self, _: &ExtensionId) {}
}

impl Prompts for NoScreen {
    fn submit(&self, _: &ExtensionId, _: String, _: Cause) -> Result<(), RequestError> {
        Err(RequestError::unavailable("this run answers one prompt alone"))
    }
}
