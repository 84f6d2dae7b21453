//! What a component is made of, held against what its manifest says.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use wharf_component::{Anatomy, examine};
use wharf_extensions::error::Fault;
use wharf_extensions::limits::ComponentLimits;
use wharf_extensions::manifest::Manifest;
use wharf_extensions::section;

use super::{Report, size};

impl Report {
    pub(super) fn component(&mut self, file: &Path, manifest: &Manifest) {
        self.size = size(file);
        self.errors.extend(disagreement(file, manifest));
        match read_component(file) {
            Ok(anatomy) => {
                self.api = anatomy.api().map(ToOwned::to_owned).or(self.api.take());
                self.link(&anatomy, manifest);
                (self.imports, self.exports) = (anatomy.imports, anatomy.exports);
            }
            // What is not there at all has been told.
            Err(error) if self.errors.is_empty() => self.errors.push(error),
            Err(_) => {}
        }
    }

    /// Holds what it exports against what the host has and what its manifest declares.
    fn link(&mut self, anatomy: &Anatomy, manifest: &Manifest) {
        for import in anatomy.unknown_imports() {
            let what = "the host has no such import; it would be refused";
            self.errors.push(format!("import {import}: {what}"));
        }
        if !anatomy.exports("lifecycle") {
            let ours = wharf_extensions::manifest::API;
            let what = format!("it exports no wharf:extension/lifecycle@{ours}: build it for that world");
            self.errors.push(format!("{what} (in Rust: `wharf_guest::export!(Type)`)"));
            return;
        }
        let declared = manifest.declared().unwrap_or_default();
        let hooks = declared.hooks.iter().map(|hook| {
            (format!("the hook {}", hook.on), format!("hook-{}", hook.on.as_str().replace('_', "-")))
        });
        let needed = [
            (!declared.tools.is_empty()).then_some(("tools", "tools")),
            (!declared.commands.is_empty()).then_some(("commands", "commands")),
            (!declared.events.is_empty()).then_some(("events", "events")),
        ];
        let needed = needed.into_iter().flatten().map(|(what, name)| (what.to_owned(), name.to_owned()));
        for (what, interface) in needed.chain(hooks) {
            if !anatomy.exports(&interface) {
                let missing = format!("the component exports no wharf:extension/{interface}");
                self.errors.push(format!("the manifest declares {what}, and {missing}"));
            }
        }
    }
}

/// A component that lies beside a manifest may hold one too; then both must speak of the same extension.
fn disagreement(file: &Path, manifest: &Manifest) -> Option<String> {
    let bytes = std::fs::read(file).ok()?;
    let inner = match section::manifest(&bytes) {
        Ok(inner) => inner?,
        Err(section::SectionError::Malformed(_)) => return None,
        Err(error) => return Some(format!("{}: {error}", file.display())),
    };
    match Manifest::read(inner, file) {
        Ok(inner) if inner.manifest.name == manifest.name => None,
        Ok(inner) => {
            let (inner, outer) = (inner.manifest.name, &manifest.name);
            let what =
                format!("its own manifest names it \"{inner}\", extension.json \"{outer}\"; use one name");
            Some(format!("{}: {what}", file.display()))
        }
        Err(error) => Some(format!("manifest: {error}")),
    }
}

/// Reads a component and looks it through.
pub(crate) fn read_component(file: &Path) -> Result<Anatomy, String> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    let most = ComponentLimits::STANDARD.file.wide();
    let bytes = || -> std::io::Result<Vec<u8>> {
        // A pipe would be waited for.
        if !std::fs::metadata(file)?.is_file() {
            return Err(std::io::Error::other("it is not a regular file"));
        }
        let mut bytes = Vec::new();
        File::open(file)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = bytes().map_err(|error| told(&error))?;
    if bytes.len() as u64 > most {
        return Err(told(&format!("it has more than {most} bytes")));
    }
    examine(&bytes).map_err(|fault| match &fault {
        Fault::Invalid { hint: Some(hint), .. } => told(&format!("{fault}; {hint}")),
        _ => told(&fault),
    })
}
