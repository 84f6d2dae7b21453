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

/// Environment variables in which providers' credentials are looked for, by Wharf or by other agents. Subprocess
/// extensions do not inherit them. What other programs are signed in with as well, like `GITHUB_TOKEN`, is not among
/// them.
pub const CREDENTIAL_VARIABLES: &[&str] = &[
    "AI_GATEWAY_API_KEY",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_OAUTH_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AZURE_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "CEREBRAS_API_KEY",
    "CHUTES_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CODEX_API_KEY",
    "COHERE_API_KEY",
    "COPILOT_API_KEY",
    "COPILOT_GITHUB_TOKEN",
    "DASHSCOPE_API_KEY",
    "DEEPINFRA_API_KEY",
    "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY",
    "GEMINI_API_KEY",
    "GITHUB_COPILOT_API_KEY",
    "GITHUB_COPILOT_TOKEN",
    "GOOGLE_API_KEY",
    "GOOGLE_GENERATIVE_AI_API_KEY",
    "GROQ_API_KEY",
    "HF_TOKEN",
    "HUGGINGFACE_API_KEY",
    "HUGGING_FACE_HUB_TOKEN",
    "KIMI_API_KEY",
    "MINIMAX_API_KEY",
    "MINIMAX_CN_API_KEY",
    "MISTRAL_API_KEY",
    "MOONSHOT_API_KEY",
    "NVIDIA_API_KEY",
    "OLLAMA_API_KEY",
    "OPENAI_API_KEY",
    "OPENCODE_API_KEY",
    "OPENROUTER_API_KEY",
    "PERPLEXITY_API_KEY",
    "REPLICATE_API_TOKEN",
    "SAMBANOVA_API_KEY",
    "TOGETHERAI_API_KEY",
    "TOGETHER_API_KEY",
    "VENICE_API_KEY",
    "XAI_API_KEY",
    "ZAI_API_KEY",
    "ZHIPU_API_KEY",
];

/// The models that the providers of this crate have, sorted by provider.
#[must_use]
pub fn models() -> Vec<ModelName> {
    let name = |name: &str| ModelName { provider: name.to_owned(), model: name.to_owned() };
    vec![name(demo::NAME), name(script::NAME)]
}
