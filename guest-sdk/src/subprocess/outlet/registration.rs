//! What the extension registers, in the frames of the version that the host speaks.

use wharf_protocol::frame::{FromExtension, RegisterCommand, RegisterTool, Subscribe};
use wharf_protocol::hook::HookPoint;
use wharf_protocol::pattern;
use wharf_protocol::registration::Registration;
use wharf_protocol::request::RequestError;
use wharf_protocol::tool::ToolTraits;

use super::Services;

impl Services {
    /// Whether one of the extension's own hooks at this point is about this tool. From version 2 on the host knows, also
    /// what the manifest says of it.
    pub(crate) fn guards(&self, point: HookPoint, tool: &str) -> bool {
        if self.version.get() >= 2 {
            return true;
        }
        let hooks = self.hooks.borrow();
        let mut specs = hooks.iter().filter(|hook| hook.on == point);
        specs.any(|hook| hook.tools.is_empty() || hook.tools.iter().any(|glob| pattern::matches(glob, tool)))
    }

    /// There is no frame that would tell what is left out of it.
    #[allow(clippy::unnecessary_wraps, reason = "a component is told")]
    pub(crate) fn register(&self, more: Registration) -> Result<(), RequestError> {
        for command in more.commands {
            let (name, description) = (command.name, command.description);
            self.tell(&FromExtension::RegisterCommand(RegisterCommand { name, description }));
        }
        let version_2 = self.version.get() >= 2;
        for tool in more.tools {
            self.tell(&FromExtension::RegisterTool(RegisterTool {
                name: tool.name,
                description: tool.description,
                schema: Some(tool.schema),
                traits: if version_2 { tool.traits } else { ToolTraits::default() },
                timeout_ms: tool.timeout_ms.filter(|_| version_2),
            }));
        }
        let topics = more.events.iter().filter(|topic| version_2 || topic.is_in_version_1());
        let events: Vec<_> = topics.map(|topic| topic.as_str().to_owned()).collect();
        let mut intercept = Vec::new();
        if version_2 {
            for hook in &more.hooks {
                self.tell(&FromExtension::RegisterHook(hook.clone().into()));
            }
        } else {
            let asked = |point: &HookPoint| more.hooks.iter().any(|hook| hook.on == *point);
            let points = HookPoint::ALL.into_iter().filter(|point| point.is_in_version_1());
            intercept = points.filter(asked).map(|point| point.as_str().to_owned()).collect();
        }
        self.hooks.borrow_mut().extend(more.hooks);
        if !(events.is_empty() && intercept.is_empty()) {
            self.tell(&FromExtension::Subscribe(Subscribe { events, intercept }));
        }
        Ok(())
    }
}
