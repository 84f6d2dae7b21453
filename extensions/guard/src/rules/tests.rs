//! Commands that are refused, by which rule, and commands that pass.

use super::check;

#[test]
fn dangerous_commands_are_refused_by_their_rule() {
    for (command, rule) in [
        ("rm -rf /", "rm -rf"),
        ("rm -fr x", "rm -rf"),
        ("rm -r -f x", "rm -rf"),
        ("rm x -f y -R", "rm -rf"),
        ("rm --recursive --force x", "rm -rf"),
        ("rm --rec -f x", "rm -rf"),
        ("rm -rvf -- x", "rm -rf"),
        ("/bin/rm -rf x", "rm -rf"),
        (r"\rm -rf x", "rm -rf"),
        ("'rm' \"-rf\" x", "rm -rf"),
        ("cd x; rm -rf y", "rm -rf"),
        ("cd x && rm -rf y", "rm -rf"),
        ("true || rm -rf y", "rm -rf"),
        ("ls | xargs -n 1 rm -rf", "rm -rf"),
        ("ls & rm -rf y", "rm -rf"),
        ("ls\nrm -rf y", "rm -rf"),
        ("(rm -rf y)", "rm -rf"),
        ("{ rm -rf y; }", "rm -rf"),
        ("if true; then rm -rf y; fi", "rm -rf"),
        ("for f in *; do rm -rf $f; done", "rm -rf"),
        ("echo $(rm -rf y)", "rm -rf"),
        ("echo \"`rm -rf y`\"", "rm -rf"),
        ("X=1 rm -rf y", "rm -rf"),
        ("env X=1 rm -rf y", "rm -rf"),
        ("env -u HOME nice -n 10 rm -rf y", "rm -rf"),
        ("timeout -k 5 10 rm -rf y", "rm -rf"),
        ("command rm -rf y", "rm -rf"),
        ("bash -c 'rm -rf y'", "rm -rf"),
        ("sh -ec \"cd x; rm -rf y\"", "rm -rf"),
        ("eval rm -rf y", "rm -rf"),
        ("find . -name x -exec rm -rf {} +", "rm -rf"),
        (">log rm -rf y", "rm -rf"),
        ("rm 2>/dev/null -rf y", "rm -rf"),
        ("sudo rm -rf /", "rm -rf"),
        ("sudo -u root rm -rf /", "rm -rf"),
        ("sudo ls", "sudo"),
        ("ls; sudo -i", "sudo"),
        ("/usr/bin/sudo ls", "sudo"),
        ("xargs sudo ls", "sudo"),
        ("mkfs /dev/sda1", "mkfs"),
        ("mkfs.ext4 -F /dev/sda1", "mkfs"),
        ("dd if=/dev/zero of=/dev/sda bs=1M", "dd"),
        ("dd of=/etc/passwd", "dd"),
        ("chmod -R 777 .", "chmod -R 777"),
        ("chmod --recursive 0777 /", "chmod -R 777"),
        ("chmod -vR a+rwx x", "chmod -R 777"),
        (":(){ :|:& };:", "fork bomb"),
        (":() { : | : & } ; :", "fork bomb"),
        ("bomb(){ bomb|bomb& };bomb", "fork bomb"),
    ] {
        assert_eq!(check(command).map(|found| found.name), Some(rule), "{command}");
    }
}

#[test]
fn harmless_commands_pass() {
    for command in [
        "",
        "ls -rf",
        "rm file",
        "rm -r build",
        "rm -f file",
        "rm -f -- -r",
        "rm -i -- -rf",
        "grep -r sudo .",
        "grep -rf patterns .",
        "echo \"rm -rf\"",
        "echo 'rm -rf /; sudo ls'",
        "git commit -m 'rm -rf is refused now'",
        "git rm -rf --cached x",
        "ls # sudo rm -rf /",
        "man sudo",
        "cat mkfs.txt",
        "dd if=/dev/zero of=image bs=1M count=1",
        "dd if=image of=/dev/null",
        "chmod 777 x",
        "chmod -R 755 .",
        "f(){ ls|wc& };f",
        "find . -name 'rm -rf' -exec grep sudo {} +",
        "xargs grep sudo",
        "bash script.sh rm -rf",
    ] {
        assert_eq!(check(command).map(|rule| rule.name), None, "{command}");
    }
}

#[test]
fn commands_that_hand_on_without_end_are_refused() {
    let command = "env ".repeat(1_000) + "ls";
    assert_eq!(check(&command).map(|rule| rule.name), Some("unreadable"));
}

#[test]
fn the_reason_names_the_rule() {
    let reason = check("sudo ls").unwrap().reason();
    assert!(reason.starts_with("guard: refused by the rule \"sudo\": "), "{reason}");
}
