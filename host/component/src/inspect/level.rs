//! Components and modules inside each other, and how many instances come of them: each instantiation of a component is
//! compiled anew, so that instances within instances multiply.

use wasmparser::{
    ComponentAlias, ComponentAliasSectionReader, ComponentExportSectionReader, ComponentExternalKind,
    ComponentImportSectionReader, ComponentInstance, ComponentInstanceSectionReader, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, Instance, InstanceSectionReader,
};
use wharf_extensions::error::Fault;
use wharf_protocol::text::harmless_line;

use super::{malformed, too_much};

/// Components inside components, the outermost apart.
const NESTING: usize = 4;
/// What one component imports; and what it exports.
const LINKS: usize = 200;
/// A name that a component imports or exports, in bytes.
const NAME: usize = 128;
/// Instances of components and core modules, those within instances counted each time. A component that was built from
/// twenty others has some hundreds.
const INSTANCES: u64 = 10_000;

/// From the outermost component to what is being read.
#[derive(Default)]
pub(super) struct Levels(Vec<Level>);

/// One component or module.
struct Level {
    is_component: bool,
    imports: usize,
    exports: usize,
    /// How many instances each component that can be named here stands for.
    components: Vec<u64>,
    /// How many instances this one stands for.
    instances: u64,
}

impl Levels {
    pub(super) fn begin(&mut self, encoding: Encoding) -> Result<(), Fault> {
        let is_component = encoding == Encoding::Component;
        if is_component && self.0.len() > NESTING {
            return Err(too_much(format!("it has components nested deeper than {NESTING} levels")));
        }
        self.0.push(Level { is_component, imports: 0, exports: 0, components: Vec::new(), instances: 1 });
        Ok(())
    }

    pub(super) fn end(&mut self) {
        if let Some(level) = self.0.pop()
            && level.is_component
            && let Some(outer) = self.0.last_mut()
        {
            outer.components.push(level.instances);
        }
    }

    pub(super) fn imports(&mut self, section: ComponentImportSectionReader<'_>) -> Result<(), Fault> {
        for import in section {
            let import = import.map_err(|error| malformed(&error))?;
            check_name("an import", import.name.name)?;
            let Some(level) = self.0.last_mut() else { continue };
            level.imports += 1;
            if level.imports > LINKS {
                return Err(too_much(format!("it has more than {LINKS} imports")));
            }
            if let ComponentTypeRef::Component(_) = import.ty {
                return Err(passed_around());
            }
        }
        Ok(())
    }

    pub(super) fn exports(&mut self, section: ComponentExportSectionReader<'_>) -> Result<(), Fault> {
        for export in section {
            let export = export.map_err(|error| malformed(&error))?;
            check_name("an export", export.name.name)?;
            let Some(level) = self.0.last_mut() else { continue };
            level.exports += 1;
            if level.exports > LINKS {
                return Err(too_much(format!("it has more than {LINKS} exports")));
            }
            if export.kind == ComponentExternalKind::Component {
                return Err(passed_around());
            }
        }
        Ok(())
    }

    pub(super) fn aliases(&mut self, section: ComponentAliasSectionReader<'_>) -> Result<(), Fault> {
        for alias in section {
            match alias.map_err(|error| malformed(&error))? {
                ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                    let stands_for = self.outer(count, index);
                    if let Some(level) = self.0.last_mut() {
                        level.components.push(stands_for);
                    }
                }
                ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                    return Err(passed_around());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a component of an enclosing level stands for; one that is not there is for the validator to refuse.
    fn outer(&self, count: u32, index: u32) -> u64 {
        let up = usize::try_from(count).unwrap_or(usize::MAX).saturating_add(1);
        let level = self.0.len().checked_sub(up).and_then(|at| self.0.get(at));
        level.map_or(1, |level| level.component(index))
    }

    pub(super) fn instances(&mut self, section: ComponentInstanceSectionReader<'_>) -> Result<(), Fault> {
        for instance in section {
            let made = match instance.map_err(|error| malformed(&error))? {
                ComponentInstance::Instantiate { component_index, .. } => {
                    self.0.last().map_or(1, |level| level.component(component_index))
                }
                ComponentInstance::FromExports(_) => 1,
            };
            self.made(made)?;
        }
        Ok(())
    }

    pub(super) fn core_instances(&mut self, section: InstanceSectionReader<'_>) -> Result<(), Fault> {
        for instance in section {
            let (Instance::Instantiate { .. } | Instance::FromExports(_)) =
                instance.map_err(|error| malformed(&error))?;
            self.made(1)?;
        }
        Ok(())
    }

    fn made(&mut self, more: u64) -> Result<(), Fault> {
        let Some(level) = self.0.last_mut() else { return Ok(()) };
        level.instances = level.instances.saturating_add(more);
        if level.instances > INSTANCES {
            return Err(too_much(format!("it stands for more than {INSTANCES} instances")));
        }
        Ok(())
    }
}

impl Level {
    fn component(&self, index: u32) -> u64 {
        let known = usize::try_from(index).ok().and_then(|index| self.components.get(index));
        known.copied().unwrap_or(1)
    }
}

fn check_name(what: &str, name: &str) -> Result<(), Fault> {
    if name.len() <= NAME {
        return Ok(());
    }
    let (length, shown) = (name.len(), harmless_line(name, 32));
    Err(too_much(format!("the name of {what} has {length} bytes, {NAME} are allowed: \"{shown}\"")))
}

/// A component that is handed to another one could be instantiated there any number of times, unseen.
fn passed_around() -> Fault {
    too_much("it imports or exports a component as a value".to_owned())
}
