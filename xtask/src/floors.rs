//! Who may depend on whom: floors go strictly down, the host and the guest tower do not know each other, and each
//! heavy dependency has its owner. Every package says where it stands:
//! `[package.metadata.wharf] floor = 2, tower = "host"` (the default), `"guest"`, `"test"` or `"tool"`.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use cargo_metadata::{DependencyKind, Metadata, Package};

use crate::workspace;

/// A dependency (or, with `*`, all that begin so) and the packages that may have it.
const OWNERS: [(&str, &[&str]); 3] = [
    // The bench calls wasmtime itself: that is the limit which the backend is held against.
    ("wasmtime*", &["wharf-component", "wharf-bench"]),
    ("ratatui", &["wharf-tui"]),
    ("reqwest", &["wharf-providers", "wharf-component"]),
];
/// Floor 0: it depends on nothing of ours, not even in its tests.
const FOUNDATION: &str = "wharf-protocol";

/// Checks the workspace and prints each violation.
pub fn run() -> Result<()> {
    let stones = stones(&workspace::read()?);
    let violations = violations(&stones);
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => {
            println!("floors: {} packages stand as planned", stones.len());
            Ok(())
        }
        count => bail!("floors: {count} violations"),
    }
}

/// What a package says about itself, and what it depends on.
#[derive(Debug)]
struct Stone {
    name: String,
    floor: Option<u64>,
    tower: String,
    /// Names, and whether for tests only.
    dependencies: Vec<(String, bool)>,
}

fn stones(metadata: &Metadata) -> Vec<Stone> {
    metadata.workspace_packages().into_iter().map(stone).collect()
}

fn stone(package: &Package) -> Stone {
    let place = package.metadata.get("wharf");
    let tower = place.and_then(|place| place.get("tower")).and_then(|tower| tower.as_str());
    let dependencies = package.dependencies.iter();
    Stone {
        name: package.name.to_string(),
        floor: place.and_then(|place| place.get("floor")?.as_u64()),
        tower: tower.unwrap_or("host").to_owned(),
        dependencies: dependencies.map(|d| (d.name.clone(), d.kind == DependencyKind::Development)).collect(),
    }
}

fn violations(stones: &[Stone]) -> Vec<String> {
    let ours: BTreeMap<&str, &Stone> = stones.iter().map(|stone| (stone.name.as_str(), stone)).collect();
    let mut found = Vec::new();
    for stone in stones {
        found.extend(misplaced(stone));
        for (dependency, for_tests) in &stone.dependencies {
            found.extend(foreign_owner(stone, dependency));
            if let Some(below) = ours.get(dependency.as_str()) {
                found.extend(between(stone, below, *for_tests));
            }
        }
    }
    found
}

fn misplaced(stone: &Stone) -> Option<String> {
    let name = &stone.name;
    if stone.floor.is_none() {
        return Some(format!("{name} declares no floor: [package.metadata.wharf] floor = N"));
    }
    let known = matches!(stone.tower.as_str(), "host" | "guest" | "test" | "tool");
    (!known)
        .then(|| format!("{name} declares the tower {:?}: there are host, guest, test and tool", stone.tower))
}

fn foreign_owner(stone: &Stone, dependency: &str) -> Option<String> {
    let matches = |pattern: &str| match pattern.strip_suffix('*') {
        Some(beginning) => dependency.starts_with(beginning),
        None => dependency == pattern,
    };
    let (_, owners) = OWNERS.iter().find(|(pattern, _)| matches(pattern))?;
    let Stone { name, tower, .. } = stone;
    (!owners.contains(&name.as_str())).then(|| {
        format!(
            "{name} ({tower} {}) depends on {dependency}: only {} may",
            floor(stone),
            owners.join(" and ")
        )
    })
}

/// What is wrong with one of our packages depending on another.
fn between(stone: &Stone, below: &Stone, for_tests: bool) -> Option<String> {
    let apart = matches!((stone.tower.as_str(), below.tower.as_str()), ("host", "guest") | ("guest", "host"));
    let rule = if stone.name == FOUNDATION {
        "it depends on nothing of ours"
    } else if for_tests {
        return None;
    } else if matches!(below.tower.as_str(), "test" | "tool") && below.tower != stone.tower {
        "what serves tests and tasks is no part of the product"
    } else if apart && below.floor != Some(0) {
        "the host and the guest tower do not know each other"
    } else if stone.floor <= below.floor {
        "a package depends on strictly lower floors"
    } else {
        return None;
    };
    Some(format!(
        "{} ({} {}) depends on {} ({} {}): {rule}",
        stone.name,
        stone.tower,
        floor(stone),
        below.name,
        below.tower,
        floor(below)
    ))
}

