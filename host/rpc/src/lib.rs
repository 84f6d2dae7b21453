//! RPC dialects and JSON mode: renderings of the agent's one vocabulary of events.
//!
//! | module | what |
//! |---|---|
//! | [`zot`] | zot's shapes, which JSON mode writes too |
//! | `json` | JSON with its keys in alphabetical order |

mod json;
pub mod zot;
