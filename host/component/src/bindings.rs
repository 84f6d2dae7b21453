//! The types that `wit/` becomes on the host's side.

#![allow(missing_docs, clippy::all, reason = "generated; the WIT files hold the documentation")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "extension",
    imports: {
        // They wait: for the user, for the disk.
        "wharf:extension/dialogs": async | trappable,
        "wharf:extension/store": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});
