//! Compiled code, kept in a [`Vault`].
//!
//! Code from there is run as it is, so it must be what was put there: the vault vouches for that, under a name that
//! holds what the code was made of and with which settings. At any doubt the component is compiled again.

use std::hash::{Hash as _, Hasher};

use wasmtime::Engine;
use wasmtime::component::Component;
use wharf_extensions::digest::Digest;
use wharf_extensions::inbound::{Inbound, LogSource};
use wharf_extensions::vault::{Miss, Vault};

/// Digits of the version in a name.
const VERSION_DIGITS: usize = 32;

/// The name of a component's code: what it is made of, and [`version`].
pub(crate) fn name(wasm: &[u8], version: &str) -> String {
    format!("{}-{version}", Digest::of(wasm))
}

/// One number for the engine's settings, this machine's features and this crate's version.
pub(crate) fn version(engine: &Engine) -> String {
    let mut seen = Collector::default();
    engine.precompile_compatibility_hash().hash(&mut seen);
    let pieces = [("engine", seen.0.as_slice()), ("crate", env!("CARGO_PKG_VERSION").as_bytes())];
    let mut digits = Digest::of_all(pieces).to_string();
    digits.truncate(VERSION_DIGITS);
    digits
}

/// Keeps what is hashed: the standard hashers give too small a number, and not the same in each version of Rust.
#[derive(Default)]
struct Collector(Vec<u8>);

impl Hasher for Collector {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// The code under this name; none if there is none that can be trusted.
pub(crate) fn fetch(vault: &Vault, engine: &Engine, name: &str, inbound: &Inbound) -> Option<Component> {
    let doubt = |why: &str| {
        inbound.log(LogSource::Host, &format!("its compiled code in the cache is not used: {why}"));
    };
    let code = match vault.look_up(name) {
        Ok(code) => code,
        Err(Miss::Absent) => return None,
        Err(Miss::Doubtful(why)) => {
            doubt(&why);
            return None;
        }
    };
    match revive(engine, &code) {
        Ok(component) => Some(component),
        Err(error) => {
            vault.remove(name);
            doubt(&format!("{error:#}"));
            None
        }
    }
}

/// Keeps code for the next time. If that fails, the next time takes longer.
pub(crate) fn keep(vault: &Vault, name: &str, code: &[u8], inbound: &Inbound) {
    if let Err(error) = vault.put(name, code) {
        inbound.log(LogSource::Host, &format!("its compiled code is not kept: {error}"));
    }
}

/// Makes a component of code that this host's compiler made, and of nothing else.
pub(crate) fn revive(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the code comes from `Compiler::compile`, either just now or by way of the vault, which gives only what
    // was put there. It is copied from this buffer, which nobody else can change.
    unsafe { Component::deserialize(engine, code) }
}
