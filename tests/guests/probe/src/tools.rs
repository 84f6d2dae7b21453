//! The probe's tools.

use serde::Deserialize;
use wharf_guest::{Content, Json, ToolOutput, ToolSpec};

/// A PNG file with one black pixel.
const PIXEL: [u8; 67] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00,
    0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01,
    0x48, 0xaf, 0xa4, 0x71, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];
const ECHO_SCHEMA: &str = r#"{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}"#;
const ANY_SCHEMA: &str = r#"{"type":"object"}"#;

/// The tools that are there from the start.
pub(crate) fn at_start() -> Vec<ToolSpec> {
    vec![
        spec("probe_echo", "Answers echo:TEXT", ECHO_SCHEMA),
        spec("probe_fail", "Answers with an error", ANY_SCHEMA),
        spec("probe_image", "Answers with an image of one pixel", ANY_SCHEMA),
        spec("probe_add_args", "Answers its arguments", ANY_SCHEMA),
        spec("probe_trace", "Answers what was seen", ANY_SCHEMA),
        spec("probe_block_next_turn", "Refuses the next turn", ANY_SCHEMA),
        spec("probe_register_late", "Registers probe_late", ANY_SCHEMA),
    ]
}

/// The tool that joins later.
pub(crate) fn late() -> ToolSpec {
    spec("probe_late", "Registered late", ANY_SCHEMA)
}

fn spec(name: &str, description: &str, schema: &str) -> ToolSpec {
    ToolSpec::new(name, description, Json::new(schema).unwrap_or_else(|_| Json::empty_object()))
}

#[derive(Deserialize)]
struct EchoArgs {
    text: String,
}

pub(crate) fn echo(args: &Json) -> ToolOutput {
    match args.parse::<EchoArgs>() {
        Ok(args) => ToolOutput::text(format!("echo:{}", args.text)),
        Err(error) => ToolOutput::error(error.to_string()),
    }
}

pub(crate) fn image() -> ToolOutput {
    let content = vec![Content::Image { mime_type: "image/png".to_owned(), data: PIXEL.to_vec() }];
    ToolOutput { content, is_error: false }
}
