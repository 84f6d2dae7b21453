//! New names that the user's configuration gives to something that is not there.

use crate::docked::Docked;
use crate::registry::Renames;
use crate::suggestion::did_you_mean;

/// The names of tools and commands that an extension is to have and has not, one line each.
pub(crate) fn unused(renames: &Renames, docked: &Docked) -> Vec<String> {
    let Some(renames) = renames.get(docked.id.as_str()) else { return Vec::new() };
    let registration = &docked.registration;
    let tools = registration.tools.iter().map(|tool| tool.name.as_str());
    let names: Vec<&str> =
        tools.chain(registration.commands.iter().map(|command| command.name.as_str())).collect();
    let mut unused: Vec<&String> = renames.keys().filter(|name| !names.contains(&name.as_str())).collect();
    unused.sort();
    let id = &docked.id;
    let told = unused.into_iter().map(|name| {
        let meant = did_you_mean(name, names.iter().copied());
        format!(
            "extension \"{id}\": register: it has no tool and no command {name:?}, which \
             [extensions.{id}.rename] in config.toml gives another name{meant}; mend or remove that line"
        )
    });
    told.collect()
}
