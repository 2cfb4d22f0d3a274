//! A secret's value: a JSON object that keeps its shape.
//!
//! Only the fields that name the key, the user, and what is derived from the key are understood.
//! Every other field is carried as the text it came as: numbers, order and nesting survive to the
//! letter.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{AccessKeyId, Credential, Sensitive, ses_smtp_password};

/// The spellings of the pair, id first. The spelling found is the spelling written back.
const PAIRS: [(&str, &str); 5] = [
    ("AccessKeyId", "SecretAccessKey"),
    ("access_key_id", "secret_access_key"),
    ("aws_access_key_id", "aws_secret_access_key"),
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AccessKey", "SecretKey"),
];
/// The spellings of the user's name.
const USERS: [&str; 4] = ["UserName", "user_name", "username", "User"];
/// Written by some of the systems this product replaces; refreshed where present.
const STATUS: &str = "Status";
const CREATE_DATE: &str = "CreateDate";

/// Why a value is no secret that this product can rotate. Never quotes the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not a JSON object at all.
    #[error("its value is not a JSON object")]
    NotAnObject,
    /// Binary values have no fields.
    #[error("its value is binary; a JSON object in SecretString is expected")]
    Binary,
    /// Which pair is the key cannot be told.
    #[error("it holds more than one access key pair (`{0}` and `{1}`)")]
    TwoPairs(String, String),
    /// An id without a secret, or the reverse.
    #[error("`{0}` is filled in but `{1}` is not")]
    HalfAPair(String, String),
    /// A field this product reads stands there twice.
    #[error("the field `{0}` occurs twice")]
    Duplicate(String),
    /// A field this product reads is not a string.
    #[error("the field `{0}` is not a string")]
    NotAString(String),
    /// Two fields name different users.
    #[error("`{0}` and `{1}` name different users")]
    TwoUsers(String, String),
}

/// A secret's value, its fields in their order.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretDocument {
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq)]
struct Field {
    name: String,
    /// The value as JSON text, untouched.
    json: Zeroizing<String>,
}

