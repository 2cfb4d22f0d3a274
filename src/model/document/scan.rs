//! What looks like an access key in a value whose shape is not known.
//!
//! The check is generous: a value that is refused by mistake costs a person a look, and a key that is
//! overlooked stays in use by consumers while the rotation takes it away.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::spelling::{Half, half};
use crate::model::is_ses_smtp_password;

/// The names that AWS's credentials files and environment files have for the pair.
const FILE_NAMES: [&str; 2] = ["aws_access_key_id", "aws_secret_access_key"];
/// How many characters a secret access key has.
const SECRET_CHARS: usize = 40;

/// Whether a text holds an access key id: a user's (`AKIA`), or a temporary one (`ASIA`), as
/// [IAM makes them](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids):
/// 16 characters or more. What follows a letter or a digit must be 20 long: it may stand in a longer word.
pub(super) fn has_key_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = |at: usize| at == 0 || !bytes.get(at - 1).is_some_and(u8::is_ascii_alphanumeric);
    let rest = |at: usize| {
        let rest = bytes.get(at + 4..).unwrap_or_default();
        rest.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count()
    };
    let found = |prefix| {
        let mut places = text.match_indices(prefix);
        places.any(|(at, _)| rest(at) >= if begins(at) { 12 } else { 16 })
    };
    found("AKIA") || found("ASIA")
}

/// Whether a text is the id of a user's access key and nothing else.
pub(super) fn is_key_id(text: &str) -> bool {
    text.starts_with("AKIA") && is_id_like(text)
}

/// Whether a text has the form of a key id, AWS's or another vendor's.
pub(super) fn is_id_like(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether a text has the form of a secret access key.
pub(super) fn is_secret_key(text: &str) -> bool {
    text.len() == SECRET_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
}

/// Whether a text looks like credentials: it holds a key id or the fields of a credentials file, itself or once
/// a word of it is decoded from base64; or it is an SES SMTP password.
pub(super) fn looks_like_credentials(text: &str) -> bool {
    let plainly = |text: &str| {
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        has_key_id(text) || FILE_NAMES.iter().any(|name| lower.contains(name))
    };
    let compact = Zeroizing::new(text.split_ascii_whitespace().collect::<String>());
    let words = text.split_ascii_whitespace().chain([compact.as_str()]);
    let encoded = |word: &str| {
        [&STANDARD, &URL_SAFE]
            .into_iter()
            .any(|alphabet| decoded(word, alphabet).is_some_and(|text| plainly(&text)))
    };
    plainly(text) || is_ses_smtp_password(text.trim()) || words.into_iter().any(encoded)
}

/// What a text may say: as it stands, without the escapes of JSON in JSON and of URLs, and each of its words decoded
/// from base64.
pub(super) fn readings(text: &str) -> Vec<Zeroizing<String>> {
    let mut readings = vec![Zeroizing::new(text.to_owned()), Zeroizing::new(text.replace("\\/", "/"))];
    let plain = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    readings.push(Zeroizing::new(plain));
    for word in text.split_ascii_whitespace() {
        readings.extend([&STANDARD, &URL_SAFE].into_iter().filter_map(|alphabet| decoded(word, alphabet)));
    }
    readings
}

fn decoded(word: &str, alphabet: &Alphabet) -> Option<Zeroizing<String>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes = Zeroizing::new(GeneralPurpose::new(alphabet, config).decode(word.as_bytes()).ok()?);
    std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

/// The strings of a JSON text, whatever it is nested in, and whether each is a field's name.
pub(super) fn strings(json: &str) -> Vec<(bool, Zeroizing<String>)> {
    let bytes = json.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'"')) {
        let start = at + start;
        let mut end = start + 1;
        while bytes.get(end).is_some_and(|b| *b != b'"') {
            end += if bytes.get(end) == Some(&b'\\') { 2 } else { 1 };
        }
        let literal = json.get(start..=end).unwrap_or_default();
        let text = serde_json::from_str::<String>(literal).unwrap_or_default();
        let next = json.get(end + 1..).unwrap_or_default().trim_start();
        found.push((next.starts_with(':'), Zeroizing::new(text)));
        at = end + 1;
    }
    found
}

/// Whether a JSON value, which is an object or a list, holds both halves of a pair by their names.
pub(super) fn holds_pair(json: &str) -> bool {
    let strings = if json.starts_with(['{', '[']) { strings(json) } else { Vec::new() };
    let names = || strings.iter().filter(|(is_name, _)| *is_name).filter_map(|(_, name)| half(name));
    names().any(|half| half == Half::Id) && names().any(|half| half != Half::Id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_is_found_wherever_it_stands() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            " AKIAIOSFODNN7EXAMPLE\n",
            "ses+smtp://AKIAIOSFODNN7EXAMPLE:x@default",
            "ASIAIOSFODNN7EXAMPLE",
            "id=AKIAIOSFODNN7EXAMPLE;secret=x",
            "https%3A%2F%2FAKIAIOSFODNN7EXAMPLE%3Ax%40bucket",
            r"aws\nAKIAIOSFODNN7EXAMPLE",
        ] {
            assert!(has_key_id(text), "{text}");
        }
        for text in
            ["", "AKIA", "AKIAOLD", "xAKIAIOSFODNN7EXA", "arn:aws:iam::1:user/AKIA", "akiaiosfodnn7example"]
        {
            assert!(!has_key_id(text), "{text}");
        }
    }

    #[test]
    fn a_credentials_file_is_one_in_base64_too() {
        let file = "[default]\nAWS_Access_Key_Id = LKIAX\n";
        let encoded = base64::engine::general_purpose::STANDARD.encode(file);
        assert!(looks_like_credentials(file) && looks_like_credentials(&encoded));
        assert!(looks_like_credentials(encoded.trim_end_matches('=')));
        assert!(looks_like_credentials(&format!("Basic {encoded}")));
        assert!(!looks_like_credentials("eu-west-1") && !looks_like_credentials(""));
    }

    #[test]
    fn the_strings_of_a_json_text_are_found_at_any_depth() {
        let found = strings(r#"{"a" : ["b\"\\", {"\u0063":1}], "d":null}"#);
        let found: Vec<(bool, &str)> = found.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(found, [(true, "a"), (false, "b\"\\"), (true, "c"), (true, "d")]);
    }
}
