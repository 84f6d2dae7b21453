//! A number of bytes, so that a limit says its unit.

use std::fmt;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(u64);

impl Bytes {
    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many KiB.
    #[must_use]
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }

    /// So many MiB.
    #[must_use]
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// The number, for what lies in memory; the most that fits where it does not fit.
    #[must_use]
    pub const fn count(self) -> usize {
        if self.0 > usize::MAX as u64 { usize::MAX } else { self.0 as usize }
    }

    /// The number, for files.
    #[must_use]
    pub const fn wide(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Bytes {
    /// As people write it: `64 MiB`, `4 KiB`, `100 bytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            count if count >= 1 << 20 && count.is_multiple_of(1 << 20) => write!(f, "{} MiB", count >> 20),
            count if count >= 1 << 10 && count.is_multiple_of(1 << 10) => write!(f, "{} KiB", count >> 10),
            count => write!(f, "{count} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_round_units() {
        for (bytes, expected) in
            [(Bytes::mib(64), "64 MiB"), (Bytes::kib(4), "4 KiB"), (Bytes::new(1500), "1500 bytes")]
        {
            assert_eq!(bytes.to_string(), expected);
        }
    }
}
