//! Model providers. So far the two that need no network and answer the same way each time.
//!
//! | module | provider |
//! |---|---|
//! | [`demo()`] | calls the tools that the user's message names, and answers with their results |
//! | [`script`] | replays the answers of a file |
//! | `playback` | streams an answer that is known beforehand |

mod demo;
mod playback;
pub mod script;

use wharf_ports::model::ModelName;

pub use demo::demo;
pub use script::{Script, ScriptError};

/// Environment variables in which providers' credentials are looked for. Subprocess extensions do not inherit them.
pub const CREDENTIAL_VARIABLES: &[&str] = &[
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "AZURE_OPENAI_API_KEY",
    "CEREBRAS_API_KEY",
    "COHERE_API_KEY",
    "DASHSCOPE_API_KEY",
    "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GROQ_API_KEY",
    "KIMI_API_KEY",
    "MISTRAL_API_KEY",
    "MOONSHOT_API_KEY",
    "OLLAMA_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "PERPLEXITY_API_KEY",
    "TOGETHER_API_KEY",
    "XAI_API_KEY",
    "ZAI_API_KEY",
];

/// The models that the providers of this crate have, sorted by provider.
#[must_use]
pub fn models() -> Vec<ModelName> {
    let name = |name: &str| ModelName { provider: name.to_owned(), model: name.to_owned() };
    vec![name(demo::NAME), name(script::NAME)]
}
