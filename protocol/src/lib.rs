//! The vocabulary that Wharf and its extensions share, and the JSON-lines frames of the protocol's two versions.
//!
//! This crate has no runtime, no I/O and no process, and builds for `wasm32-wasip2` too. The same words stand in
//! WIT under `wit/`: one vocabulary in two alphabets.
//!
//! | module | what |
//! |---|---|
//! | [`id`] | validated names: extensions, tools, commands |
//! | [`json`] | JSON text that is passed on as it was written |
//! | [`content`], [`tool`], [`command`], [`panel`], [`event`], [`hook`], [`notice`] | what an extension can offer, see and answer |
//! | [`pattern`] | patterns over tool names |
//! | [`text`] | what may go to a terminal |
//! | [`registration`] | what an extension registers, and the facts it is started with |
//! | [`request`] | what an extension may ask of its host |
//! | [`frame`] | every frame, one enum for each direction |
//! | [`codec`] | bytes to lines to frames and back, without I/O |
//! | [`error`] | what can be wrong with a line or a name |

pub mod codec;
pub mod command;
pub mod content;
pub mod error;
pub mod event;
pub mod frame;
pub mod hook;
pub mod id;
pub mod json;
pub mod notice;
pub mod panel;
pub mod pattern;
pub mod registration;
pub mod request;
pub mod text;
pub mod tool;

/// The newest protocol version that [`frame`] describes. An extension gets it when its `hello` asks for it.
pub const PROTOCOL_VERSION: u32 = 2;
