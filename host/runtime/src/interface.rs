//! The screen as extensions have it: events tell the faces what to draw, and a face tells the handle what the user did.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::oneshot;
use wharf_ports::event::{AgentEvent, EventSink as _};
use wharf_ports::ui::UserInterface;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::panel::Panel;
use wharf_protocol::request::{Reply, Request, RequestError};

use crate::bus::Bus;

/// Panels that one extension may have open.
const PANELS: usize = 8;
/// Dialogs that one extension may have open.
const DIALOGS: usize = 4;

/// What is on the screen, whoever draws it.
pub(crate) struct Interface {
    bus: Arc<Bus>,
    /// Whether a face draws it.
    present: bool,
    next_dialog: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    panels: Vec<(ExtensionId, Panel)>,
    dialogs: HashMap<u64, Open>,
    /// Who has a segment of the status line.
    status: HashSet<ExtensionId>,
}

type Answered = oneshot::Receiver<Result<Reply, RequestError>>;

struct Open {
    by: ExtensionId,
    answer: oneshot::Sender<Result<Reply, RequestError>>,
}

impl Interface {
    pub(crate) fn new(bus: Arc<Bus>, present: bool) -> Self {
        Self { bus, present, next_dialog: AtomicU64::new(1), state: Mutex::default() }
    }

    /// The user's answer to a dialog; none: it was closed without one. False: nobody waits for it.
    pub(crate) fn answer(&self, dialog: u64, answer: Option<Reply>) -> bool {
        let open = self.lock().dialogs.remove(&dialog);
        open.is_some_and(|open| open.answer.send(answer.ok_or(RequestError::Dismissed)).is_ok())
    }

    /// Whether the extension has this panel open.
    pub(crate) fn has_panel(&self, by: &ExtensionId, id: &str) -> bool {
        self.lock().panels.iter().any(|(owner, panel)| owner == by && panel.id == id)
    }

    fn open_dialog(&self, by: &ExtensionId) -> Result<(u64, Answered), RequestError> {
        let id = self.next_dialog.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let mut state = self.lock();
        if state.dialogs.values().filter(|open| open.by == *by).count() >= DIALOGS {
            return Err(RequestError::Full { message: format!("{DIALOGS} dialogs are open already") });
        }
        state.dialogs.insert(id, Open { by: by.clone(), answer });
        Ok((id, answered))
    }

    fn check_present(&self) -> Result<(), RequestError> {
        if self.present { Ok(()) } else { Err(RequestError::NoUi) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl UserInterface for Interface {
    fn is_present(&self) -> bool {
        self.present
    }

    fn insert(&self, by: &ExtensionId, text: String) -> Result<(), RequestError> {
        self.check_present()?;
        self.bus.emit_now(AgentEvent::ExtInsert { extension: by.clone(), text });
        Ok(())
    }

    fn status(&self, by: &ExtensionId, text: String) -> Result<(), RequestError> {
        self.check_present()?;
        let mut state = self.lock();
        match text.is_empty() {
            true => state.status.remove(by),
            false => state.status.insert(by.clone()),
        };
        drop(state);
        self.bus.emit_now(AgentEvent::ExtStatus { extension: by.clone(), text });
        Ok(())
    }

    fn open_panel(&self, by: &ExtensionId, panel: Panel) -> Result<(), RequestError> {
        self.check_present()?;
        let mut state = self.lock();
        let open = state.panels.iter().filter(|(owner, _)| owner == by).count();
        match state.panels.iter_mut().find(|(owner, it)| owner == by && it.id == panel.id) {
            Some((_, own)) => *own = panel.clone(),
            None if open >= PANELS => {
                return Err(RequestError::Full { message: format!("{PANELS} panels are open already") });
            }
            None => state.panels.push((by.clone(), panel.clone())),
        }
        drop(state);
        self.bus.emit_now(AgentEvent::ExtPanel { extension: by.clone(), panel });
        Ok(())
    }

    fn render_panel(&self, by: &ExtensionId, mut panel: Panel) -> bool {
        let mut state = self.lock();
        let own = state.panels.iter_mut().find(|(owner, it)| owner == by && it.id == panel.id);
        let Some((_, open)) = own else { return false };
        if panel.title.is_empty() {
            panel.title.clone_from(&open.title);
        }
        *open = panel.clone();
        drop(state);
        self.bus.emit_now(AgentEvent::ExtPanel { extension: by.clone(), panel });
        true
    }

    fn close_panel(&self, by: &ExtensionId, id: &str) -> bool {
        let mut state = self.lock();
        let before = state.panels.len();
        state.panels.retain(|(owner, panel)| !(owner == by && panel.id == id));
        let closed = state.panels.len() < before;
        drop(state);
        if closed {
            self.bus.emit_now(AgentEvent::ExtPanelClosed { extension: by.clone(), id: id.to_owned() });
        }
        closed
    }

    async fn ask(&self, by: &ExtensionId, dialog: Request) -> Result<Reply, RequestError> {
        self.check_present()?;
        let (id, answered) = self.open_dialog(by)?;
        let _closed = Closing { interface: self, id };
        self.bus.emit(AgentEvent::ExtDialog { extension: by.clone(), id, dialog }).await;
        answered.await.unwrap_or(Err(RequestError::Closed))
    }

    fn clear(&self, by: &ExtensionId) {
        let panels = self.lock();
        let own = panels.panels.iter().filter(|(owner, _)| owner == by);
        let own: Vec<String> = own.map(|(_, panel)| panel.id.clone()).collect();
        drop(panels);
        for id in own {
            self.close_panel(by, &id);
        }
        if self.lock().status.remove(by) {
            self.bus.emit_now(AgentEvent::ExtStatus { extension: by.clone(), text: String::new() });
        }
    }

    fn gone(&self, by: &ExtensionId) {
        // Who waits for the answer is told that it was closed.
        self.lock().dialogs.retain(|_, open| open.by != *by);
        self.clear(by);
    }
}

/// Takes a dialog off the screen, however the waiting for it ended.
struct Closing<'a> {
    interface: &'a Interface,
    id: u64,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.interface.lock().dialogs.remove(&self.id);
        self.interface.bus.emit_now(AgentEvent::ExtDialogClosed { id: self.id });
    }
}
