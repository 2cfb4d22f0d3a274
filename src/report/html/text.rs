//! Numbers, dates and texts as the page shows them.

use jiff::Timestamp;

/// A share in whole percent, which is 100 only when nothing is missing.
pub(super) fn percent(part: usize, whole: usize) -> String {
    match whole {
        0 => "–".into(),
        _ => format!("{}%", part * 100 / whole),
    }
}

pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A text, cut where code begins and ends.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let code = |nth: usize| nth % 2 == 1;
    text.split('`').enumerate().map(|(nth, part)| Part { code: code(nth), text: part.to_owned() }).collect()
}

/// A piece of a text.
pub(super) struct Part {
    pub(crate) code: bool,
    pub(crate) text: String,
}
