//! Dialogs: what may be asked, and which answer fits.

use wharf_protocol::request::{Reply, Request, RequestError};
use wharf_protocol::text::{harmless, harmless_line};

use super::{LINE, TEXT};

/// Choices of one dialog.
const CHOICES: usize = 200;

/// A dialog whose texts a face can show as they are.
pub(super) fn dialog(request: Request) -> Result<Request, RequestError> {
    let line = |text: &str| harmless_line(text, LINE);
    let paragraph = |text: String| match text.len() > TEXT {
        true => Err(RequestError::TooLarge { limit: TEXT as u64 }),
        false => Ok(harmless(&text)),
    };
    match request {
        Request::Select { choices, .. } if choices.is_empty() || choices.len() > CHOICES => {
            Err(RequestError::invalid(format!("a dialog has 1 to {CHOICES} choices")))
        }
        Request::Select { title, choices } => {
            Ok(Request::Select { title: line(&title), choices: choices.iter().map(|it| line(it)).collect() })
        }
        Request::Confirm { title, text } => {
            Ok(Request::Confirm { title: line(&title), text: paragraph(text)? })
        }
        Request::Input { title, text } => Ok(Request::Input { title: line(&title), text: line(&text) }),
        _ => Err(RequestError::invalid("that is no dialog")),
    }
}

/// Whether it can be an answer to that.
pub(super) fn fits(dialog: &Request, answer: &Reply) -> bool {
    match (dialog, answer) {
        (Request::Select { choices, .. }, Reply::Choice { index }) => {
            usize::try_from(*index).is_ok_and(|index| index < choices.len())
        }
        (Request::Confirm { .. }, Reply::Confirmed { .. }) | (Request::Input { .. }, Reply::Text { .. }) => {
            true
        }
        _ => false,
    }
}
