//! Manifests that cannot be used, schemas that are none, arguments that do not fit.

use std::time::Duration;

use serde_json::json;
use wharf_runtime::Status;
use wharf_test_support::home::place_files;
use wharf_test_support::script;

use crate::stage::{SEE, Setting};

const SCHEMAS_THAT_ARE_NONE: &str = r##"greet
    say '{"type":"register_tool","name":"a","schema":"string"}'
    say '{"type":"register_tool","name":"b","schema":{"type":"nothing"}}'
    say '{"type":"register_tool","name":"c","schema":{"properties":[]}}'
    say '{"type":"register_tool","name":"d","schema":{"$ref":"#"}}'
    say '{"type":"register_tool","name":"e","schema":{'
    ready; while question; do show ok; done"##;
/// Rewrites what is asked about into the line of the file `rewrite`.
const REWRITES: &str = "greet; say '{\"type\":\"subscribe\",\"intercept\":[\"tool_call\"]}'; ready
    while question; do
        say '{\"type\":\"event_intercept_response\",\"id\":\"'\"$id\"'\",\"modified_args\":'\"$(cat rewrite)\"'}'
    done";

#[tokio::test]
async fn schemas_that_are_none() {
    let mut play = Setting::script(SCHEMAS_THAT_ARE_NONE).start().await;
    for name in ["a", "b", "c", "d"] {
        let told = format!("tool \"{name}\" is left out: its schema");
        play.session.problem(&["\"hostile\"", "register: ", &told]).await;
    }
    assert_eq!(play.command().await, "ok");
    let log = play.end().await;
    assert!(log.contains("skipped a line: malformed JSON"), "{log}");
}

#[tokio::test]
async fn arguments_that_do_not_fit_or_are_no_json() {
    let misfits = "it rewrote the arguments of bash so that they do not fit: ";
    let all = ["5", "[]", "\"echo\"", "{\"command\":7}", "{\"command\":\"true\",\"command\":{}}"];
    rewrite_in_vain(&all, Duration::from_secs(5), misfits).await;
    // A line that is no JSON has no id either.
    rewrite_in_vain(&["{\"command\":"], Duration::from_millis(250), "timed out after 250 ms").await;
}

/// Each of them fails for this reason, and the call runs as it was.
async fn rewrite_in_vain(rewrites: &[&str], deadline: Duration, cause: &str) {
    let lines = rewrites
        .iter()
        .flat_map(|_| [script::calls("bash", json!({ "command": "echo as it was" })), script::says("done")]);
    let setting = Setting::script(REWRITES);
    let file = setting.directory().join("rewrite");
    let setting = setting.limits(|limits| limits.version_1.hook_tool_call = deadline);
    let mut play = setting.start_with_script(lines.collect::<Vec<_>>()).await;
    for rewrite in rewrites {
        std::fs::write(&file, rewrite).unwrap();
        let transcript = play.session.run("go").await;
        assert_eq!(transcript.outcome.status, Status::Ok, "{rewrite}");
        let [problem] = transcript.problems().try_into().unwrap();
        assert!(problem.starts_with(&format!("guard \"hostile\": {cause}")), "{problem}");
        assert!(problem.ends_with(&format!(" → let pass (hook tool_call); {SEE}")), "{problem}");
        assert!(transcript.texts()[0].contains("as it was"), "{rewrite}: {:?}", transcript.texts());
    }
    play.end().await;
}

#[tokio::test]
async fn manifests_that_cannot_be_used() {
    for (manifest, told) in [
        (r#"{"name":3}"#, "extension.json:1:2: invalid type: integer `3`, expected a string, in \"name\""),
        (
            "{\"name\":\"hostile\",\n\"exec\":[\"sh\"]}",
            "extension.json:2:1: invalid type: a list, expected a string, in \"exec\"",
        ),
        (r#"{"name":"hostile","exec":"sh","args":"run.sh"}"#, "extension.json:1:31: invalid type: string"),
        (
            r#"{"name":"hostile","exec":"sh","wharf":{"api":"0.1","tolls":[]}}"#,
            "extension.json:1:52: unknown field `tolls`",
        ),
        (r#"{"name":"hostile""#, "extension.json:1:17: the text ends inside an object"),
    ] {
        let setting = Setting::neighbour();
        place_files(&setting.directory(), &[("extension.json", manifest), ("run.sh", "echo $$ > pid")]);
        let mut play = setting.start().await;
        play.session.problem(&["extension left out: manifest: ", told]).await;
        play.end_of_nothing().await;
    }
}

#[tokio::test]
async fn unknown_key_is_told_and_no_reason_to_stay_away() {
    let setting = Setting::script("greet; ready; while question; do show ok; done");
    let manifest = r#"{"name":"hostile","exec":"sh","args":["run.sh"],"desciption":"x"}"#;
    place_files(&setting.directory(), &[("extension.json", manifest)]);
    let mut play = setting.start().await;
    play.session.problem(&["warning: ", "unknown key \"desciption\"; did you mean \"description\"?"]).await;
    assert_eq!(play.command().await, "ok");
    play.end().await;
}
