//! What an extension is made of, in one number: two with the same digest are the same.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// SHA-256 of an extension's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of several pieces, each with its name, so that no two different lists have the same.
    #[must_use]
    pub fn of_all<'a>(pieces: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut all = Digester::default();
        for (name, bytes) in pieces {
            all.pieces([name.as_bytes(), bytes]);
        }
        all.finish()
    }
}

/// Takes pieces one after the other, each with its length in front, so that they do not run into each other.
#[derive(Default)]
pub(crate) struct Digester(Sha256);

impl Digester {
    pub(crate) fn pieces<const N: usize>(&mut self, pieces: [&[u8]; N]) {
        for piece in pieces {
            self.0.update((piece.len() as u64).to_le_bytes());
            self.0.update(piece);
        }
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Display for Digest {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("sha256:{self}"))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.strip_prefix("sha256:")
            .and_then(parse)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a digest is \"sha256:\" and 64 hexadecimal digits"))
    }
}

fn parse(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_goes_through_json_and_back() {
        let digest = Digest::of(b"abc");
        assert!(digest.to_string().starts_with("ba7816bf8f01cfea"), "{digest}");
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>("\"sha256:xy\"").is_err());
    }

    #[test]
    fn pieces_do_not_run_into_each_other() {
        let pieces = |names: [&'static str; 2]| Digest::of_all(names.map(|name| (name, b"".as_slice())));
        assert_ne!(pieces(["ab", "c"]), pieces(["a", "bc"]));
    }
}
