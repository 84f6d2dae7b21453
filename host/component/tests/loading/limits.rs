//! Limits of memory and of compiling, with programs that stand in for the compiler.

use crate::quay::{Quay, component};

#[tokio::test]
async fn memory_that_is_denied_is_named_at_each_place() {
    let quay = Quay::new();
    let bomb = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    for (wasm, stage) in [
        (component("", bomb), "start"),
        (
            component(
                "(func $start i32.const 2000 memory.grow i32.const -1 i32.eq (if (then unreachable))) (start $start)",
                "",
            ),
            "instantiate",
        ),
        (component("(memory $second 2000)", ""), "instantiate"),
    ] {
        let error = quay.start(&wasm).await.err().expect(stage).to_string();
        assert!(error.contains("it wanted more than 64 MiB of memory"), "{error}");
        assert!(error.contains(&format!("\"smallest\": {stage}: ")), "{error}");
    }
    let wasm = component("(table 100001 funcref)", "");
    let error = quay.start(&wasm).await.err().expect("a large table").to_string();
    assert!(error.contains("it wanted more than 100000 table elements"), "{error}");
}

#[cfg(unix)]
mod compiling {
    use std::sync::Arc;
    use std::time::Duration;

    use wharf_component::ChildProcess;
    use wharf_extensions::limits::Bytes;

    use super::*;

    /// How a program that stands in for the compiler fails.
    async fn failure(quay: &Quay, script: &str) -> String {
        // SAFETY: none of these scripts writes code.
        let compiler = unsafe { Arc::new(ChildProcess::new("/bin/sh", ["-c", script])) };
        quay.start_with(&component("", ""), compiler).await.err().expect(script).to_string()
    }

    #[tokio::test]
    async fn a_compiler_that_never_ends_is_killed() {
        let mut quay = Quay::new();
        quay.limits.component.compile = Duration::from_millis(300);
        let pid = quay.home.path().join("pid");
        let error = failure(&quay, &format!("echo $$ > {}; exec sleep 600", pid.display())).await;
        assert!(error.contains("compile: compiling took longer than 300 ms; build it smaller"), "{error}");
        let pid: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
        let gone = async {
            while std::path::Path::new(&format!("/proc/{pid}")).exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("it still runs");
    }

    #[tokio::test]
    async fn what_ends_the_compiler_is_told() {
        let mut quay = Quay::new();
        quay.limits.component.compiled = Bytes::kib(64);
        for (script, expected) in [
            ("kill -XCPU $$", "compiling took longer than 60 s"),
            (
                "echo memory allocation of 99 bytes failed >&2; kill -ABRT $$",
                "compiling needed more than 4096 MiB",
            ),
            ("echo out of memory >&2; exit 1", "compiling needed more than 4096 MiB"),
            ("echo 'invalid leading byte' >&2; exit 3", "the component is not valid: invalid leading byte"),
            ("kill -KILL $$", "the compiler ended with killed by SIGKILL"),
            ("exit 1", "the compiler ended with exit status 1"),
            ("head -c 100000 /dev/zero", "compiling made more than 64 KiB of it"),
            ("cat /dev/zero", "compiling made more than 64 KiB of it"),
            ("cat", "what the compiler made cannot be used"),
        ] {
            let error = failure(&quay, script).await;
            assert!(error.contains(expected), "{script}: {error}");
        }
        assert!(!quay.cache().exists(), "nothing of this is kept");
    }

    #[tokio::test]
    async fn the_compiler_sees_no_environment() {
        let quay = Quay::new();
        let seen = quay.home.path().join("seen");
        failure(&quay, &format!("env > {}; exit 1", seen.display())).await;
        let seen = std::fs::read_to_string(seen).unwrap();
        let mut names: Vec<&str> = seen.lines().filter_map(|line| line.split('=').next()).collect();
        names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
        names.sort_unstable();
        assert_eq!(names, ["MALLOC_ARENA_MAX", "RAYON_NUM_THREADS"], "the shell's own apart");
    }

    #[tokio::test]
    async fn a_compiler_that_is_not_there_is_named() {
        let quay = Quay::new();
        // SAFETY: there is no such program.
        let compiler = unsafe { Arc::new(ChildProcess::new("/nowhere/wharf", ["ext-compile"])) };
        let error = quay.start_with(&component("", ""), compiler).await.err().unwrap().to_string();
        assert!(
            error.contains("the compiler cannot be started: the program /nowhere/wharf was not found"),
            "{error}"
        );
    }
}
