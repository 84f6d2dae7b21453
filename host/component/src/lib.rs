//! Backend: extensions that are WebAssembly components, sandboxed, with only the rights they were given.
//!
//! | module | what |
//! |---|---|
//! | [`engine`] | one engine for the process, its clock, the runtime for calls that wait |
//! | [`bindings`] | the types that `wit/` becomes |
//! | [`load`] | from bytes to something that can be instantiated |
//! | [`inspect`] | what is refused before it is compiled |
//! | [`guest`] | what a store holds: WASI, limits, the call in progress |
//! | [`imports`] | the host's side of `wharf:extension` |
//! | [`wasi`] | WASI with everything denied that is not granted |
//! | [`lane`] | who may enter an instance next: a priority lock |
//! | [`call`] | one call: polled inline, handed over when it waits, bounded in time and CPU |
//! | [`instance`] | a running component as the dispatcher sees it |
//! | [`convert`] | WIT's words to the vocabulary's, and back |

mod bindings;
mod call;
mod convert;
mod engine;
mod guest;
mod imports;
mod inspect;
mod instance;
mod lane;
mod limiter;
mod load;
mod wasi;

pub use instance::ComponentBackend;
