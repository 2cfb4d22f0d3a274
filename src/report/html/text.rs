//! Numbers, dates and texts as the page shows them.

use jiff::Timestamp;

/// A name of more bytes may break over lines on a wide screen.
pub(super) const MOST_ON_ONE_LINE: usize = 48;

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

/// A name, cut where a line may break in it: never within a word of an address.
pub(super) fn pieces(name: &str) -> impl Iterator<Item = &str> {
    name.split_inclusive(['@', '.', '_', '+', '/', ':'])
}