fn floor(stone: &Stone) -> String {
    stone.floor.map_or_else(|| "without a floor".to_owned(), |floor| format!("floor {floor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stone(name: &str, tower: &str, floor: u64, dependencies: &[&str]) -> Stone {
        let dependencies = dependencies.iter().map(|d| ((*d).to_owned(), false)).collect();
        Stone { name: name.to_owned(), floor: Some(floor), tower: tower.to_owned(), dependencies }
    }

    /// The violations when these stand on a common foundation.
    fn check(stones: impl IntoIterator<Item = Stone>) -> Vec<String> {
        let mut all = vec![stone(FOUNDATION, "host", 0, &["serde"])];
        all.extend(stones);
        violations(&all)
    }

    #[test]
    fn both_towers_stand_on_the_foundation_and_tests_on_everything() {
        let house = [
            stone("ports", "host", 1, &[FOUNDATION]),
            stone("agent", "host", 2, &["ports", FOUNDATION, "tokio"]),
            stone("wharf-component", "host", 3, &["agent", "wasmtime", "wasmtime-wasi", "reqwest"]),
            stone("sdk", "guest", 1, &[FOUNDATION]),
            stone("guard", "guest", 2, &["sdk"]),
            stone("suite", "test", 5, &["guard", "agent"]),
            stone("xtask", "tool", 6, &["suite2", "agent"]),
        ];
        assert_eq!(check(house), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_that_does_not_go_down_is_named_with_both_floors() {
        let found =
            check([stone("a", "host", 2, &["b"]), stone("b", "host", 2, &["c"]), stone("c", "host", 3, &[])]);
        let expected = [
            "a (host floor 2) depends on b (host floor 2): a package depends on strictly lower floors",
            "b (host floor 2) depends on c (host floor 3): a package depends on strictly lower floors",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_towers_do_not_know_each_other() {
        let found = check([
            stone("sdk", "guest", 1, &[]),
            stone("agent", "host", 2, &["sdk"]),
            stone("guard", "guest", 3, &["agent"]),
        ]);
        let rule = "the host and the guest tower do not know each other";
        let expected = [
            format!("agent (host floor 2) depends on sdk (guest floor 1): {rule}"),
            format!("guard (guest floor 3) depends on agent (host floor 2): {rule}"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_product_does_not_depend_on_what_tests_it() {
        let found = check([stone("support", "test", 1, &[]), stone("agent", "host", 2, &["support"])]);
        let rule = "what serves tests and tasks is no part of the product";
        assert_eq!(found, [format!("agent (host floor 2) depends on support (test floor 1): {rule}")]);
    }

    #[test]
    fn dependencies_of_tests_go_anywhere_but_not_from_the_foundation() {
        let mut agent = stone("agent", "host", 1, &[]);
        agent.dependencies.push(("support".to_owned(), true));
        let mut foundation = stone(FOUNDATION, "host", 0, &[]);
        foundation.dependencies.push(("support".to_owned(), true));
        let found = violations(&[stone("support", "test", 5, &[]), agent, foundation]);
        let expected =
            "wharf-protocol (host floor 0) depends on support (test floor 5): it depends on nothing of ours";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn heavy_dependencies_have_owners() {
        let found = check([stone("agent", "host", 2, &["wasmtime-wasi", "ratatui", "reqwest"])]);
        let expected = [
            "agent (host floor 2) depends on wasmtime-wasi: only wharf-component and wharf-bench may",
            "agent (host floor 2) depends on ratatui: only wharf-tui may",
            "agent (host floor 2) depends on reqwest: only wharf-providers and wharf-component may",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_package_without_a_place_is_named() {
        let homeless = Stone { floor: None, ..stone("a", "host", 0, &[]) };
        let found = check([homeless, stone("b", "attic", 1, &[])]);
        let expected = [
            "a declares no floor: [package.metadata.wharf] floor = N",
            "b declares the tower \"attic\": there are host, guest, test and tool",
        ];
        assert_eq!(found, expected);
    }
}
