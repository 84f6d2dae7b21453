//! Loading extensions anew while the agent runs.

use wharf_extensions::reload::{Change, What, Which};
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::text::harmless;

use crate::handle::Parts;

impl Parts {
    /// Looks for extensions again, and loads the one of that name anew, or all of them. Every face is told.
    pub(crate) async fn reload(&self, name: Option<&str>) -> Vec<Change> {
        let which = match name.map(ExtensionId::new) {
            None => Which::All,
            Some(Ok(id)) => Which::These(vec![id]),
            Some(Err(error)) => {
                let name = name.unwrap_or_default().to_owned();
                return self.told(vec![Change { name, what: What::Failed(error.to_string()) }]).await;
            }
        };
        self.reload_those(&which).await
    }

    pub(crate) async fn reload_those(&self, which: &Which) -> Vec<Change> {
        let changes = match self.extensions.reload(self.search.look(), which).await {
            Ok(changes) => changes,
            Err(why) => vec![Change {
                name: String::new(),
                what: What::Failed(format!("nothing was reloaded: {why}; try again")),
            }],
        };
        self.told(changes).await
    }

    async fn told(&self, changes: Vec<Change>) -> Vec<Change> {
        let names = |wanted: [What; 2]| {
            let some = changes.iter().filter(move |change| wanted.contains(&change.what));
            some.map(|change| change.name.clone()).collect()
        };
        let event = AgentEvent::ExtReloaded {
            loaded: names([What::Docked, What::Replaced]),
            stopped: names([What::Undocked, What::Replaced]),
            errors: changes.iter().filter_map(Change::failure).map(harmless).collect(),
        };
        self.bus.emit(event).await;
        changes
    }
}
