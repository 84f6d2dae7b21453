//! Nothing is left out: each section that shows a file or gives a command is done by a test.

use crate::page::{self, Step};

/// The sections that tests do, and those that need none, and why.
const DONE: [(&str, &[&str]); 10] = [
    (
        "guide.md",
        &[
            // Builds the program that is tested here, and names a home.
            "Your first extension",
            "In Rust",
            "As a component",
            "As a subprocess",
            "In Python",
            "In shell",
            "When something does not work",
        ],
    ),
    (
        "languages.md",
        &["Python as a component", "JavaScript as a component", "One file", "Any language as a subprocess"],
    ),
    // Builds the crates that the pages' tests build.
    ("hooks.md", &["The examples"]),
    ("hooks/tool_call.md", &["In Python", "In Rust"]),
    ("hooks/turn_start.md", &["In Python", "In Rust"]),
    ("hooks/assistant_message.md", &["In Python", "In Rust"]),
    ("hooks/prompt.md", &["In Python", "In Rust"]),
    ("hooks/tool_result.md", &["In Python", "In Rust"]),
    ("hooks/compaction.md", &["In Python", "In Rust"]),
    // A figure, and frames: the page's conversation and its frames are read by the conformance suite.
    ("protocol.md", &["The start", "Requests"]),
];

#[test]
fn every_section_with_something_to_do_is_done() {
    for (page, done) in DONE {
        let sections = page::read(page);
        let to_do = sections
            .iter()
            .filter(|section| section.steps.iter().any(|step| !matches!(step, Step::Piece { .. })))
            .map(|section| section.title.as_str());
        assert_eq!(to_do.collect::<Vec<_>>(), done, "{page}");
    }
}
