//! What a tool's result is made of.

/// A piece of content that the model sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// An image, decoded.
    Image {
        /// For instance `image/png`.
        mime_type: String,
        /// The image file's bytes.
        data: Vec<u8>,
    },
}

impl Content {
    /// Shorthand for text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text of a text block.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Image { .. } => None,
        }
    }
}
