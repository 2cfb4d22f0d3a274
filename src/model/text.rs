//! Texts that others must take: tags, secret names, cells of a spreadsheet.

/// Whether a tag of a secret may hold a text: letters, digits, space and `+ - = . _ : / @`
/// ([tags](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html)).
pub(crate) fn fits_a_tag(text: &str) -> bool {
    text.chars().all(|letter| letter.is_alphanumeric() || " +-=._:/@".contains(letter))
}

/// Whether a secret may have a name: letters, digits and `/_+=.@-`
/// ([CreateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html)).
pub(crate) fn fits_a_secret_name(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || "/_+=.@-".contains(letter))
}

/// A cell of a CSV file. IAM allows names that begin with `=`, `+`, `-` or `@`, which a spreadsheet would
/// calculate ([CSV injection](https://owasp.org/www-community/attacks/CSV_Injection)): such a cell begins
/// with an apostrophe.
pub(crate) fn csv_cell(text: &str) -> String {
    // The same characters in full width, and those that a spreadsheet skips before it looks.
    const FORMULA: &[char] = &['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let skipped = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    let begins = text.starts_with(['\t', '\r', '\n']) || skipped.starts_with(FORMULA);
    if begins { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_calculate_is_text() {
        for formula in ["=1+1", "+x@y", "-2", "@SUM(A1)", "\t=1", "\r", " =1+1", "\u{ff1d}1"] {
            assert_eq!(csv_cell(formula), format!("'{formula}"));
        }
        for plain in ["", "ci", "a=b", "user@example.com", "2026-01-01", "iam-key/ci"] {
            assert_eq!(csv_cell(plain), plain);
        }
    }
}
