//! The three loops of a running extension, and how it ended.

use std::pin::pin;
use std::sync::Arc;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wharf_child::pace::Pacer;
use wharf_child::process::{Stdin, Stdout};
use wharf_child::reader::{ReadEnd, read_lines};
use wharf_child::stderr::read_stderr;
use wharf_child::writer::{Letters, WriteEnd, write_lines};
use wharf_child::{Exit, ProcessHandle};
use wharf_extensions::error::Fault;
use wharf_extensions::inbound::LogSource;
use wharf_protocol::error::LineError;

use crate::incoming::Incoming;
use crate::peer::Peer;
use crate::terms::{STDERR, Terms, UNASKED};

/// The pipes of a process.
pub(crate) struct Streams {
    pub(crate) stdin: Option<(Stdin, Letters)>,
    pub(crate) stdout: Stdout,
    pub(crate) stderr: Option<Stdout>,
}

/// What is known of the end so far.
#[derive(Default)]
struct Ending {
    read: Option<ReadEnd>,
    write: Option<WriteEnd>,
    stderr: bool,
    exit: Option<Exit>,
}

/// Serves the process until it has ended in one way or another, kills what is left of it, and says why it is dead.
pub(crate) async fn serve(
    peer: Arc<Peer>,
    process: Arc<ProcessHandle>,
    streams: Streams,
    mut incoming: Incoming,
    terms: Terms,
) {
    let Terms { limits, timing, .. } = terms;
    // What a process that has ended has left in its pipes is read without a pace.
    let over = CancellationToken::new();
    let pacer = |pace| Pacer::new(pace, &over);
    let mut reading =
        pin!(read_lines(streams.stdout, limits.line.count(), pacer(UNASKED), |line| incoming.line(line)));
    let mut writing = pin!(async {
        match streams.stdin {
            Some((stdin, letters)) => write_lines(stdin, letters).await,
            None => WriteEnd::Drained,
        }
    });
    let mut erring = pin!(async {
        if let Some(stream) = streams.stderr {
            read_stderr(stream, limits.stderr_line.count(), pacer(STDERR), |line| {
                peer.keep_last_words(line);
                peer.inbound.log(LogSource::Stderr, line);
            })
            .await;
        }
    });
    let mut ending = Ending::default();
    // Until something ends, and then, within a limit, until all that tells of the end has been seen.
    let mut until_all_is_known = async |ending: &mut Ending| {
        loop {
            tokio::select! {
                end = &mut reading, if ending.read.is_none() => ending.read = Some(end),
                end = &mut writing, if ending.write.is_none() => ending.write = Some(end),
                () = &mut erring, if !ending.stderr => ending.stderr = true,
                exit = process.wait(), if ending.exit.is_none() => ending.exit = Some(exit),
            }
            if ending.has_begun() || ending.is_complete() {
                return;
            }
        }
    };
    until_all_is_known(&mut ending).await;
    // The rest of its group would keep the pipes open. What has been written to them can still be read.
    if ending.exit.is_some() || ending.is_too_long() {
        process.kill();
    }
    over.cancel();
    let rest = async {
        while !ending.is_complete() {
            until_all_is_known(&mut ending).await;
        }
    };
    // What is not known by then is not waited for.
    let _ = timeout(timing.drain, rest).await;
    peer.died(ending.fault(peer.last_words()));
    let _ = timeout(timing.terminate, process.end()).await;
}

impl Ending {
    fn has_begun(&self) -> bool {
        self.read.is_some() || self.exit.is_some() || matches!(self.write, Some(WriteEnd::Failed(_)))
    }

    fn is_complete(&self) -> bool {
        self.read.is_some() && self.exit.is_some() && self.stderr
    }

    fn is_too_long(&self) -> bool {
        matches!(self.read, Some(ReadEnd::Line(LineError::TooLong { .. })))
    }

    /// The first cause, as far as it is known, and what it said last.
    fn fault(self, last_words: Option<String>) -> Fault {
        if let Some(ReadEnd::Line(error @ LineError::TooLong { .. })) = self.read {
            return Fault::Protocol { what: format!("it was killed: {error}") };
        }
        let mut how = match (self.exit, &self.read, &self.write) {
            (Some(exit @ Exit::Code(_)), ..) => format!("it ended with {exit}"),
            (Some(exit @ Exit::Signal(_)), ..) => format!("it was {exit}"),
            (None, None, Some(end)) => format!("{end}; it was killed"),
            (None, Some(ReadEnd::Closed) | None, _) => {
                "it closed its standard output; it was killed".to_owned()
            }
            (None, Some(_), _) => "it was killed".to_owned(),
        };
        if let Some(end @ (ReadEnd::Line(_) | ReadEnd::Failed(_))) = &self.read {
            how = format!("{how}: {end}");
        }
        if let Some(line) = last_words {
            how = format!("{how}; its last words: {line:?}");
        }
        Fault::Died { how }
    }
}
