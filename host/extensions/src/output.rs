//! Bounds what the model sees of a tool's result.

use wharf_protocol::content::Content;
use wharf_protocol::tool::ToolOutput;

use crate::limits;

const RESULT_TEXT: usize = limits::RESULT_TEXT.count();

/// Cuts the text of a result off at [`RESULT_TEXT`] bytes, and says so.
pub(crate) fn bounded(mut output: ToolOutput) -> ToolOutput {
    let total: usize = output.content.iter().filter_map(Content::as_text).map(str::len).sum();
    if total <= RESULT_TEXT {
        return output;
    }
    let mut left = RESULT_TEXT;
    for content in &mut output.content {
        let Content::Text(text) = content else { continue };
        text.truncate(text.floor_char_boundary(left));
        left -= text.len().min(left);
    }
    output.content.retain(|content| content.as_text() != Some(""));
    output.content.push(Content::text(format!(
        "[cut off: the result has {total} bytes of text, the first {RESULT_TEXT} are shown]"
    )));
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_result_is_cut_between_characters_and_says_so() {
        let long = "é".repeat(RESULT_TEXT);
        let output = ToolOutput { content: vec![Content::text("a"), Content::text(long)], is_error: false };
        let bounded = bounded(output);
        let lengths: Vec<usize> = bounded.content.iter().filter_map(Content::as_text).map(str::len).collect();
        assert_eq!(lengths[..2], [1, RESULT_TEXT - 2]);
        assert!(bounded.joined_text().ends_with("the first 262144 are shown]"));
    }
}
