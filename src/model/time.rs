//! Times as people read them.

use jiff::Timestamp;

/// A time to the minute: `2026-01-02 03:04 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The same for mails and pages, where no line may end within it.
pub(crate) fn unbroken_minute(at: Timestamp) -> String {
    minute(at).replace(' ', NO_BREAK)
}

/// A space at which no line ends.
pub(crate) const NO_BREAK: &str = "\u{a0}";

/// A number with its noun: `1 action`, `2 actions`.
pub(crate) fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_agrees_with_its_number() {
        assert_eq!([counted(0, "day"), counted(1, "day"), counted(2, "day")], ["0 days", "1 day", "2 days"]);
    }
}
