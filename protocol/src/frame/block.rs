//! Content blocks as they travel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::tool::ToolOutput;

/// A content block of a tool result. Any `type` is accepted here; what the host makes of it, [`Block::into_output`] says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Block {
    /// `text` or `image`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of a text block.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The type of an image.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mime_type: String,
    /// The bytes of an image in standard, padded base64.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub data: String,
}

impl From<&Content> for Block {
    fn from(content: &Content) -> Self {
        match content {
            Content::Text(text) => Self { kind: "text".into(), text: text.clone(), ..Self::default() },
            Content::Image { mime_type, data } => Self {
                kind: "image".into(),
                mime_type: mime_type.clone(),
                data: STANDARD.encode(data),
                ..Self::default()
            },
        }
    }
}

impl Block {
    /// What the model sees of these blocks: empty texts are left out, an image that cannot be decoded makes the
    /// result an error, an unknown block is named, and no content at all is said in words.
    #[must_use]
    pub fn into_output(blocks: Vec<Self>, is_error: bool, extension: &str) -> ToolOutput {
        let mut output = ToolOutput { content: Vec::with_capacity(blocks.len()), is_error };
        for block in blocks {
            match block.kind.as_str() {
                "text" if block.text.is_empty() => {}
                "text" => output.content.push(Content::Text(block.text)),
                "image" => match STANDARD.decode(&block.data) {
                    Ok(data) => output.content.push(Content::Image { mime_type: block.mime_type, data }),
                    Err(error) => {
                        output.is_error = true;
                        output.content.push(Content::Text(format!(
                            "[image from extension {extension} could not be decoded: {error}]"
                        )));
                    }
                },
                other => output.content.push(Content::Text(format!(
                    "[unknown block type {other:?} from extension {extension}]"
                ))),
            }
        }
        if output.content.is_empty() {
            output.content.push(Content::text("(extension returned no content)"));
        }
        output
    }
}
