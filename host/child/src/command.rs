//! Starting a process the standard library's way, where it can do all that is needed.

use std::io;
use std::process::{Child, Command, Stdio};

use crate::spawn::{Output, Spec};
use crate::system;

/// Starts it; the child holds its pipes. A merged pipe comes apart from it.
#[allow(clippy::disallowed_methods, reason = "one of the two places where a process is started")]
pub(crate) fn start(spec: &Spec) -> io::Result<(Child, Option<io::PipeReader>)> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args);
    if let Some(cwd) = &spec.cwd {
        command.current_dir(cwd);
    }
    if !spec.inherit {
        command.env_clear();
        command.envs(system::indispensable());
    }
    for name in &spec.withhold {
        command.env_remove(name);
    }
    command.envs(spec.give.iter().map(|(name, value)| (name, value)));
    system::prepare(&mut command);
    let merged = match spec.output {
        Output::Piped => {
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            None
        }
        Output::Merged => {
            let (reader, writer) = io::pipe()?;
            command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
            Some(reader)
        }
    };
    // The command holds the writing ends of the merged pipe: as long as it lives, the pipe has no end.
    command.spawn().map(|child| (child, merged))
}
