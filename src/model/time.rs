//! Times as people read them.

use jiff::Timestamp;

/// A time to the minute: `2026-01-02 03:04 UTC`.
pub fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A text whose times are written so.
pub fn readable(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ';', ':', '.', ')']);
        match bare.parse::<Timestamp>() {
            Ok(at) => format!("{}{}", minute(at), &word[bare.len()..]),
            Err(_) => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A number with its noun: `1 action`, `2 actions`.
pub fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_a_text_are_written_for_people_and_nothing_else_is() {
        let text = readable("superseded 2026-01-02T03:04:05Z, it stays active until 2026-01-03T03:04:05.5Z");
        assert_eq!(text, "superseded 2026-01-02 03:04 UTC, it stays active until 2026-01-03 03:04 UTC");
        assert_eq!(readable("created  12:00, no time"), "created  12:00, no time");
    }

    #[test]
    fn a_noun_agrees_with_its_number() {
        assert_eq!([counted(0, "day"), counted(1, "day"), counted(2, "day")], ["0 days", "1 day", "2 days"]);
    }
}
