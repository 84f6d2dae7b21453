//! Lists of hooks: what they guard of what others guarded, and how they are kept short.

use std::collections::BTreeSet;

use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};

/// Longest list of hooks that is kept of one extension, as JSON, in bytes. A longer one is kept without its tools, which
/// guards more.
const HOOKS: usize = 8 << 10;

/// What is kept of a list of hooks.
pub(crate) fn short(hooks: &[HookSpec]) -> Vec<HookSpec> {
    match serde_json::to_vec(hooks).is_ok_and(|text| text.len() <= HOOKS) {
        true => hooks.to_vec(),
        false => bare(hooks),
    }
}

/// One hook for each point, on all tools, that closes where one of them closes.
pub(crate) fn bare(hooks: &[HookSpec]) -> Vec<HookSpec> {
    let points = HookPoint::ALL.into_iter().filter_map(|point| {
        let here = hooks.iter().filter(|hook| hook.on == point);
        let policy = here.map(|hook| hook.on_failure).reduce(stricter)?;
        Some(HookSpec { on_failure: policy, ..HookSpec::on(point) })
    });
    points.collect()
}

/// What is undeclared may close.
fn stricter(one: Option<OnFailure>, other: Option<OnFailure>) -> Option<OnFailure> {
    match (one, other) {
        (Some(OnFailure::Closed), _) | (_, Some(OnFailure::Closed)) => Some(OnFailure::Closed),
        (None, _) | (_, None) => None,
        (Some(OnFailure::Open), Some(OnFailure::Open)) => Some(OnFailure::Open),
    }
}

/// What the hooks of `now` do not guard of what those of `before` guarded.
pub(crate) fn uncovered(before: &[HookSpec], now: &[HookSpec]) -> Vec<HookSpec> {
    let left = before.iter().filter_map(|hook| {
        let here = || now.iter().filter(|other| other.on == hook.on);
        if here().any(is_on_all) {
            return None;
        }
        if is_on_all(hook) {
            return Some(hook.clone());
        }
        let guarded: BTreeSet<&String> = here().flat_map(|other| &other.tools).collect();
        let tools: Vec<String> = hook.tools.iter().filter(|tool| !guarded.contains(tool)).cloned().collect();
        (!tools.is_empty()).then(|| HookSpec { tools, ..hook.clone() })
    });
    left.collect()
}

/// What either of them guards.
pub(super) fn united(before: &[HookSpec], now: &[HookSpec]) -> Vec<HookSpec> {
    let mut all = before.to_vec();
    all.extend(uncovered(now, before));
    short(&all)
}

fn is_on_all(hook: &HookSpec) -> bool {
    let looks_at_tools = matches!(hook.on, HookPoint::ToolCall | HookPoint::ToolResult);
    !looks_at_tools || hook.tools.is_empty() || hook.tools.iter().any(|tool| tool == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(tools: &[&str]) -> HookSpec {
        HookSpec::on(HookPoint::ToolCall).tools(tools.iter().copied()).on_failure(OnFailure::Closed)
    }

    #[test]
    fn what_is_guarded_no_more_is_left() {
        assert_eq!(uncovered(&[on(&["bash", "read"])], &[on(&["read"]), on(&["x"])]), [on(&["bash"])]);
        assert_eq!(uncovered(&[on(&[])], &[on(&["bash"])]), [on(&[])]);
        for now in [on(&[]), on(&["*"]), on(&["read", "bash"])] {
            assert_eq!(uncovered(&[on(&["bash"])], std::slice::from_ref(&now)), [], "{now:?}");
        }
        let prompt = HookSpec::on(HookPoint::Prompt).on_failure(OnFailure::Closed);
        let before = [prompt.clone(), on(&["bash"])];
        assert_eq!(uncovered(&before, &[on(&[])]), before[..1]);
        assert_eq!(uncovered(&before, &[prompt.clone().tools(["idle"])]), [on(&["bash"])]);
        let all = united(&before, &[on(&["bash"]), on(&["read"])]);
        assert_eq!(all, [prompt, on(&["bash"]), on(&["read"])]);
        assert_eq!(united(&all, &[on(&["read"])]), all);
    }

    #[test]
    fn without_tools_more_is_guarded() {
        let open = HookSpec::on(HookPoint::ToolCall).on_failure(OnFailure::Open);
        let undeclared = HookSpec::on(HookPoint::ToolCall);
        assert_eq!(bare(&[open.clone(), on(&["bash"])]), [on(&[])]);
        assert_eq!(bare(&[open.clone(), undeclared.clone()]), [undeclared]);
        assert_eq!(bare(&[open.clone().tools(["x"])]), [open]);
    }
}
