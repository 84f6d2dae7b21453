//! What extensions draw: panels and dialogs.

use wharf_protocol::id::ExtensionId;
use wharf_protocol::panel::Panel;
use wharf_protocol::request::Request;

use super::{name, of, text};
use crate::json::Node;

pub(super) fn panel(extension: &ExtensionId, panel: &Panel) -> Node {
    let lines = panel.lines.iter().map(|line| text(line)).collect();
    of(
        "ext_panel",
        [
            ("extension", name(extension)),
            ("footer", text(&panel.footer)),
            ("id", text(&panel.id)),
            ("lines", lines),
            ("title", text(&panel.title)),
        ],
    )
}

/// None: it is no dialog.
pub(super) fn dialog(extension: &ExtensionId, id: u64, dialog: &Request) -> Option<Node> {
    let (kind, title, more) = match dialog {
        Request::Select { title, choices } => {
            ("select", title, ("choices", choices.iter().map(|choice| text(choice)).collect()))
        }
        Request::Confirm { title, text: more } => ("confirm", title, ("text", text(more))),
        Request::Input { title, text: more } => ("input", title, ("text", text(more))),
        _ => return None,
    };
    let fields = [
        ("extension", name(extension)),
        ("id", id.into()),
        ("kind", text(kind)),
        ("title", text(title)),
        more,
    ];
    Some(of("ext_dialog", fields))
}
