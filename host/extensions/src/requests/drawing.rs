//! What is drawn or submitted: checked, made harmless, counted against the rations. Whether it is done at once is decided
//! after that (`footing`).

use wharf_ports::call::Cause;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::panel::Panel;
use wharf_protocol::request::{Request, RequestError};
use wharf_protocol::text::{harmless, harmless_line, harmless_styled};

use super::{LINE, TEXT};
use crate::ration::Rations;

/// Rows of a panel.
const ROWS: usize = 1000;

/// Something that shows, and that may be done.
#[derive(Debug)]
pub(crate) enum Drawing {
    Submit(String, Cause),
    Insert(String),
    Display(String),
    Status(String),
    OpenPanel(Panel),
    RenderPanel(Panel),
    ClosePanel(String),
}

impl Drawing {
    /// What a request asks for.
    pub(crate) fn of(
        by: &ExtensionId,
        rations: &Rations,
        cause: Option<Cause>,
        request: Request,
    ) -> Result<Self, RequestError> {
        Ok(match request {
            Request::Submit { text } => {
                check(&text, "a prompt")?;
                Self::Submit(text, rations.prompt(cause)?)
            }
            Request::Insert { text } => {
                check(&text, "a text")?;
                rations.draw()?;
                Self::Insert(harmless(&text))
            }
            Request::Display { text } => {
                check(&text, "a text")?;
                rations.display()?;
                Self::Display(text)
            }
            Request::Status { text } => {
                rations.draw()?;
                Self::Status(harmless_line(&text, LINE))
            }
            Request::OpenPanel { panel } => {
                rations.draw()?;
                Self::OpenPanel(drawable(by, panel)?)
            }
            _ => return Err(RequestError::unavailable("that is not done at once")),
        })
    }

    /// A panel, drawn anew; an empty title keeps the one before.
    pub(crate) fn anew(by: &ExtensionId, panel: Panel) -> Result<Self, RequestError> {
        let empty = panel.title.is_empty();
        let mut panel = drawable(by, panel)?;
        if empty {
            panel.title.clear();
        }
        Ok(Self::RenderPanel(panel))
    }

    /// Whether it needs a screen.
    pub(crate) fn needs_screen(&self) -> bool {
        !matches!(self, Self::Submit(..) | Self::Display(_))
    }

    /// Whether it changes what stays on the screen in the extension's name.
    pub(crate) fn lasts(&self) -> bool {
        match self {
            Self::Status(_) | Self::OpenPanel(_) | Self::RenderPanel(_) | Self::ClosePanel(_) => true,
            Self::Submit(..) | Self::Insert(_) | Self::Display(_) => false,
        }
    }
}

fn check(text: &str, what: &str) -> Result<(), RequestError> {
    if text.trim().is_empty() {
        return Err(RequestError::invalid(format!("{what} must not be empty")));
    }
    if text.len() > TEXT {
        return Err(RequestError::TooLarge { limit: TEXT as u64 });
    }
    Ok(())
}

/// A panel whose rows are rows, and harmless; colours stay.
///
/// # Errors
/// [`RequestError::Invalid`], [`RequestError::TooLarge`].
pub fn drawable(by: &ExtensionId, panel: Panel) -> Result<Panel, RequestError> {
    if panel.id.is_empty() || panel.id.len() > LINE {
        return Err(RequestError::invalid(format!("a panel's id has 1 to {LINE} bytes")));
    }
    if panel.lines.len() > ROWS {
        return Err(RequestError::invalid(format!("a panel has at most {ROWS} rows")));
    }
    let bytes: usize = panel.lines.iter().map(String::len).sum();
    if bytes > TEXT {
        return Err(RequestError::TooLarge { limit: TEXT as u64 });
    }
    let row = |text: &str| harmless_styled(text).replace('\n', "\\u{a}");
    let title = if panel.title.trim().is_empty() { by.as_str() } else { &panel.title };
    let (title, lines) = (harmless_line(title, LINE), panel.lines.iter().map(|line| row(line)).collect());
    let footer = panel.footer.get(..panel.footer.floor_char_boundary(LINE)).map(row).unwrap_or_default();
    Ok(Panel { id: panel.id, title, lines, footer })
}
