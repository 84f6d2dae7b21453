//! `docs/hooks/`: a page for each hook. Its commands are run with its example in Python, as a component in Rust and as a
//! subprocess in Rust, and come to the same each time.

use std::fs;
use std::path::{Path, PathBuf};

use wharf_test_support::guests::workspace;
use wharf_test_support::without_python;

use crate::guide::has_target;
use crate::lesson::{Done, Lesson};
use crate::page::{self, Step};

/// A page's example.
struct Example {
    page: &'static str,
    /// The extension's name; the type's begins with a capital.
    name: &'static str,
    /// What each call of `wharf` says.
    said: &'static [&'static [&'static str]],
}

const EXAMPLES: [Example; 6] = [
    Example {
        page: "hooks/tool_call.md",
        name: "dotenv",
        said: &[
            &["what is in .env stays here\n"],
            &["the meeting is at noon\n"],
            &["wants the user to be asked about bash (it mentions .env)", "exit code 5\n"],
        ],
    },
    Example {
        page: "hooks/turn_start.md",
        name: "budget",
        said: &[
            &["the meeting is at noon\n"],
            &["wharf: extension \"budget\" refused: all 3 model calls are spent\n", "exit code 5\n"],
        ],
    },
    Example {
        page: "hooks/assistant_message.md",
        name: "discreet",
        said: &[
            &["ask [address] at noon\n"],
            &["wharf: extension \"discreet\" hid a message: there is a private key in it\n"],
        ],
    },
    Example {
        page: "hooks/prompt.md",
        name: "shortcuts",
        said: &[
            &["wharf: extension \"shortcuts\" refused the prompt: there is no @where yet\n", "exit code 5\n"],
            &["@where is kept\n"],
            &["here\n"],
        ],
    },
    Example {
        page: "hooks/tool_result.md",
        name: "blackout",
        said: &[&["log in with [token]\n"], &["[token].txt"]],
    },
    Example {
        page: "hooks/compaction.md",
        name: "minutes",
        said: &[&[
            "wharf: extension \"minutes\" refused: 2 messages are short enough\n",
            "In the user's words: we meet at noon\n",
            "exit code 5\n",
        ]],
    },
];

#[test]
fn in_python() {
    if without_python() {
        return;
    }
    for example in &EXAMPLES {
        example.hold(&Lesson::new(example.page).section("In Python", &[]).run());
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to see what was passed over")]
fn in_rust() {
    let component = has_target();
    let (crates, target) = (kept("hooks"), kept("guide"));
    for example in &EXAMPLES {
        example.write_crate(&crates.join(example.name));
    }
    fs::write(crates.join("Cargo.toml"), virtual_manifest()).unwrap();
    fs::copy(workspace().join("Cargo.lock"), crates.join("Cargo.lock")).unwrap();
    let built = Lesson::new("hooks.md")
        .besides(&format!("cd '{}'\nexport CARGO_TARGET_DIR='{}'", crates.display(), target.display()))
        .besides(if component { "cargo build --release --lib --target wasm32-wasip2" } else { ":" });
    built.besides("cargo build --release").run();

    for example in &EXAMPLES {
        if component {
            let file = target.join("wasm32-wasip2/release").join(example.name).with_extension("wasm");
            example.hold(&example.lesson_with(&file));
        }
        let folder = crates.join(example.name);
        fs::copy(target.join("release").join(example.name), folder.join(example.name)).unwrap();
        example.hold(&example.lesson_with(&folder));
    }
    if !component {
        eprintln!("passed over: the components, rustup has no wasm32-wasip2");
    }
}

impl Example {
    /// Does the page with another build of its extension.
    fn lesson_with(&self, extension: &Path) -> Vec<Done> {
        let other = |call: &str| format!("{call} '{}'", extension.display());
        let replaced = [("-e .", other("-e")), ("ext run .", other("ext run"))];
        let replaced: Vec<(&str, &str)> = replaced.iter().map(|(from, to)| (*from, to.as_str())).collect();
        Lesson::new(self.page).section("In Python", &replaced).run()
    }

    /// Checks what each call of `wharf` said.
    fn hold(&self, done: &[Done]) {
        let calls: Vec<&Done> = done.iter().filter(|done| done.command.starts_with("wharf ")).collect();
        assert_eq!(calls.len(), self.said.len(), "{}: one expectation for each call: {calls:#?}", self.page);
        for (call, said) in calls.iter().zip(self.said) {
            for words in *said {
                assert!(call.out.contains(words), "{}: it did not say {words:?}: {call:#?}", self.page);
            }
        }
    }

    /// Writes the crate that docs/hooks.md describes: the guide's under another name, with this page's source.
    fn write_crate(&self, folder: &Path) {
        let (first, rest) = self.name.split_at(1);
        let name_of_type = first.to_uppercase() + rest;
        let renamed = |file: &str| {
            file_in("guide.md", "In Rust", file).replace("hello", self.name).replace("Hello", &name_of_type)
        };
        let sdk = workspace().join("guest-sdk").display().to_string();
        let cargo = renamed("Cargo.toml").replace("../wharf/guest-sdk", &sdk);
        let cargo = cargo.split("[profile").next().unwrap_or_default();
        write(&folder.join("Cargo.toml"), cargo);
        write(&folder.join("src/main.rs"), &renamed("src/main.rs"));
        write(&folder.join("src/lib.rs"), &file_in(self.page, "In Rust", "src/lib.rs"));
        let manifest = file_in(self.page, "In Python", "extension.json");
        let python = format!("\"python3\", \"args\": [\"{}.py\"]", self.name);
        assert!(manifest.contains(&python), "{}: the manifest has no {python}", self.page);
        write(&folder.join("extension.json"), &manifest.replace(&python, &format!("\"./{}\"", self.name)));
    }
}

/// All crates are built at once, as the guide's is.
fn virtual_manifest() -> String {
    let names: Vec<&str> = EXAMPLES.iter().map(|example| example.name).collect();
    let cargo = file_in("guide.md", "In Rust", "Cargo.toml");
    let profile = cargo.split_once("[profile").map(|(_, profile)| profile).unwrap_or_default();
    format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n\n[profile{profile}")
}

/// The text of a file that a section shows.
fn file_in(page: &str, title: &str, wanted: &str) -> String {
    let sections = page::read(page);
    let steps = sections.iter().filter(|section| section.title == title).flat_map(|section| &section.steps);
    let found = steps.into_iter().find_map(|step| match step {
        Step::File { name, text } if name == wanted => Some(text.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{page}: there is no {wanted} in {title:?}"))
}

/// Leaves a file alone that is as it should be: what was built from it still counts.
fn write(file: &Path, text: &str) {
    if fs::read_to_string(file).is_ok_and(|there| there == text) {
        return;
    }
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// A folder that lasts.
fn kept(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}
