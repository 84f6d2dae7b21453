//! Which environment variables a child does not get to see.

/// Those of the named variables that this process has, and that a child would therefore have inherited: sorted,
/// each once. `keep` names those that the child is given all the same.
#[must_use]
pub fn withheld<'a>(names: impl IntoIterator<Item = &'a str>, keep: &[String]) -> Vec<String> {
    present(names, keep, |name| std::env::var_os(name).is_some())
}

fn present<'a>(
    names: impl IntoIterator<Item = &'a str>,
    keep: &[String],
    is_set: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut found: Vec<String> = names
        .into_iter()
        .filter(|name| is_variable_name(name) && !keep.iter().any(|kept| kept == name) && is_set(name))
        .map(ToOwned::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The system's own functions answer other names with a panic or an error.
fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_that_are_set_and_not_kept_are_named() {
        let is_set = |name: &str| name != "ABSENT";
        let keep = ["KEPT".to_owned()];
        let found = present(["B_KEY", "ABSENT", "A_KEY", "KEPT", "A_KEY", "", "X=Y", "NUL\0"], &keep, is_set);
        assert_eq!(found, ["A_KEY", "B_KEY"]);
    }
}
