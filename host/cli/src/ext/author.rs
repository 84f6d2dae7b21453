//! What an author sees while an extension is tried: all that print mode shows, what tools put out, and what it registered,
//! whenever that changes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use wharf_runtime::extensions::{Listing, State};
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Outcome, Status, Wharf, harmless};

use crate::print::Print;
use crate::session::Face;

/// Faults that are remembered.
const FAULTS: usize = 256;

pub(super) struct Author<'a> {
    print: Print,
    wharf: &'a Wharf,
    told: Rc<Told>,
    /// What had docked when it was asked to end.
    last: Vec<Listing>,
}

/// Faults that were told, each of which stands in the log as well.
#[derive(Default)]
pub(super) struct Told(RefCell<VecDeque<String>>);

impl Told {
    fn add(&self, message: &str) {
        let mut all = self.0.borrow_mut();
        if all.len() == FAULTS {
            all.pop_front();
        }
        all.push_back(message.to_owned());
    }

    /// Whether a line that the host has logged says what was told: the fault itself, or the frame that is to blame.
    pub(super) fn covers(&self, line: &str) -> bool {
        let all = self.0.borrow();
        let skipped = line.strip_prefix("skipped a line: bad ").and_then(|rest| rest.split_once(" frame: "));
        let cause = skipped.and_then(|(_, rest)| rest.split_once(" at line ")).map(|(cause, _)| cause);
        all.iter().any(|told| told == line || cause.is_some_and(|cause| told.contains(cause)))
    }
}

impl<'a> Author<'a> {
    pub(super) fn new(wharf: &'a Wharf, told: Rc<Told>) -> Self {
        Self { print: Print::for_author(), wharf, told, last: Vec::new() }
    }

    /// What has been registered.
    pub(super) fn show(&self) {
        self.wharf.extensions().iter().filter(|listing| has_docked(listing)).for_each(show);
    }

    /// Remembers it: what has ended has nothing any more.
    pub(super) fn take_stock(&mut self) {
        self.last = self.wharf.extensions();
    }

    /// The same, counted: the last line of all.
    pub(super) fn sum_up(&self) {
        for listing in &self.last {
            let Listing { name, tools, commands, hooks, events, .. } = listing;
            if !has_docked(listing) {
                say!("{}: registered nothing, for it is not running", harmless(name));
                continue;
            }
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
            say!("{}: registered {}", harmless(name), counted.join(", "));
        }
    }
}

impl Face for Author<'_> {
    fn event(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::ExtFailed { extension, message } => {
                self.told.add(message);
                let (extension, message) = (extension.clone(), without_log(message));
                self.print.event(&AgentEvent::ExtFailed { extension, message });
            }
            event => self.print.event(event),
        }
        if let AgentEvent::ExtReloaded { loaded, .. } = event
            && !loaded.is_empty()
        {
            self.show();
        }
    }

    fn end(&mut self, outcome: &Outcome, wharf: &Wharf) -> io::Result<()> {
        let plain = |why: &String| {
            self.told.add(why);
            without_log(why)
        };
        let status = match &outcome.status {
            Status::Failed(why) => Status::Failed(plain(why)),
            Status::Refused(why) => Status::Refused(plain(why)),
            Status::Provider(why) => Status::Provider(plain(why)),
            Status::Ok | Status::Budget(_) | Status::Cancelled => outcome.status.clone(),
        };
        self.print.end(&Outcome { status, ..outcome.clone() }, wharf)
    }

    fn broken(&mut self, code: u8, message: &str) {
        self.print.broken(code, message);
    }
}

fn has_docked(listing: &Listing) -> bool {
    !matches!(listing.state, State::Failed(_) | State::Quarantined(_))
}

/// The log is shown as it comes: nobody need be sent there.
pub(super) fn without_log(message: &str) -> String {
    let Some((before, rest)) = message.split_once("see `wharf ext logs ") else { return message.to_owned() };
    let Some((_, after)) = rest.split_once('`') else { return message.to_owned() };
    match after.strip_prefix("; ") {
        Some(more) => format!("{before}{more}"),
        None => format!("{}{after}", before.trim_end_matches("; ")),
    }
}

fn show(listing: &Listing) {
    let Listing { name, version, backend, .. } = listing;
    let version = if version.is_empty() { String::new() } else { format!(" {version}") };
    say!("{}", harmless(&format!("{name}{version} ({backend})")));
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
