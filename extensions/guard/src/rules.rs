//! What is refused.

use crate::shell;

/// A rule that refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as in the audit log.
    pub name: &'static str,
    /// Why, and what to do instead: the model reads it.
    advice: &'static str,
}

impl Rule {
    /// What the model reads.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("guard: refused by the rule \"{}\": {}", self.name, self.advice)
    }
}

/// The call had no `command`: what cannot be read is not let through.
pub const UNREADABLE: Rule =
    Rule { name: "unreadable", advice: "the call has no \"command\" that could be checked" };
const RM_RF: Rule = Rule {
    name: "rm -rf",
    advice: "it deletes without asking. Delete named files, or ask the user to do it",
};
const SUDO: Rule =
    Rule { name: "sudo", advice: "nothing runs as another user. Do without, or ask the user to do it" };
const MKFS: Rule = Rule { name: "mkfs", advice: "it makes a file system and destroys what was there" };
const DD: Rule =
    Rule { name: "dd", advice: "it writes to an absolute path, maybe a device. Write below the workspace" };
const CHMOD: Rule = Rule {
    name: "chmod -R 777",
    advice: "it opens a whole tree to everybody. Change the files that need it",
};
const FORK_BOMB: Rule =
    Rule { name: "fork bomb", advice: "it starts processes until the machine stands still" };

/// How often a command may hand on to another (`env nice bash -c '…'`).
const MAX_DEPTH: usize = 8;

/// The first rule that a command line breaks.
#[must_use]
pub fn check(text: &str) -> Option<Rule> {
    if is_fork_bomb(text) { Some(FORK_BOMB) } else { check_line(text, 0) }
}

fn check_line(text: &str, depth: usize) -> Option<Rule> {
    let Some(commands) = shell::commands(text) else {
        return Some(UNREADABLE);
    };
    commands.iter().find_map(|words| check_words(words, depth))
}

fn check_words(words: &[String], depth: usize) -> Option<Rule> {
    let words = without_prefix(words);
    let (program, args) = words.split_first()?;
    if depth > MAX_DEPTH {
        return Some(UNREADABLE);
    }
    let program = program.rsplit('/').next().unwrap_or_default();
    let inner = |args: &[String]| check_words(args, depth + 1);
    match program {
        "rm" => is_rm_rf(args).then_some(RM_RF),
        "sudo" => WRAPPERS
            .iter()
            .find(|wrapper| wrapper.name == "sudo")
            .and_then(|w| inner(w.wrapped(args)))
            .or(Some(SUDO)),
        "dd" => args.iter().any(|arg| arg.starts_with("of=/") && arg != "of=/dev/null").then_some(DD),
        "chmod" => is_chmod_all(args).then_some(CHMOD),
        "find" => find_commands(args).find_map(inner),
        "eval" => check_line(&args.join(" "), depth + 1),
        "sh" | "bash" | "dash" | "zsh" | "ksh" => {
            let script = args.iter().position(|arg| is_short(arg) && arg.contains('c'))?;
            check_line(args.get(script + 1)?, depth + 1)
        }
        _ if program.starts_with("mkfs") => Some(MKFS),
        _ => inner(WRAPPERS.iter().find(|wrapper| wrapper.name == program)?.wrapped(args)),
    }
}

/// Leaves out what may stand before a command: `A=b`, `!`, `{`, `then` …
fn without_prefix(words: &[String]) -> &[String] {
    const RESERVED: [&str; 10] = ["!", "{", "}", "if", "then", "else", "elif", "do", "while", "until"];
    let first = words.iter().position(|word| !RESERVED.contains(&word.as_str()) && !is_assignment(word));
    first.and_then(|first| words.get(first..)).unwrap_or_default()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|character| character == '_' || character.is_ascii_alphanumeric())
    })
}

/// A program that runs the command in its arguments.
struct Wrapper {
    name: &'static str,
    /// Its one-letter options that take the next word.
    valued: &'static str,
    /// How many words stand before the command.
    words: usize,
}

const WRAPPERS: [Wrapper; 14] = [
    Wrapper { name: "sudo", valued: "ugCDhpRrTtU", words: 0 },
    Wrapper { name: "doas", valued: "uC", words: 0 },
    Wrapper { name: "env", valued: "uCS", words: 0 },
    Wrapper { name: "xargs", valued: "InPLdEsa", words: 0 },
    Wrapper { name: "nice", valued: "n", words: 0 },
    Wrapper { name: "ionice", valued: "cnp", words: 0 },
    Wrapper { name: "timeout", valued: "sk", words: 1 },
    Wrapper { name: "time", valued: "of", words: 0 },
    Wrapper { name: "stdbuf", valued: "ioe", words: 0 },
    Wrapper { name: "exec", valued: "a", words: 0 },
    Wrapper { name: "nohup", valued: "", words: 0 },
    Wrapper { name: "setsid", valued: "", words: 0 },
    Wrapper { name: "command", valued: "", words: 0 },
    Wrapper { name: "builtin", valued: "", words: 0 },
];

impl Wrapper {
    /// The command in the arguments.
    fn wrapped<'a>(&self, args: &'a [String]) -> &'a [String] {
        let (mut at, mut words) = (0, self.words);
        while let Some(arg) = args.get(at) {
            let takes_next =
                is_short(arg) && arg.len() == 2 && arg.ends_with(|last| self.valued.contains(last));
            if takes_next {
                at += 1;
            } else if !arg.starts_with('-') {
                if words == 0 {
                    break;
                }
                words -= 1;
            }
            at += 1;
        }
        args.get(at..).unwrap_or_default()
    }
}

/// What `find` runs for what it finds.
fn find_commands(args: &[String]) -> impl Iterator<Item = &[String]> {
    const RUNS: [&str; 4] = ["-exec", "-execdir", "-ok", "-okdir"];
    let at = args.iter().enumerate().filter(|(_, arg)| RUNS.contains(&arg.as_str()));
    at.filter_map(|(index, _)| args.get(index + 1..))
}

fn is_short(arg: &str) -> bool {
    arg.starts_with('-') && !arg.starts_with("--")
}

/// Whether an option is given: as one of the letters, or as its long name or the beginning of it.
fn has_option(args: &[String], letters: &[char], long: &str) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| {
        if is_short(arg) {
            arg.contains(letters)
        } else {
            arg.len() > 2 && arg.starts_with("--") && long.starts_with(arg.as_str())
        }
    })
}

fn is_rm_rf(args: &[String]) -> bool {
    has_option(args, &['r', 'R'], "--recursive") && has_option(args, &['f'], "--force")
}

fn is_chmod_all(args: &[String]) -> bool {
    const MODES: [&str; 6] = ["777", "0777", "a+rwx", "a=rwx", "+rwx", "ugo+rwx"];
    has_option(args, &['R'], "--recursive") && args.iter().any(|arg| MODES.contains(&arg.as_str()))
}

/// `NAME(){ NAME|NAME& };NAME`, with any name and any white space.
fn is_fork_bomb(text: &str) -> bool {
    let squeezed: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    squeezed.match_indices("(){").any(|(at, brackets)| {
        let (before, after) = (squeezed.get(..at), squeezed.get(at + brackets.len()..));
        let name = before
            .and_then(|before| before.rsplit([';', '&', '|', '{', '}', '"', '\'']).next())
            .unwrap_or_default();
        let name = name.strip_prefix("function").unwrap_or(name);
        !name.is_empty() && after.is_some_and(|body| body.starts_with(&format!("{name}|{name}&")))
    })
}

#[cfg(test)]
mod tests;
