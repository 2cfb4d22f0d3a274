//! Sentences about keys and times, which readers get in their own form.

use std::fmt::{self, Write};

use jiff::Timestamp;

use super::time::unbroken_minute;
use super::{AccessKeyId, LastUse};

/// Characters of a key's id that an auditor sees.
const SUFFIX: usize = 4;

/// Why something is planned, or what was found. Its `Display` is what logs and JSON carry: whole ids, and times as AWS
/// gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Key(AccessKeyId),
    Time(Timestamp),
}

/// Writes a phrase of its parts: `phrase!("superseded ", at, ", and the overlap is 0")`.
macro_rules! phrase {
    ($($part:expr),+ $(,)?) => {{
        let mut phrase = $crate::model::Phrase::default();
        $($crate::model::Say::say($part, &mut phrase);)+
        phrase
    }};
}
pub(crate) use phrase;

/// What a phrase can be made of.
pub trait Say {
    /// Adds it at the end.
    fn say(self, phrase: &mut Phrase);
}

impl Phrase {
    /// For mails and pages: times to the minute, which stay on one line.
    pub(crate) fn for_people(&self) -> String {
        self.write(|key| key.to_string(), unbroken_minute)
    }

    /// For a report that is handed on: of a key's id the end alone.
    pub(crate) fn for_auditors(&self) -> Self {
        let mut phrase = Self::default();
        for part in &self.0 {
            match part {
                Part::Text(text) => text.say(&mut phrase),
                Part::Key(key) => format_args!("…{}", key.suffix()).say(&mut phrase),
                Part::Time(at) => at.say(&mut phrase),
            }
        }
        phrase
    }

    fn write(&self, key: impl Fn(&AccessKeyId) -> String, time: impl Fn(Timestamp) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Key(id) => key(id),
            Part::Time(at) => time(*at),
        };
        self.0.iter().map(part).collect()
    }
}

impl AccessKeyId {
    /// Its last four characters: enough to recognise a key by, and no use to anybody else.
    pub(crate) fn suffix(&self) -> String {
        let id = self.to_string();
        let skipped = id.chars().count().saturating_sub(SUFFIX);
        id.chars().skip(skipped).collect()
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write(ToString::to_string, |at| at.to_string()))
    }
}

impl serde::Serialize for Phrase {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Phrase {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Say for &str {
    fn say(self, phrase: &mut Phrase) {
        match phrase.0.last_mut() {
            Some(Part::Text(text)) => text.push_str(self),
            _ => phrase.0.push(Part::Text(self.to_owned())),
        }
    }
}

impl Say for &String {
    fn say(self, phrase: &mut Phrase) {
        self.as_str().say(phrase);
    }
}

impl Say for fmt::Arguments<'_> {
    fn say(self, phrase: &mut Phrase) {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = text.write_fmt(self);
        text.as_str().say(phrase);
    }
}

impl Say for &AccessKeyId {
    fn say(self, phrase: &mut Phrase) {
        phrase.0.push(Part::Key(self.clone()));
    }
}

impl Say for Timestamp {
    fn say(self, phrase: &mut Phrase) {
        phrase.0.push(Part::Time(self));
    }
}

impl Say for &LastUse {
    fn say(self, phrase: &mut Phrase) {
        match self {
            LastUse::Never => "never used".say(phrase),
            LastUse::At { time, service, region } => {
                "last used ".say(phrase);
                time.say(phrase);
                format_args!(" with {service} in {region}").say(phrase);
            }
        }
    }
}

impl Say for &Phrase {
    fn say(self, phrase: &mut Phrase) {
        phrase.0.extend(self.0.iter().cloned());
    }
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        phrase!(text)
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        phrase!(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_get_ids_and_times_in_their_own_form() {
        let key = AccessKeyId::new("AKIAIOSFODNN7EXAMPLE");
        let used = LastUse::At {
            time: "2026-01-02T03:04:05Z".parse().unwrap(),
            service: "s3".into(),
            region: "eu-west-1".into(),
        };
        let phrase = phrase!(&key, format_args!(" of {:?}: ", "ci"), &used, ", ", &phrase!("and so on"));
        let rest = "with s3 in eu-west-1, and so on";
        assert_eq!(
            phrase.to_string(),
            format!("AKIAIOSFODNN7EXAMPLE of \"ci\": last used 2026-01-02T03:04:05Z {rest}")
        );
        assert_eq!(
            phrase.for_people(),
            format!("AKIAIOSFODNN7EXAMPLE of \"ci\": last used 2026-01-02\u{a0}03:04\u{a0}UTC {rest}")
        );
        let audited = phrase.for_auditors();
        assert_eq!(audited.to_string(), format!("…MPLE of \"ci\": last used 2026-01-02T03:04:05Z {rest}"));
        assert_eq!(
            audited.for_people(),
            format!("…MPLE of \"ci\": last used 2026-01-02\u{a0}03:04\u{a0}UTC {rest}")
        );
        assert_eq!(serde_json::json!(phrase), phrase.to_string());
    }
}
