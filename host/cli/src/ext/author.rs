//! What an author sees while an extension is tried: all that print mode shows, what tools put out, and what it registered,
//! whenever that changes.

use std::io;

use wharf_runtime::extensions::Listing;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Outcome, Wharf, harmless};

use crate::print::Print;
use crate::session::Face;

pub(super) struct Author<'a> {
    print: Print,
    wharf: &'a Wharf,
}

impl<'a> Author<'a> {
    pub(super) fn new(wharf: &'a Wharf) -> Self {
        Self { print: Print::for_author(), wharf }
    }

    /// What has been registered.
    pub(super) fn show(&self) {
        self.wharf.extensions().iter().for_each(show);
    }

    /// The same, counted: the last line of all.
    pub(super) fn sum_up(&self) {
        for Listing { name, tools, commands, hooks, events, .. } in self.wharf.extensions() {
            let counts = [
                (tools.len(), "tool"),
                (commands.len(), "command"),
                (hooks.len(), "hook"),
                (events.len(), "event"),
            ];
            let counted = counts.map(|(count, word)| match count {
                1 => format!("1 {word}"),
                many => format!("{many} {word}s"),
            });
            say!("{}: registered {}", harmless(&name), counted.join(", "));
        }
    }
}

impl Face for Author<'_> {
    fn event(&mut self, event: &AgentEvent) {
        self.print.event(event);
        if let AgentEvent::ExtReloaded { loaded, .. } = event
            && !loaded.is_empty()
        {
            self.show();
        }
    }

    fn end(&mut self, outcome: &Outcome, wharf: &Wharf) -> io::Result<()> {
        self.print.end(outcome, wharf)
    }

    fn broken(&mut self, code: u8, message: &str) {
        self.print.broken(code, message);
    }
}

fn show(listing: &Listing) {
    let Listing { name, version, backend, .. } = listing;
    say!("{}", harmless(&format!("{name} {version} ({backend})")));
    let (hooks, events) = (listing.hooks.join(" "), listing.events.join(" "));
    let commands: Vec<String> = listing.commands.iter().map(|command| format!("/{command}")).collect();
    let groups = [
        ("tools", listing.tools.join(" ")),
        ("commands", commands.join(" ")),
        ("hooks", hooks),
        ("events", events),
    ];
    for (word, names) in groups.iter().filter(|(_, names)| !names.is_empty()) {
        say!("  {word}: {}", harmless(names));
    }
}
