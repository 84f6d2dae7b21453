//! What the agent loop needs from the rest of the house, as traits without implementations.
//!
//! | module | port |
//! |---|---|
//! | [`call`] | the context of every call: deadline, cancel token, cause |
//! | [`model`] | [`model::Model`]: a language model that streams |
//! | [`tool`] | [`tool::Toolbox`]: the tools that the model may call |
//! | [`hooks`] | [`hooks::Hooks`]: interception and one-way events |
//! | [`approve`] | [`approve::Approver`]: asks the user |
//! | [`event`] | [`event::AgentEvent`]: the one vocabulary of which JSON mode and every dialect are renderings |
//! | [`ui`] | [`ui::UserInterface`] and [`ui::Prompts`]: what extensions may do with the screen, and prompts that they submit |
//! | [`message`] | the transcript |
//! | [`clock`] | [`clock::Clock`]: the time of day |

pub mod approve;
pub mod call;
pub mod clock;
pub mod event;
pub mod hooks;
pub mod message;
pub mod model;
pub mod tool;
pub mod ui;
