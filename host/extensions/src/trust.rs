//! Whether a project may load its own extensions.

/// A decision about the project that the agent works in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Nothing of it is started: it is listed.
    #[default]
    Untrusted,
    /// The user said so, for this run.
    Trusted,
}
