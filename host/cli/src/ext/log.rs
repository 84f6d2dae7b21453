//! The log of an extension that is tried, as it comes, without the faults that were told as such.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use wharf_runtime::extensions::Follower;
use wharf_runtime::harmless;

use super::author::{Told, without_log};

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// So many looks what the host logs may be told of in another way before it is shown.
const LOOKS: u32 = 4;

/// What it logs.
pub(super) struct Log {
    follower: Follower,
    /// A line whose end has not come yet.
    begun: Vec<u8>,
    /// Lines that are not shown yet, and how often they have been looked at.
    waiting: VecDeque<(String, u32)>,
    told: Rc<Told>,
}

impl Log {
    pub(super) fn new(follower: Follower, told: Rc<Told>) -> Self {
        Self { follower, begun: Vec::new(), waiting: VecDeque::new(), told }
    }

    /// Shows what comes; has no end.
    pub(super) async fn follow(&mut self) {
        loop {
            self.read();
            self.show(LOOKS);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Shows what is left.
    pub(super) fn show_all(&mut self) {
        self.read();
        self.show(0);
    }

    fn read(&mut self) {
        // A log that cannot be read must not keep its extension from being tried.
        _ = self.follower.read(&mut self.begun);
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            self.waiting.push_back((String::from_utf8_lossy(&line).trim_end().to_owned(), 0));
        }
    }

    /// Shows lines in their order, until one comes that may yet be told in another way.
    fn show(&mut self, looks: u32) {
        for (_, looked) in &mut self.waiting {
            *looked += 1;
        }
        while let Some((line, looked)) = self.waiting.front() {
            let host = line.split_once(' ').and_then(|(_, rest)| rest.strip_prefix("wharf: "));
            let is_told = host.is_some_and(|text| self.told.covers(text));
            if !is_told && host.is_some() && *looked <= looks {
                return;
            }
            if !is_told {
                let line = if host.is_some() { without_log(line) } else { line.clone() };
                say!("log: {}", harmless(&line));
            }
            self.waiting.pop_front();
        }
    }
}
