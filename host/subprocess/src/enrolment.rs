//! What an extension registers, frame by frame. Version 1 has few words for it; what its manifest declares besides
//! (the order of a hook, its failure policy, the traits of a tool) is added here. An extension that speaks version 1 is
//! told and asked what version 1 has.

use wharf_extensions::manifest::Manifest;
use wharf_extensions::suggestion::did_you_mean;
use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::Topic;
use wharf_protocol::frame::{RegisterCommand, RegisterTool, Subscribe};
use wharf_protocol::hook::{HookPoint, HookSpec};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolSpec, ToolTraits};

use crate::incoming::SAY_2;

/// Tools, or commands, that are kept until the extension is ready. The host lets in fewer.
const MAX_EACH: usize = 1024;
/// Words of one frame that mean nothing and are told, and how much of each, in bytes.
const MAX_TOLD: usize = 10;
const MAX_WORD: usize = 64;

/// A word that means nothing in the version that an extension speaks.
pub(crate) struct Meaningless {
    /// That, and what was probably meant.
    pub(crate) told: String,
    /// Version 2 has it.
    pub(crate) is_newer: bool,
}

/// What the manifest says about hooks and tools.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    hooks: Vec<HookSpec>,
    tools: Vec<(String, ToolTraits)>,
    version_2: bool,
    /// Its manifest has a part for Wharf.
    is_for_wharf: bool,
}

impl Declared {
    pub(crate) fn by(manifest: &Manifest) -> Self {
        let Some(wharf) = &manifest.wharf else { return Self::default() };
        let tools = wharf.tools.iter().map(|tool| (tool.name.clone(), tool.traits));
        Self { hooks: wharf.hooks.clone(), tools: tools.collect(), version_2: false, is_for_wharf: true }
    }

    /// The extension speaks version 2.
    pub(crate) fn speaks_version_2(&mut self) {
        self.version_2 = true;
    }

    /// Whether it was written for Wharf, and its author is told of what means nothing here; to zot's extensions nobody
    /// ever said a word about that.
    pub(crate) fn is_for_wharf(&self) -> bool {
        self.is_for_wharf || self.version_2
    }

    pub(crate) fn tool(&self, frame: RegisterTool) -> Registration {
        // Model providers refuse a tool without a schema.
        let schema = frame.schema.or_else(|| Json::new(r#"{"type":"object"}"#).ok());
        let mut tool =
            ToolSpec::new(frame.name, frame.description, schema.unwrap_or_else(Json::empty_object));
        if self.version_2 {
            tool.traits = frame.traits;
            tool.timeout_ms = frame.timeout_ms;
        } else if let Some((_, traits)) = self.tools.iter().find(|(name, _)| *name == tool.name) {
            // Version 1 has no word for them.
            tool.traits = *traits;
        }
        Registration::new().tool(tool)
    }

    pub(crate) fn command(frame: RegisterCommand) -> Registration {
        Registration::new().command(CommandSpec::new(frame.name, frame.description))
    }

    /// Unknown events and points are left out, as zot does.
    pub(crate) fn subscriptions(&self, frame: &Subscribe) -> Registration {
        let newer = self.version_2;
        let events = frame.events.iter().filter_map(|word| Topic::from_word(word));
        let events = events.filter(|topic| newer || topic.is_in_version_1());
        let points = frame.intercept.iter().filter_map(|word| HookPoint::from_word(word));
        let points = points.filter(|point| newer || point.is_in_version_1());
        let mut all = Registration::new();
        merge(&mut all, Registration::new().events(events));
        for point in points {
            let hooks = self.hooks_at(point);
            merge(&mut all, hooks.into_iter().fold(Registration::new(), Registration::hook));
        }
        all
    }

    /// Words among them that mean nothing in the version that it speaks.
    pub(crate) fn meaningless(&self, frame: &Subscribe) -> Vec<Meaningless> {
        let events = Topic::ALL.map(|topic| (topic.as_str(), topic.is_in_version_1()));
        let points = HookPoint::ALL.map(|point| (point.as_str(), point.is_in_version_1()));
        let mut all = self.unknown("event", &frame.events, &events);
        all.extend(self.unknown("hook", &frame.intercept, &points));
        all
    }

    /// `known` are all words of version 2, and whether version 1 has them.
    fn unknown(&self, kind: &str, words: &[String], known: &[(&str, bool)]) -> Vec<Meaningless> {
        let version = if self.version_2 { 2 } else { 1 };
        let has = |word: &str| known.iter().any(|(known, old)| *known == word && (*old || self.version_2));
        let told = words.iter().filter(|word| !has(word)).take(MAX_TOLD).map(|word| {
            let is_newer = known.iter().any(|(known, _)| known == word);
            let word = word.get(..word.floor_char_boundary(MAX_WORD)).unwrap_or_default();
            let why = match is_newer {
                true => format!("it is of version 2; {SAY_2}"),
                false => {
                    let meant = did_you_mean(word, known.iter().map(|(known, _)| *known));
                    format!("version {version} has none of this name{meant}")
                }
            };
            Meaningless { told: format!("{kind} {word:?} is left out: {why}"), is_newer }
        });
        told.collect()
    }

    fn hooks_at(&self, point: HookPoint) -> Vec<HookSpec> {
        let declared: Vec<HookSpec> = self.hooks.iter().filter(|hook| hook.on == point).cloned().collect();
        if declared.is_empty() { vec![HookSpec::on(point)] } else { declared }
    }
}

/// Adds what one frame registered; subscribing twice is subscribing once.
pub(crate) fn merge(all: &mut Registration, more: Registration) {
    all.tools.extend(more.tools);
    all.tools.truncate(MAX_EACH);
    all.commands.extend(more.commands);
    all.commands.truncate(MAX_EACH);
    for topic in more.events {
        if !all.events.contains(&topic) {
            all.events.push(topic);
        }
    }
    for hook in more.hooks {
        if !all.hooks.contains(&hook) {
            all.hooks.push(hook);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_says_itself_what_a_tool_may_destroy() {
        let declared = ("raze".to_owned(), ToolTraits::default());
        let by = |version_2| Declared { tools: vec![declared.clone()], version_2, ..Declared::default() };
        let traits = ToolTraits { destructive: true, ..ToolTraits::default() };
        let (name, description) = ("raze".to_owned(), String::new());
        let frame = RegisterTool { name, description, schema: None, traits, timeout_ms: None };
        assert!(by(true).tool(frame.clone()).tools[0].traits.destructive);
        assert!(!by(false).tool(frame).tools[0].traits.destructive, "version 1 has no word for it");
    }
}
