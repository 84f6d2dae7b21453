//! The tool `read`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod calling;

use std::fs;

use calling::{call, context, error, ok, tool};
use tempfile::{TempDir, tempdir};
use wharf_protocol::content::Content;
use wharf_protocol::json::Json;

fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

#[tokio::test]
async fn a_small_file_comes_as_it_is() {
    let home = directory(&[("a.txt", b"one\ntwo\r\nthree"), ("empty", b""), ("odd", b"a\xffb\n")]);
    let home = home.path();
    assert_eq!(ok(call(home, "read", r#"{"path":"a.txt"}"#).await), "one\ntwo\r\nthree");
    assert_eq!(ok(call(home, "read", r#"{"path":"./a.txt","offset":2,"limit":1}"#).await), "two\r\n");
    assert_eq!(ok(call(home, "read", r#"{"path":"a.txt","offset":3}"#).await), "three");
    assert_eq!(ok(call(home, "read", r#"{"path":"empty"}"#).await), "(the file is empty)");
    assert_eq!(ok(call(home, "read", r#"{"path":"odd"}"#).await), "a\u{fffd}b\n");
    let text = error(call(home, "read", r#"{"path":"a.txt","offset":4}"#).await);
    assert_eq!(text, "offset 4 is past the end: a.txt has 3 lines");
}

#[tokio::test]
async fn no_path_leads_out_of_the_working_directory() {
    let outside = directory(&[("secret", b"secret")]);
    let home = directory(&[("a.txt", b"here")]);
    let home = home.path();
    let inside = serde_json::json!({"path": home.join("a.txt")}).to_string();
    assert_eq!(ok(call(home, "read", &inside).await), "here");
    let absolute = outside.path().join("secret");
    let above = format!("../{}/secret", outside.path().file_name().unwrap().to_str().unwrap());
    let mut paths = vec![absolute.to_str().unwrap().to_owned(), above];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&absolute, home.join("link")).unwrap();
        std::os::unix::fs::symlink("..", home.join("up")).unwrap();
        paths.push("link".to_owned());
        paths.push(format!("up/{}/secret", outside.path().file_name().unwrap().to_str().unwrap()));
    }
    for path in paths {
        let text = error(call(home, "read", &serde_json::json!({"path": path}).to_string()).await);
        assert!(text.contains("is outside the working directory"), "{path}: {text}");
    }
}

#[tokio::test]
async fn every_line_of_a_long_file_is_reached_by_going_on() {
    let lines: Vec<String> = (1..=4500).map(|number| format!("line {number}\n")).collect();
    let home = directory(&[("long", lines.concat().as_bytes())]);
    let mut offset = 1;
    let mut all = String::new();
    loop {
        let page = ok(call(home.path(), "read", &format!(r#"{{"path":"long","offset":{offset}}}"#)).await);
        let Some((text, next)) = page.split_once("... [truncated at 2000 lines] continue with offset=")
        else {
            all.push_str(&page);
            break;
        };
        all.push_str(text);
        offset = next.parse().unwrap();
    }
    assert_eq!(all, lines.concat());
}

#[tokio::test]
async fn bytes_are_limited_and_lines_stay_whole() {
    let line = format!("{}\n", "ü".repeat(500));
    let home = directory(&[("wide", line.repeat(200).as_bytes())]);
    let page = ok(call(home.path(), "read", r#"{"path":"wide","offset":101}"#).await);
    let (text, notice) = page.split_once("... ").unwrap();
    assert_eq!(text, line.repeat(51));
    assert_eq!(notice, "[truncated at 51200 bytes] continue with offset=152");
}

#[tokio::test]
async fn a_line_longer_than_a_page_is_cut_and_the_next_is_reached() {
    let home = directory(&[("one", format!("{}\nnext", "€".repeat(100_000)).as_bytes())]);
    let page = ok(call(home.path(), "read", r#"{"path":"one"}"#).await);
    let (text, notice) = page.split_once('\n').unwrap();
    assert_eq!(text, "€".repeat(51200 / 3));
    assert!(notice.ends_with("the next line is offset=2"), "{notice}");
    assert_eq!(ok(call(home.path(), "read", r#"{"path":"one","offset":2}"#).await), "next");
}

#[tokio::test]
async fn images_are_shown_and_large_ones_refused() {
    let big = vec![0; 5 * 1024 * 1024 + 1];
    let home = directory(&[("a.PNG", b"\x89PNG\0"), ("b.jpeg", &big)]);
    let output = call(home.path(), "read", r#"{"path":"a.PNG"}"#).await;
    let image = Content::Image { mime_type: "image/png".to_owned(), data: b"\x89PNG\0".to_vec() };
    assert_eq!(output.content, [image]);
    let text = error(call(home.path(), "read", r#"{"path":"b.jpeg"}"#).await);
    assert!(text.starts_with("b.jpeg is larger than 5242880 bytes"), "{text}");
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    let home = directory(&[("a.bin", b"abc\0def")]);
    fs::create_dir(home.path().join("sub")).unwrap();
    let home = home.path();
    let binary = error(call(home, "read", r#"{"path":"a.bin"}"#).await);
    assert_eq!(binary, "a.bin looks binary; refusing to read as text");
    assert_eq!(error(call(home, "read", r#"{"path":"sub"}"#).await), "sub is a directory");
    let whole = serde_json::json!({"path": home}).to_string();
    assert!(error(call(home, "read", &whole).await).ends_with(" is a directory"));
    assert!(error(call(home, "read", r#"{"path":"nosuch"}"#).await).starts_with("nosuch: "));
    assert!(
        error(call(home, "read", r#"{"pth":"x"}"#).await).starts_with("invalid args: missing field `path`")
    );
    assert!(error(call(home, "read", r#"{"path":"a","offset":-1}"#).await).starts_with("invalid args: "));
}

#[tokio::test]
async fn a_cancelled_call_is_aborted() {
    let home = directory(&[("a", b"x")]);
    let cx = context();
    cx.cancel.cancel();
    let args = Json::new(r#"{"path":"a"}"#).unwrap();
    assert_eq!(error(tool(home.path(), "read").call(&args, &(), &cx).await), "aborted");
}

#[test]
fn the_tools_say_what_they_do() {
    let home = directory(&[]);
    let read = tool(home.path(), "read").spec();
    assert!(read.traits.read_only && read.traits.idempotent && !read.traits.destructive);
    assert!(read.schema.parse::<serde_json::Value>().unwrap()["properties"]["path"].is_object());
    let bash = tool(home.path(), "bash").spec();
    assert!(bash.traits.destructive);
    assert!(bash.schema.as_str().contains("default 120"), "{}", bash.schema);
    let names: Vec<_> =
        wharf_tools::builtins(home.path()).unwrap().iter().map(|tool| tool.spec().name.clone()).collect();
    assert!(names.is_sorted() && names.iter().all(|name| wharf_tools::NAMES.contains(&name.as_str())));
    assert!(wharf_tools::builtins(&home.path().join("nosuch")).is_err());
}