impl SecretDocument {
    /// Reads a value. Nothing of it appears in the error.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let document = json.deserialize_map(Fields).map_err(|_| DocumentError::NotAnObject)?;
        json.end().map_err(|_| DocumentError::NotAnObject)?;
        document.check()?;
        Ok(document)
    }

    /// An unfilled document with the given field names, for a secret that has no value yet.
    ///
    /// `None` when the names hold no pair, two pairs, or a name this product would not fill in.
    pub fn from_shape(names: &[&str]) -> Option<Self> {
        let fields: Vec<Field> = names.iter().map(|name| Field::string(name, "")).collect();
        let document = Self { fields };
        let known = |name: &&str| {
            PAIRS.iter().any(|(id, secret)| name == id || name == secret)
                || USERS.contains(name)
                || [STATUS, CREATE_DATE].contains(name)
                || smtp(name).is_some()
        };
        let usable = names.iter().all(known) && document.check().is_ok();
        (usable && document.pair().is_some()).then_some(document)
    }

    /// This shape waiting for its first key: it names the user, where it has a field for that.
    pub fn waiting_for_key(&self, user: &str) -> Self {
        let mut waiting = self.clone();
        for field in &mut waiting.fields {
            if USERS.contains(&field.name.as_str()) {
                *field = Field::string(&field.name, user);
            }
        }
        waiting
    }

    /// The key this document holds; `None` while it waits for its first.
    pub fn credential(&self) -> Option<Credential> {
        let (id, secret) = self.pair()?;
        let (id, secret) = (self.string(id)?, self.string(secret)?);
        if id.is_empty() {
            return None;
        }
        Some(Credential { key_id: AccessKeyId::new(id.as_str()), secret: Sensitive::new(secret.as_str()) })
    }

    /// The user this document names.
    pub fn user(&self) -> Option<String> {
        USERS
            .iter()
            .filter_map(|name| self.string(name))
            .find(|name| !name.is_empty())
            .map(|name| name.as_str().to_owned())
    }

    /// The same document holding another key: the pair in the spelling found (or, where there is
    /// none, in that of `shape`), and all that is derived from the key. Nothing else changes.
    pub fn with_credential(
        &self,
        shape: &Self,
        user: &str,
        key: &Credential,
        created: Timestamp,
        region: &str,
    ) -> Self {
        let mut next = self.clone();
        let named = self.user();
        let user = named.as_deref().unwrap_or(user);
        if next.pair().is_none() {
            let half = PAIRS.into_iter().find(|(id, secret)| [id, secret].iter().any(|name| next.has(name)));
            let wanted = match half {
                Some((id, secret)) => vec![Field::string(id, ""), Field::string(secret, "")],
                None => shape.fields.clone(),
            };
            for field in wanted {
                let surplus = named.is_some() && USERS.contains(&field.name.as_str());
                if !next.has(&field.name) && !surplus {
                    next.fields.push(field);
                }
            }
        }
        let smtp_region = next.smtp_region().unwrap_or_else(|| region.to_owned());
        let pair = next.pair().map(|(id, secret)| (id.to_owned(), secret.to_owned()));
        for field in &mut next.fields {
            let name = field.name.as_str();
            let is_string = field.json.starts_with('"');
            if let Some((id, secret)) = &pair {
                if name == id {
                    *field = Field::string(id, key.key_id.as_str());
                    continue;
                }
                if name == secret {
                    *field = Field::string(secret, key.secret.expose());
                    continue;
                }
            }
            let fresh = match name {
                STATUS if is_string => Some(Sensitive::new("Active")),
                CREATE_DATE if is_string => Some(Sensitive::new(created.to_string())),
                name if USERS.contains(&name) && field.is_empty() => Some(Sensitive::new(user)),
                name => match smtp(name) {
                    Some(Smtp::Username) => Some(Sensitive::new(key.key_id.as_str())),
                    Some(Smtp::Password) => Some(ses_smtp_password(&key.secret, &smtp_region)),
                    Some(Smtp::Region) | None => None,
                },
            };
            if let Some(fresh) = fresh {
                *field = Field::string(&field.name, fresh.expose());
            }
        }
        next
    }

    /// The document as JSON text, to be stored.
    pub fn to_json(&self) -> Sensitive {
        let mut text = Zeroizing::new(String::from("{"));
        for (position, field) in self.fields.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            text.push_str(&json_string(&field.name));
            text.push(':');
            text.push_str(&field.json);
        }
        text.push('}');
        Sensitive::new(text.as_str())
    }

    fn check(&self) -> Result<(), DocumentError> {
        let known = PAIRS.iter().flat_map(|(id, secret)| [*id, *secret]).chain(USERS);
        for name in known {
            let mut same = self.fields.iter().filter(|field| field.name == name);
            let Some(first) = same.next() else { continue };
            if same.next().is_some() {
                return Err(DocumentError::Duplicate(name.into()));
            }
            if first.text().is_none() {
                return Err(DocumentError::NotAString(name.into()));
            }
        }
        let mut found: Option<&str> = None;
        for (id, secret) in PAIRS {
            let filled = |name| self.string(name).is_some_and(|value| !value.is_empty());
            match (filled(id), filled(secret)) {
                (true, false) => return Err(DocumentError::HalfAPair(id.into(), secret.into())),
                (false, true) => return Err(DocumentError::HalfAPair(secret.into(), id.into())),
                _ => {}
            }
            if self.has(id) || self.has(secret) {
                if let Some(other) = found {
                    return Err(DocumentError::TwoPairs(other.into(), id.into()));
                }
                found = Some(id);
            }
        }
        let users: Vec<_> =
            USERS.iter().filter(|name| self.string(name).is_some_and(|user| !user.is_empty())).collect();
        if let [first, second, ..] = users[..]
            && self.string(first) != self.string(second)
        {
            return Err(DocumentError::TwoUsers((*first).into(), (*second).into()));
        }
        Ok(())
    }

    /// The names of the two fields that hold a key, where there are such.
    pub fn pair(&self) -> Option<(&'static str, &'static str)> {
        PAIRS.into_iter().find(|(id, secret)| self.has(id) && self.has(secret))
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    fn string(&self, name: &str) -> Option<Zeroizing<String>> {
        self.fields.iter().find(|field| field.name == name)?.text()
    }

    fn smtp_region(&self) -> Option<String> {
        self.fields
            .iter()
            .filter(|field| smtp(&field.name) == Some(Smtp::Region))
            .filter_map(Field::text)
            .find(|region| !region.is_empty())
            .map(|region| region.as_str().to_owned())
    }
}

