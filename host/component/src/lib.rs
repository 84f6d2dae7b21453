//! Backend: extensions that are WebAssembly components, sandboxed, with only the rights they were given.
//!
//! | module | what |
//! |---|---|
//! | [`engine`] | one engine for the process, its clock, the runtime for calls that wait |
//! | [`bindings`] | the types that `wit/` becomes |
//! | [`backend`] | starts a component: from a file to an instance that has introduced itself |
//! | [`load`] | from bytes to something that can be instantiated |
//! | [`anatomy`] | what a component imports and exports, for whoever wants to know before it runs |
//! | [`inspect`] | what is refused before it is compiled |
//! | [`compile`] | compiling, behind a port: in this process or in a child |
//! | [`cache`] | compiled code, kept so that only what this user's compiler made is run |
//! | [`guest`] | what a store holds: WASI, limits, the call in progress |
//! | [`limiter`], [`pool`] | memory of one instance, and of all |
//! | [`imports`] | the host's side of `wharf:extension` |
//! | [`wasi`], [`output`] | WASI with everything denied that is not granted; what is written ends in the log |
//! | [`lane`] | who may enter an instance next: a priority lock |
//! | [`call`] | one call: polled inline, handed over when it waits, bounded in time and CPU |
//! | [`trap`] | why a call failed, in words |
//! | [`instance`] | a running component as the dispatcher sees it |
//! | [`convert`] | WIT's words to the vocabulary's, and back |

mod anatomy;
mod backend;
mod bindings;
mod cache;
mod call;
mod compile;
mod convert;
mod engine;
mod guest;
mod imports;
mod inspect;
mod instance;
mod lane;
mod limiter;
mod load;
mod output;
mod pool;
mod trap;
mod wasi;

pub use anatomy::{Anatomy, examine};
pub use backend::ComponentBackend;
pub use compile::{ChildProcess, Compiler, InProcess, serve_compile};
pub use engine::config;
