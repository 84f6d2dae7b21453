//! What an extension may use up, time limits of its calls apart.

use std::time::Duration;

use super::Bytes;

/// What one call of a component may use up, its deadline apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Time in which the guest computes; waiting for the host does not count.
    pub cpu: Duration,
    /// What one crossing from the guest to the host may carry, results included.
    pub crossing: Bytes,
}

/// What a component may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentLimits {
    /// The file. Interpreters that carry a language with them have 12 to 18 MiB.
    pub file: Bytes,
    /// Compiling it, wall clock and computing time alike.
    pub compile: Duration,
    /// Address space of the process that compiles, where it is one of its own.
    pub compile_memory: Bytes,
    /// What compiling may make of it.
    pub compiled: Bytes,
    /// `lifecycle.init`, and whatever runs before it.
    pub init: Budget,
    /// `tools.call`.
    pub tool: Budget,
    /// `commands.run`.
    pub command: Budget,
    /// `events.on-event`.
    pub event: Budget,
    /// Every hook.
    pub hook: Budget,
    /// `lifecycle.shutdown`.
    pub shutdown: Budget,
    /// How long `lifecycle.shutdown` may take.
    pub shutdown_wall: Duration,
    /// Linear memory and tables of one instance, all of them together.
    pub memory: Bytes,
    /// The same of all instances in this process; where the machine has less than eight times that, an eighth of it.
    pub memory_of_all: Bytes,
    /// Elements of all tables of one instance.
    pub table_elements: usize,
    /// Linear memories of one instance.
    pub memories: usize,
    /// Tables of one instance.
    pub tables: usize,
    /// Core instances of one instance.
    pub instances: usize,
    /// Handles (files, streams, pollables) that one instance may hold at once.
    pub handles: usize,
    /// Random bytes at once.
    pub random: Bytes,
    /// What one call may write to standard output and error; the rest is dropped and counted.
    pub output: Bytes,
    /// Compiled code that is kept on the disk, of all components together.
    pub cache: Bytes,
}

impl ComponentLimits {
    /// What counts when nobody chose anything else.
    pub const STANDARD: Self = Self {
        file: Bytes::mib(64),
        compile: Duration::from_secs(60),
        compile_memory: Bytes::mib(4096),
        compiled: Bytes::mib(128),
        init: Budget { cpu: Duration::from_secs(2), crossing: Bytes::mib(1) },
        tool: Budget { cpu: Duration::from_secs(10), crossing: Bytes::mib(8) },
        command: Budget { cpu: Duration::from_secs(5), crossing: Bytes::mib(1) },
        // In each of these a value of the store may cross, so that its own limit is the one that is told.
        event: Budget { cpu: Duration::from_millis(500), crossing: Bytes::kib(512) },
        hook: Budget { cpu: Duration::from_millis(500), crossing: Bytes::kib(512) },
        shutdown: Budget { cpu: Duration::from_millis(500), crossing: Bytes::kib(512) },
        shutdown_wall: Duration::from_secs(1),
        memory: Bytes::mib(64),
        memory_of_all: Bytes::mib(1024),
        table_elements: 100_000,
        memories: 8,
        tables: 32,
        instances: 64,
        handles: 1024,
        random: Bytes::kib(64),
        output: Bytes::kib(64),
        cache: Bytes::mib(1024),
    };
}

/// What a child process may use up of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubprocessLimits {
    /// One line, newline included, in either direction. A longer one from the child is its end.
    pub line: Bytes,
    /// Calls of one kind that may wait for an answer at once.
    pub pending: usize,
    /// Lines that may wait to be read by the child.
    pub queue_lines: usize,
    /// The same in bytes.
    pub queue: Bytes,
    /// A line that registers a tool or a command.
    pub registration: Bytes,
    /// What is kept of one line of standard error.
    pub stderr_line: Bytes,
}

impl SubprocessLimits {
    /// What counts when nobody chose anything else.
    pub const STANDARD: Self = Self {
        line: Bytes::mib(4),
        pending: 256,
        queue_lines: 1024,
        queue: Bytes::mib(64),
        registration: Bytes::kib(128),
        stderr_line: Bytes::kib(8),
    };
}

/// What one extension may write into its log, by calling `log`, to standard output or to standard error. What exceeds
/// it is dropped and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// One message; the rest is cut off.
    pub message: Bytes,
    /// Messages at once, and as many again each second.
    pub per_second: u32,
    /// Text in one day of this process.
    pub per_day: Bytes,
    /// The file; when it is full it is set aside, and the one before that is deleted.
    pub file: Bytes,
}

impl LogLimits {
    /// What counts when nobody chose anything else.
    pub const STANDARD: Self =
        Self { message: Bytes::kib(4), per_second: 200, per_day: Bytes::mib(10), file: Bytes::mib(10) };
}

/// How soon an extension that crashed is started again, and when no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartLimits {
    /// The pause before the first restart; each further one doubles it.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// So many crashes within a time put it into quarantine: the quick ones.
    pub quick: (u32, Duration),
    /// The slow ones. An extension that has run for that long without a crash begins anew.
    pub slow: (u32, Duration),
}

impl RestartLimits {
    /// What counts when nobody chose anything else.
    pub const STANDARD: Self = Self {
        first: Duration::from_millis(250),
        longest: Duration::from_secs(30),
        quick: (3, Duration::from_secs(60)),
        slow: (5, Duration::from_secs(600)),
    };
}

/// What an extension may keep in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLimits {
    /// Longest key.
    pub key: Bytes,
    /// Longest value.
    pub value: Bytes,
    /// All keys and values of an extension together.
    pub total: Bytes,
    /// Keys of an extension.
    pub keys: u32,
}

impl StoreLimits {
    /// What counts when nobody chose anything else.
    pub const STANDARD: Self =
        Self { key: Bytes::new(256), value: Bytes::kib(256), total: Bytes::mib(16), keys: 10_000 };
}
