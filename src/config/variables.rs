//! Environment variables as text.

use std::ffi::OsString;

/// Variables as text. What is no text in one of them is replaced: another program's variable must not end
/// ours.
pub fn readable(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (String, String)> {
    let text = |part: OsString| part.to_string_lossy().into_owned();
    variables.into_iter().map(move |(name, value)| (text(name), text(value)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt as _;

    #[test]
    fn a_variable_that_is_no_text_is_read_as_far_as_it_is() {
        let odd = OsString::from_vec(vec![b'a', 0xff]);
        let read: Vec<_> = readable([("LANG".into(), odd)]).collect();
        assert_eq!(read, [("LANG".to_owned(), "a\u{fffd}".to_owned())]);
    }
}
