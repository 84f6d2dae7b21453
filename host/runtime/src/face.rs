//! What a face tells of the user: answers to dialogs, keys in panels.

use wharf_ports::call::Cause;
use wharf_ports::ui::UserInterface as _;
use wharf_protocol::event::Event;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::request::Reply;

use crate::handle::Wharf;

impl Wharf {
    /// Answers an extension's dialog, which [`crate::ports::event::AgentEvent::ExtDialog`] told; none: the user closed it. False: nobody
    /// waits for the answer any more.
    #[must_use]
    pub fn answer(&self, dialog: u64, answer: Option<Reply>) -> bool {
        self.0.parts.interface.answer(dialog, answer)
    }

    /// Hands a key to an extension's panel, which [`crate::ports::event::AgentEvent::ExtPanel`] told. The keys are those of
    /// [`Event::PanelKey`]; `text` is the character of a `rune`. False: there is no such panel.
    #[must_use]
    pub fn panel_key(&self, extension: &ExtensionId, panel: &str, key: &str, text: &str) -> bool {
        let there = self.0.parts.interface.has_panel(extension, panel);
        if there {
            let (panel, key, text) = (panel.to_owned(), key.to_owned(), text.to_owned());
            self.0.parts.dispatcher.tell(extension, Event::PanelKey { panel, key, text }, Cause::human());
        }
        there
    }

    /// Closes an extension's panel, and tells it. False: there is no such panel.
    #[must_use]
    pub fn close_panel(&self, extension: &ExtensionId, panel: &str) -> bool {
        let closed = self.0.parts.interface.close_panel(extension, panel);
        if closed {
            let event = Event::PanelClose { panel: panel.to_owned() };
            self.0.parts.dispatcher.tell(extension, event, Cause::human());
        }
        closed
    }
}
