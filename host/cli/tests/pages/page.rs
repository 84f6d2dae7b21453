//! A page of docs/, taken apart: its sections with the files that they show and the commands that they give.
//!
//! A file stands in a fence. Its name begins the paragraph before, or ends it with a colon behind it; a fence without one
//! is a piece of something. Commands are indented.

use std::fs;

use wharf_test_support::guests::workspace;

/// A section of a page.
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
}

/// What the reader is to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Make an empty directory and go there.
    Directory(String),
    /// Write a file.
    File { name: String, text: String },
    /// Run a command.
    Command(String),
    /// Nothing: a piece of a program.
    Piece { text: String },
}

/// Takes a page apart.
pub(crate) fn read(page: &str) -> Vec<Section> {
    let path = workspace().join("docs").join(page);
    take_apart(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The piece of a program in a section.
pub(crate) fn piece(page: &str, title: &str) -> String {
    let section = read(page).into_iter().find(|section| section.title == title);
    let steps = section.map(|section| section.steps).unwrap_or_default();
    let piece = steps.into_iter().find_map(|step| match step {
        Step::Piece { text } => Some(text),
        Step::Directory(_) | Step::File { .. } | Step::Command(_) => None,
    });
    piece.unwrap_or_else(|| panic!("{page}: there is no piece of a program in {title:?}"))
}

fn take_apart(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut paragraph = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix('#') {
            let title = title.trim_start_matches('#').trim().to_owned();
            sections.push(Section { title, steps: Vec::new() });
            paragraph.clear();
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        if line.starts_with("```") {
            let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let text = inside.join("\n") + "\n";
            section.steps.push(match name(&paragraph) {
                Some(name) => Step::File { name, text },
                None => Step::Piece { text },
            });
            paragraph.clear();
        } else if let Some(command) = line.strip_prefix("    ") {
            section.steps.push(Step::Command(command.to_owned()));
            paragraph.clear();
        } else {
            if !paragraph.is_empty() && line.is_empty() {
                section.steps.extend(directory(&paragraph).map(Step::Directory));
            }
            // A blank line ends a paragraph; what it said counts until the next one begins.
            if paragraph.ends_with('\n') {
                paragraph.clear();
            }
            paragraph.push_str(if line.is_empty() { "\n" } else { line });
            if !line.is_empty() {
                paragraph.push(' ');
            }
        }
    }
    sections
}

/// The file that a paragraph names.
fn name(paragraph: &str) -> Option<String> {
    let paragraph = paragraph.trim();
    let named = match paragraph.strip_prefix('`') {
        Some(rest) => rest.split('`').next(),
        None => paragraph.strip_suffix("`:").and_then(|rest| rest.rsplit('`').next()),
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "./_-".contains(letter);
    named.filter(|name| name.chars().all(plain)).map(str::to_owned)
}

/// The directory that a paragraph has the reader make.
fn directory(paragraph: &str) -> Option<String> {
    let (_, rest) = paragraph.split_once("n empty directory `")?;
    rest.split('`').next().map(str::to_owned)
}

#[test]
fn a_page_is_taken_apart() {
    let page = "# One\n\nTwo words.\n\n    cd there\n\n## Two\n\nAn empty directory `d`.\n\n`a.txt`, which\nis it:\n\n\
                ```text\n# no title\n\n    no command\n```\n\nA piece:\n\n```sh\nx\n```\n\nLast, `b.py`:\n\n```\ny\n```\n";
    let sections = take_apart(page);
    let titles: Vec<&str> = sections.iter().map(|section| section.title.as_str()).collect();
    assert_eq!(titles, ["One", "Two"]);
    assert_eq!(sections[0].steps, [Step::Command("cd there".into())]);
    let file = |name: &str, text: &str| Step::File { name: name.into(), text: text.into() };
    let expected = [
        Step::Directory("d".into()),
        file("a.txt", "# no title\n\n    no command\n"),
        Step::Piece { text: "x\n".into() },
        file("b.py", "y\n"),
    ];
    assert_eq!(sections[1].steps, expected);
}
