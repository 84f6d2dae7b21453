//! The types that `wit/` becomes on the host's side.

#![allow(missing_docs, clippy::all, reason = "generated; the WIT files hold the documentation")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "extension",
    imports: { default: trappable },
    exports: { default: async },
});
