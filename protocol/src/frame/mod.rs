//! Every frame of the protocol: [`FromExtension`] is what an extension writes, [`ToExtension`] what it reads. Version 2
//! is version 1 with more frames and fields; each says so.
//!
//! Frames are one JSON object a line with the `type` first. Reading is as lenient as extensions are used to: keys in
//! any case, the last of two equal keys, `null` for "not there", unknown keys ignored, bytes that are no UTF-8
//! and halves of surrogate pairs replaced by U+FFFD.

mod block;
mod event;
mod fields;
mod from_extension;
mod inquiry;
mod intercept;
mod text;
mod to_extension;

pub use block::Block;
pub use event::{EventFrame, Told};
pub use from_extension::{
    CommandResponse, FromExtension, Hello, Notify, PanelClose, PanelRender, RegisterCommand, RegisterHook,
    RegisterTool, Subscribe, ToolResult,
};
pub use inquiry::{Cancel, Context, Progress, ReplyFrame, ReplyResult, RequestFrame};
pub use intercept::{EventIntercept, InterceptResponse};
pub use to_extension::{CommandInvoked, HelloAck, PanelKey, ToExtension, ToolCallFrame};

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Writes an enum of frames: `type` first, then the fields in the order of the struct; and reads one by its `type`.
macro_rules! frames {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $(($body:ty))? = $kind:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(tag = "type")]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $kind)] $variant $(($body))?,)*
        }

        impl $name {
            /// The frame's `type`.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(frames!(@pattern $name $variant $($body)?) => $kind,)* }
            }

            /// Reads a line, without its newline.
            ///
            /// # Errors
            /// [`DecodeError`](crate::error::DecodeError) tells what is wrong; the connection can go on.
            pub fn decode(line: &[u8]) -> Result<Self, crate::error::DecodeError> {
                let text = $crate::frame::text::read(line);
                let fields = $crate::frame::fields::Fields::parse(&text)?;
                match fields.kind()?.as_str() {
                    $($kind => Ok(frames!(@read $name $variant fields $kind $($body)?)),)*
                    other => Err(crate::error::DecodeError::UnknownType(other.to_owned())),
                }
            }

            /// The keys of a line, in lower case and sorted, without those that are `null`; none of what is no frame.
            #[must_use]
            pub fn keys(line: &[u8]) -> Vec<String> {
                let text = $crate::frame::text::read(line);
                $crate::frame::fields::Fields::parse(&text).map(|fields| fields.keys()).unwrap_or_default()
            }
        }
    };
    (@pattern $name:ident $variant:ident $body:ty) => { $name::$variant(_) };
    (@pattern $name:ident $variant:ident) => { $name::$variant };
    (@read $name:ident $variant:ident $fields:ident $kind:literal $body:ty) => {
        $name::$variant($fields.read::<$body>($kind)?)
    };
    (@read $name:ident $variant:ident $fields:ident $kind:literal) => { $name::$variant };
}
pub(crate) use frames;
