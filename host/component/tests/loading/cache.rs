//! Compiled code comes from the cache when it is certain to be what was put there, and only then.

use std::fs;
use std::path::Path;

use crate::quay::{Quay, component};

/// Writes the file anew, as the vault does: for this user alone.
fn overwrite(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_second_start_compiles_nothing() {
    let quay = Quay::new();
    let wasm = component("", "");
    for _ in 0..3 {
        let docking = quay.start(&wasm).await.map_err(|error| error.to_string()).unwrap();
        assert!(docking.registration.tools.is_empty());
        docking.instance.stop().await;
    }
    assert_eq!(quay.compiled(), 1);
    assert_eq!(quay.log(), "");
}

#[tokio::test]
async fn another_component_has_other_code() {
    let quay = Quay::new();
    assert!(quay.start(&component("", "")).await.is_ok());
    let broken = quay.start(&component("", "unreachable")).await.err().expect("its init traps").to_string();
    assert!(broken.contains("unreachable code"), "{broken}");
    assert_eq!(quay.compiled(), 2);
}

#[tokio::test]
async fn code_that_was_changed_is_compiled_again_and_the_log_says_so() {
    let quay = Quay::new();
    let wasm = component("", "");
    assert!(quay.start(&wasm).await.is_ok());
    let length = fs::metadata(quay.entry()).unwrap().len() as usize;
    for (round, place) in [0, 20, 40, 64, length / 2, length - 1].into_iter().enumerate() {
        overwrite(&quay.entry(), |bytes| bytes[place] ^= 1);
        assert!(quay.start(&wasm).await.is_ok(), "byte {place}");
        assert_eq!(quay.compiled(), round + 2, "byte {place}");
        let log = quay.log();
        assert!(log.contains("its compiled code in the cache is not used"), "byte {place}: {log}");
    }
    assert!(quay.start(&wasm).await.is_ok());
    assert_eq!(quay.compiled(), 7, "what was compiled again is kept");
}

#[tokio::test]
async fn code_of_another_component_or_version_is_not_taken() {
    let quay = Quay::new();
    let (wasm, other) = (component("", ""), component("(global i32 (i32.const 1))", ""));
    assert!(quay.start(&other).await.is_ok());
    let others = quay.entry();
    assert!(quay.start(&wasm).await.is_ok());
    let own = fs::read_dir(quay.cache()).unwrap().map(|entry| entry.unwrap().path());
    let own = own.into_iter().find(|path| *path != others).unwrap();
    fs::rename(&others, &own).unwrap();
    assert!(quay.start(&wasm).await.is_ok());
    assert_eq!(quay.compiled(), 3, "the other's code under this name");

    let name = own.file_name().unwrap().to_str().unwrap();
    let older = own.with_file_name(format!("{}0", &name[..name.len() - 1]));
    fs::rename(&own, &older).unwrap();
    assert!(quay.start(&wasm).await.is_ok());
    assert_eq!(quay.compiled(), 4, "a name of another version");
}

#[tokio::test]
async fn an_entry_that_is_no_code_of_this_engine_is_compiled_again() {
    let quay = Quay::new();
    let wasm = component("", "");
    assert!(quay.start(&wasm).await.is_ok());
    let name = quay.entry().file_name().unwrap().to_str().unwrap().to_owned();
    quay.vault().put(&name, b"put there by an older version").unwrap();
    assert!(quay.start(&wasm).await.is_ok());
    assert_eq!(quay.compiled(), 2);
    assert!(quay.log().contains("its compiled code in the cache is not used"));
    assert!(quay.start(&wasm).await.is_ok());
    assert_eq!(quay.compiled(), 2, "the entry was replaced");
}

#[cfg(unix)]
#[tokio::test]
async fn without_a_usable_directory_it_runs_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    let quay = Quay::new();
    let wasm = component("", "");
    fs::create_dir_all(quay.cache()).unwrap();
    fs::set_permissions(quay.cache(), fs::Permissions::from_mode(0o777)).unwrap();
    for round in 1..3 {
        assert!(quay.start(&wasm).await.is_ok());
        assert_eq!(quay.compiled(), round);
        assert!(quay.log().contains("its compiled code is not kept"));
    }
}

#[tokio::test]
async fn what_is_no_component_is_refused_before_anything_is_compiled() {
    let quay = Quay::new();
    for (bytes, word) in [
        (b"".as_slice(), "empty"),
        (b"(component)", "WebAssembly text"),
        (b"\0asm\x01\0\0\0", "core WebAssembly module"),
    ] {
        let error = quay.start(bytes).await.err().expect(word).to_string();
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(quay.compiled(), 0);
    let error = quay.start(b"\0asm\x0d\0\x01\0\x7f").await.err().expect("truncated").to_string();
    assert!(error.contains("cut off or damaged"), "{error}");
}
