//! The extension as a component: `export!` hands the exports of the WIT world to [`Adapter`], which calls the trait.

pub mod adapter;
pub mod convert;
pub mod imports;

#[allow(missing_docs, clippy::all, reason = "generated code")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "extension",
        pub_export_macro: true,
        export_macro_name: "export_extension",
        default_bindings_module: "wharf_guest::component::bindings",
    });
}

pub use adapter::Adapter;
