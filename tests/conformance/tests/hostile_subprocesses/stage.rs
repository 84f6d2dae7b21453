//! A home with a hostile extension and a neighbour, and what is checked of both in every scenario.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wharf_runtime::Status;
use wharf_runtime::extensions::limits::Limits;
use wharf_test_support::{Home, Session, Transcript};

/// The next step of most faults.
pub(crate) const SEE: &str = "see `wharf ext logs hostile`";

/// Words that every script may use: it says who it is, registers, and reads questions.
const WORDS: &str = r#"
echo $$ > pid
say() { printf '%s\n' "$1"; }
greet() {
    say '{"type":"hello","name":"hostile"}'
    say '{"type":"register_command","name":"hostile"}'
    say '{"type":"register_tool","name":"hostile_tool"}'
}
ready() { say '{"type":"ready"}'; }
# The next question: its kind and its id. The end of standard input is the end.
question() {
    IFS= read -r line || exit 0
    kind=${line#*'"type":"'} kind=${kind%%'"'*}
    id=${line#*'"id":"'} id=${id%%'"'*}
    [ "$kind" != shutdown ] || exit 0
    [ "$kind" != hello_ack ] || question
}
show() { say '{"type":"command_response","id":"'"$id"'","action":"display","display":"'"$1"'"}'; }
"#;

/// An extension that does its work.
const NEIGHBOUR: &str = r#"
say '{"type":"hello","name":"neighbour"}'
say '{"type":"register_command","name":"neighbour"}'
ready
while question; do show 'all is well'; done
"#;

/// Prepares a home and chooses limits.
pub(crate) struct Setting {
    pub(crate) home: Home,
    pub(crate) limits: Limits,
}

impl Setting {
    /// The neighbour, and a hostile extension that is this script behind the words.
    pub(crate) fn script(script: &str) -> Self {
        let setting = Self::neighbour();
        setting.home.install_shell("hostile", &format!("{WORDS}{script}"));
        setting
    }

    /// The neighbour, and a hostile extension that runs this program, with these files.
    pub(crate) fn program(exec: &[&str], files: &[(&str, &str)]) -> Self {
        let setting = Self::neighbour();
        setting.home.install_script("hostile", exec, files);
        setting
    }

    /// The neighbour alone.
    pub(crate) fn neighbour() -> Self {
        let home = Home::new();
        home.install_shell("neighbour", &format!("{WORDS}{NEIGHBOUR}"));
        Self { home, limits: Limits::STANDARD }
    }

    pub(crate) fn limits(mut self, choose: impl FnOnce(&mut Limits)) -> Self {
        choose(&mut self.limits);
        self
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.home.extensions().join("hostile")
    }

    pub(crate) async fn start(self) -> Play {
        let limits = self.limits;
        let session = self.home.session().with(|builder| builder.limits(limits)).start().await;
        Play { home: self.home, session, told: Vec::new() }
    }

    pub(crate) async fn start_with_script(self, lines: impl IntoIterator<Item = String>) -> Play {
        let limits = self.limits;
        let choice = self.home.session().script(lines).with(|builder| builder.limits(limits));
        let session = choice.start().await;
        Play { home: self.home, session, told: Vec::new() }
    }
}

/// An agent with the two.
pub(crate) struct Play {
    pub(crate) home: Home,
    pub(crate) session: Session,
    /// The problems that were told while commands ran.
    told: Vec<String>,
}

impl Play {
    /// Checks that this was told of the hostile extension.
    pub(crate) async fn fault(&mut self, stage: &str, cause: &str, next_step: &str) {
        let words = ["\"hostile\"", stage];
        let told = self.told.iter().find(|message| words.iter().all(|word| message.contains(word))).cloned();
        let message = match told {
            Some(message) => message,
            None => self.session.problem(&words).await,
        };
        is_fault(&message, stage, cause, next_step);
    }

    /// Runs its command, which ends with this fault.
    pub(crate) async fn command_fails(&mut self, cause: &str) {
        let message = self.run_in_vain("/hostile").await;
        is_fault(&message, "command /hostile", cause, SEE);
    }

    /// Runs a prompt, which fails.
    pub(crate) async fn run_in_vain(&mut self, prompt: &str) -> String {
        let transcript = self.session.run(prompt).await;
        self.told.extend(transcript.problems());
        let Status::Failed(message) = transcript.outcome.status else {
            panic!("it did not fail: {transcript:?}")
        };
        message
    }

    /// Runs its command, which displays something.
    pub(crate) async fn command(&mut self) -> String {
        let Transcript { outcome, .. } = self.session.run("/hostile").await;
        assert_eq!(outcome.status, Status::Ok, "{}", self.home.log("hostile"));
        outcome.text
    }

    /// Checks that the neighbour answers.
    pub(crate) async fn neighbour_answers(&mut self) {
        let outcome = self.session.run("/neighbour").await.outcome;
        assert_eq!((outcome.status, outcome.text.as_str()), (Status::Ok, "all is well"));
    }

    /// A number that the script wrote.
    pub(crate) fn number(&self, file: &str) -> u32 {
        let path = self.home.extensions().join("hostile").join(file);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.trim().parse().unwrap()
    }

    /// Checks that the neighbour answers, ends everything, and checks that nothing is left of a program that was
    /// running. The log.
    pub(crate) async fn end(mut self) -> String {
        self.neighbour_answers().await;
        let group = self.number("pid");
        self.session.close().await;
        until_gone(group);
        self.home.log("hostile")
    }

    /// The same, where no program was started.
    pub(crate) async fn end_of_nothing(mut self) {
        self.neighbour_answers().await;
        assert!(!self.home.extensions().join("hostile/pid").exists(), "it was started");
        self.session.close().await;
    }
}

/// `extension "hostile": STAGE: CAUSE; NEXT STEP`, and perhaps what followed.
pub(crate) fn is_fault(message: &str, stage: &str, cause: &str, next_step: &str) {
    let expected = format!("extension \"hostile\": {stage}: {cause}; {next_step}");
    let rest = message.strip_prefix(&expected);
    let rest = rest.unwrap_or_else(|| panic!("{message}\nwas told, and expected was\n{expected}"));
    assert!(rest.is_empty() || rest.starts_with(" → "), "{message}");
}

/// Waits until no process of a group is left; nobody tells us, they are not our children. One that has ended and was
/// not reaped is gone.
pub(crate) fn until_gone(group: u32) {
    let begun = Instant::now();
    loop {
        let left = members(group);
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "left of group {group}: {left:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[allow(clippy::disallowed_methods, reason = "`ps` is asked, which is none of the house's children")]
fn members(group: u32) -> Vec<String> {
    let mut ps = Command::new("ps");
    ps.args(["-A", "-o", "pgid=,stat=,pid=,args="]).stdin(Stdio::null());
    let listed = String::from_utf8_lossy(&ps.output().unwrap().stdout).into_owned();
    let group = group.to_string();
    let of_group = listed.lines().filter(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some(&group) && words.next().is_some_and(|state| !state.starts_with('Z'))
    });
    of_group.map(ToOwned::to_owned).collect()
}
