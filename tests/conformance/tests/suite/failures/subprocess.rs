//! The guard as a process: a script for the shell that speaks version 1.

use super::Way;

/// It says who it is and reads questions until it is asked about a call. `id` is the question's then.
const BEGIN: &str = r#"
say() { printf '%s\n' "$1"; }
answer() { say '{"type":"event_intercept_response","id":"'"$id"'",'"$1"'}'; }
say '{"type":"hello","name":"guard"}'
say '{"type":"subscribe","intercept":["tool_call"]}'
say '{"type":"ready"}'
while IFS= read -r line; do
    case $line in *event_intercept*) break;; *shutdown*) exit 0;; esac
done
id=${line#*'"id":"'} id=${id%%'"'*}
"#;
/// Tells that it was asked, and waits for ever.
const WAIT: &str = r#"say '{"type":"notify","message":"asked"}'
    while IFS= read -r line; do case $line in *shutdown*) exit 0;; esac; done"#;
/// Doubles a text until there is no room for it, in the little that the system grants it.
const GROW: &str = "ulimit -v 65536; text=0123456789; while :; do text=$text$text; done";
/// Version 1 has no requests, and `block` is no text.
const DENIED: &str = r#"say '{"type":"request","id":"1","kind":"submit","text":"run it"}'
    answer '"block":"no"'; read -r line"#;
const FIVE_MEBIBYTES: &str =
    r#"answer '"reason":"'"$(head -c 5242880 /dev/zero | tr '\0' x)"'"'; read -r line"#;

/// The program; none: there is none.
pub(crate) fn guard(way: Way) -> Option<String> {
    let asked = |then: &str| Some(format!("{BEGIN}{then}\n"));
    match way {
        Way::Crash => asked("kill -ABRT $$"),
        Way::EndlessLoop => asked("while :; do :; done"),
        Way::OutOfMemory => asked(GROW),
        Way::Deadline | Way::Unload | Way::Abort => asked(WAIT),
        Way::MissingFile => None,
        Way::WrongWorld => Some("echo '{\"type\":\"initialize\",\"id\":1}'; read -r line\n".to_owned()),
        Way::Denied => asked(DENIED),
        Way::Oversize => asked(FIVE_MEBIBYTES),
    }
}

/// What is told of the failure.
pub(crate) fn cause(way: Way) -> &'static str {
    match way {
        Way::Crash => "it was killed by SIGABRT",
        // Nobody can tell from outside why a process does not answer.
        Way::EndlessLoop | Way::Deadline => "timed out after 1 s",
        Way::OutOfMemory => "it ended with exit status 2",
        Way::Unload => "timed out after 3 s",
        Way::Abort => "cancelled",
        Way::MissingFile => "guard-of-bash: No such file or directory",
        Way::WrongWorld => "the first frame must be hello (got \"initialize\")",
        Way::Denied => "its answer cannot be used: ",
        Way::Oversize => "it was killed: a line is longer than 4194304 bytes",
    }
}
