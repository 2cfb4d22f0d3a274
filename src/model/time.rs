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

/// A text, cut so that each piece either may break at its spaces or, where it is `true`, must stay on one line: browsers
/// break a date after its hyphens too.
pub(crate) fn unbroken_pieces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let words = text.split_inclusive(' ');
    words.flat_map(|word| {
        let bare = word.trim_end_matches(' ');
        [(bare.contains(NO_BREAK), bare), (false, &word[bare.len()..])]
    })
}

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
    fn a_date_is_a_piece_of_its_own_and_no_text_is_lost() {
        let text = "deleted on 2026-01-02\u{a0}03:04\u{a0}UTC, at the  earliest";
        let pieces: Vec<_> = unbroken_pieces(text).collect();
        assert!(pieces.contains(&(true, "2026-01-02\u{a0}03:04\u{a0}UTC,")), "{pieces:?}");
        assert_eq!(pieces.iter().filter(|(whole, _)| *whole).count(), 1);
        assert_eq!(pieces.into_iter().map(|(_, piece)| piece).collect::<String>(), text);
    }

    #[test]
    fn a_noun_agrees_with_its_number() {
        assert_eq!([counted(0, "day"), counted(1, "day"), counted(2, "day")], ["0 days", "1 day", "2 days"]);
    }
}
