//! Whether what a manifest declares could be registered: the names and schemas that it holds. It is looked at for those
//! who write a manifest; a start looks at what is registered.

use std::collections::HashSet;
use std::path::Path;

use wharf_protocol::id::check_registered_name;

use super::Manifest;
use crate::admission::MAX_TIMEOUT_MS;
use crate::place;
use crate::schema::Schema;

impl Manifest {
    /// Goes through the tools and commands that are declared, each as it is when it is registered. One line for each
    /// mistake, with file, line and column in the text that the manifest was read from.
    #[must_use]
    pub fn check_declared(&self, text: &[u8], file: &Path) -> Vec<String> {
        let Some(wharf) = &self.wharf else { return Vec::new() };
        let mut told = Vec::new();
        let mut tell = |kind: &str, index: usize, key: &str, why: String| {
            let (line, column) = place::of(text, &["wharf", kind, &index.to_string(), key]);
            let file = file.display();
            told.push(format!("manifest: {file}:{line}:{column}: \"wharf.{kind}[{index}].{key}\": {why}"));
        };
        let mut names = HashSet::new();
        for (index, tool) in wharf.tools.iter().enumerate() {
            if let Some(why) = misnamed(&tool.name, &mut names) {
                tell("tools", index, "name", why);
            }
            if let Err(why) = Schema::compile(&tool.schema) {
                tell("tools", index, "schema", format!("{why}; the tool {:?} would be left out", tool.name));
            }
            if let Some(given) = tool.timeout_ms.filter(|given| !(1..=MAX_TIMEOUT_MS).contains(given)) {
                let why = format!("it is {given}; 1 to {MAX_TIMEOUT_MS} milliseconds are allowed");
                tell(
                    "tools",
                    index,
                    "timeout_ms",
                    format!("{why}; the tool {:?} would be left out", tool.name),
                );
            }
        }
        let mut names = HashSet::new();
        for (index, command) in wharf.commands.iter().enumerate() {
            if let Some(why) = misnamed(&command.name, &mut names) {
                tell("commands", index, "name", why);
            }
        }
        told
    }
}

fn misnamed<'a>(name: &'a str, names: &mut HashSet<&'a str>) -> Option<String> {
    match check_registered_name(name) {
        Err(error) => Some(error.to_string()),
        Ok(()) if !names.insert(name) => Some(format!("{name:?} is declared twice; keep one")),
        Ok(()) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_schemas_are_looked_at_where_they_stand() {
        let text = "{\"name\":\"x\",\"exec\":\"x\",\"wharf\":{\"api\":\"0.1\",\n \"tools\":[{\"name\":\"ok\"},\n  \
            {\"name\":\"a b\",\n   \"schema\":{\"type\":\"objekt\"}},\n  {\"schema\":[],\"name\":\"ok\"}],\n \
            \"commands\":[{\"name\":\"\"}]}}";
        let manifest = Manifest::read(text.as_bytes(), Path::new("m")).unwrap().manifest;
        let told = manifest.check_declared(text.as_bytes(), Path::new("m"));
        for (line, expected) in told.iter().zip([
            "manifest: m:3:4: \"wharf.tools[1].name\": the name \"a b\" holds ' '",
            "manifest: m:4:4: \"wharf.tools[1].schema\": at /type: \"objekt\" is no type",
            "manifest: m:5:16: \"wharf.tools[2].name\": \"ok\" is declared twice",
            "manifest: m:5:4: \"wharf.tools[2].schema\": a schema must be an object",
            "manifest: m:6:15: \"wharf.commands[0].name\": the name is empty",
        ]) {
            assert!(line.starts_with(expected), "{line}");
        }
        assert_eq!(told.len(), 5, "{told:?}");
    }
}