/// Prints the field names and none of the values.
impl fmt::Debug for SecretDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.iter().map(|field| &field.name)).finish()
    }
}

impl Field {
    fn string(name: &str, value: &str) -> Self {
        Self { name: name.into(), json: json_string(value) }
    }

    /// The value as text: a string, or nothing for `null`.
    fn text(&self) -> Option<Zeroizing<String>> {
        if self.json.as_str() == "null" {
            return Some(Zeroizing::default());
        }
        serde_json::from_str::<String>(&self.json).ok().map(Zeroizing::new)
    }

    fn is_empty(&self) -> bool {
        self.text().is_some_and(|text| text.is_empty())
    }
}

fn json_string(text: &str) -> Zeroizing<String> {
    Zeroizing::new(serde_json::Value::from(text).to_string())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Smtp {
    Username,
    Password,
    Region,
}

/// What an SMTP field holds, in any casing: `SmtpPassword`, `smtp_password`, `SMTP_PASSWORD`, …
fn smtp(name: &str) -> Option<Smtp> {
    let plain: String = name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
    match plain.as_str() {
        "smtpusername" => Some(Smtp::Username),
        "smtppassword" => Some(Smtp::Password),
        "smtpregion" | "sesregion" => Some(Smtp::Region),
        _ => None,
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = SecretDocument;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretDocument, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let json: &RawValue = map.next_value()?;
            fields.push(Field { name: name.into_owned(), json: Zeroizing::new(json.get().to_owned()) });
        }
        Ok(SecretDocument { fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Credential {
        Credential { key_id: AccessKeyId::new("AKIANEW"), secret: Sensitive::new("new/secret\"+") }
    }

    fn shape() -> SecretDocument {
        SecretDocument::from_shape(&["UserName", "AccessKeyId", "SecretAccessKey"]).unwrap()
    }

    fn rotated(text: &str) -> String {
        let created = "2026-01-02T03:04:05Z".parse().unwrap();
        let next = SecretDocument::parse(text).unwrap().with_credential(
            &shape(),
            "ci",
            &key(),
            created,
            "eu-west-1",
        );
        next.to_json().expose().to_owned()
    }

    #[test]
    fn every_spelling_of_the_pair_is_read_and_written_back_the_same() {
        for (id, secret) in PAIRS {
            let text = format!(r#"{{"{id}":"AKIAOLD","{secret}":"old"}}"#);
            let found = SecretDocument::parse(&text).unwrap().credential().unwrap();
            assert_eq!((found.key_id.as_str(), found.secret.expose()), ("AKIAOLD", "old"));
            assert_eq!(rotated(&text), format!(r#"{{"{id}":"AKIANEW","{secret}":"new/secret\"+"}}"#));
        }
    }

    #[test]
    fn every_other_field_survives_to_the_letter_and_in_its_place() {
        assert_eq!(
            rotated(
                r#"{ "z": 1.50, "AccessKeyId": "AKIAOLD", "n": 12345678901234567890123, "nested": {"b": [1,  2], "a": null}, "SecretAccessKey": "old", "é": "\u00e9" }"#
            ),
            r#"{"z":1.50,"AccessKeyId":"AKIANEW","n":12345678901234567890123,"nested":{"b": [1,  2], "a": null},"SecretAccessKey":"new/secret\"+","é":"\u00e9"}"#,
        );
    }

    #[test]
    fn fields_derived_from_the_key_are_refreshed_where_they_are_present() {
        let password = ses_smtp_password(&key().secret, "us-west-2");
        assert_eq!(
            rotated(
                r#"{"AccessKey":"A","SecretKey":"s","Status":"Inactive","CreateDate":"","smtp_username":"A","SMTP_PASSWORD":"x","ses_region":"us-west-2"}"#
            ),
            format!(
                r#"{{"AccessKey":"AKIANEW","SecretKey":"new/secret\"+","Status":"Active","CreateDate":"2026-01-02T03:04:05Z","smtp_username":"AKIANEW","SMTP_PASSWORD":"{}","ses_region":"us-west-2"}}"#,
                password.expose()
            ),
        );
    }

    #[test]
    fn a_secret_that_waits_for_its_first_key_gets_the_configured_shape_beside_what_it_has() {
        assert_eq!(
            rotated("{}"),
            r#"{"UserName":"ci","AccessKeyId":"AKIANEW","SecretAccessKey":"new/secret\"+"}"#
        );
        assert_eq!(
            rotated(r#"{"user_name":"bot","x":1}"#),
            r#"{"user_name":"bot","x":1,"AccessKeyId":"AKIANEW","SecretAccessKey":"new/secret\"+"}"#
        );
        assert_eq!(
            rotated(r#"{"access_key_id":null}"#),
            r#"{"access_key_id":"AKIANEW","secret_access_key":"new/secret\"+"}"#
        );
        assert_eq!(
            rotated(r#"{"access_key_id":"","secret_access_key":null}"#),
            r#"{"access_key_id":"AKIANEW","secret_access_key":"new/secret\"+"}"#
        );
    }

    #[test]
    fn what_cannot_be_told_is_refused_without_quoting_the_value() {
        use DocumentError::*;
        for (text, expected) in [
            ("", NotAnObject),
            ("[]", NotAnObject),
            ("\"AKIA\"", NotAnObject),
            ("{} {}", NotAnObject),
            (
                r#"{"AccessKeyId":"a","SecretAccessKey":"b","access_key_id":"c","secret_access_key":"d"}"#,
                TwoPairs("AccessKeyId".into(), "access_key_id".into()),
            ),
            (r#"{"AccessKeyId":"a"}"#, HalfAPair("AccessKeyId".into(), "SecretAccessKey".into())),
            (
                r#"{"AccessKeyId":"","SecretAccessKey":"b"}"#,
                HalfAPair("SecretAccessKey".into(), "AccessKeyId".into()),
            ),
            (
                r#"{"AccessKeyId":"a","AccessKeyId":"a","SecretAccessKey":"b"}"#,
                Duplicate("AccessKeyId".into()),
            ),
            (r#"{"AccessKeyId":1,"SecretAccessKey":"b"}"#, NotAString("AccessKeyId".into())),
            (r#"{"UserName":"a","username":"b"}"#, TwoUsers("UserName".into(), "username".into())),
        ] {
            assert_eq!(SecretDocument::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_carried_and_does_not_overflow_the_stack() {
        let deep = format!(
            r#"{{"AccessKeyId":"a","SecretAccessKey":"b","deep":{}{}}}"#,
            "[".repeat(30_000),
            "]".repeat(30_000)
        );
        assert!(rotated(&deep).contains("[[[["));
    }

    #[test]
    fn a_document_prints_its_field_names_and_none_of_its_values() {
        let document =
            SecretDocument::parse(r#"{"AccessKeyId":"AKIAOLD","SecretAccessKey":"hush"}"#).unwrap();
        assert_eq!(format!("{document:?}"), r#"{"AccessKeyId", "SecretAccessKey"}"#);
    }

    #[test]
    fn a_shape_without_exactly_one_pair_or_with_a_field_nobody_fills_is_refused() {
        for names in [
            &["UserName"][..],
            &["AccessKeyId", "SecretAccessKey", "AccessKey", "SecretKey"],
            &["AccessKeyId", "SecretAccessKey", "Colour"],
        ] {
            assert_eq!(SecretDocument::from_shape(names), None, "{names:?}");
        }
    }
}
