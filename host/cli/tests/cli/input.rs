//! Standard input: the prompt, or what comes with it.

use serde_json::json;
use wharf_test_support::Home;
use wharf_test_support::session::script_file;

use crate::program::{finish, run_with_input, wharf};

#[test]
fn input_is_the_prompt_when_there_is_no_other() {
    let home = Home::new();
    std::fs::write(home.project().join("a.txt"), "what is in it\n").unwrap();
    for args in [&["-p", "--model", "demo"][..], &["-p", "--model", "demo", "-"]] {
        let ran = run_with_input(&home, "call read {\"path\":\"a.txt\"}\n", args);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains("what is in it"), "{ran:?}");
    }
}

#[test]
fn input_is_context_when_there_is_a_prompt() {
    let home = Home::new();
    let line = json!({ "when": "^review this\n\n<stdin>\n(.*)\n</stdin>$", "text": "seen: $1" }).to_string();
    let file = script_file(&home, [line]).display().to_string();
    let ran = run_with_input(&home, "a difference\n", &["-p", "--script", &file, "review this"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "seen: a difference\n"), "{ran:?}");
}

#[test]
fn empty_input_changes_nothing() {
    let home = Home::new();
    let line = json!({ "when": "^review this$", "text": "alone" }).to_string();
    let file = script_file(&home, [line]).display().to_string();
    let ran = run_with_input(&home, "\n", &["-p", "--script", &file, "review this"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "alone\n"), "{ran:?}");
}

#[test]
fn a_text_without_words_is_no_prompt() {
    let home = Home::new();
    for text in ["", " \n"] {
        let ran = run_with_input(&home, "", &["-p", "--model", "demo", text]);
        assert!(ran.code == Some(2) && ran.err.contains("there is no prompt"), "{ran:?}");
    }
    let file =
        script_file(&home, [json!({ "when": "^hi$", "text": "yes" }).to_string()]).display().to_string();
    let ran = run_with_input(&home, "hi\n", &["-p", "--script", &file, ""]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "yes\n"), "{ran:?}");
}

#[test]
fn input_that_does_not_come_is_not_waited_for() {
    let home = Home::new();
    let mut child = wharf(&home, &["-p", "--model", "demo", "hello"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let open = child.stdin.take();
    let ran = finish(child);
    drop(open);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("nothing came on standard input for 3 s"), "{ran:?}");
}

#[test]
fn too_much_input_is_a_mistake() {
    let home = Home::new();
    let mut child =
        wharf(&home, &["-p", "--model", "demo"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may stop reading before all is written.
    let writer = std::thread::spawn(move || {
        let piece = vec![b'x'; 1 << 20];
        (0..11).try_for_each(|_| std::io::Write::write_all(&mut stdin, &piece)).is_ok()
    });
    let ran = finish(child);
    writer.join().unwrap();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("more than 10 MiB"), "{ran:?}");
}
