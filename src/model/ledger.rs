//! What a sweep remembers of a user's keys from one day to the next, in a tag of the secret.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{AccessKeyId, FindingKind};

/// A tag's value has at most 256 characters
/// ([quotas](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)).
const TAG_CHARS: usize = 256;

/// Something noted about a key: mostly what people were told, so that they are not told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// That its user was enrolled with it: it is what the first rotation supersedes.
    Adopted,
    /// That it will be rotated.
    RotationComing,
    /// That it will be deactivated.
    DeactivationComing,
    /// That it will be deleted.
    DeletionComing,
    /// A finding.
    Found(FindingKind),
}

impl Note {
    fn letters() -> impl Iterator<Item = (char, Self)> {
        let coming = [
            ('a', Self::Adopted),
            ('r', Self::RotationComing),
            ('d', Self::DeactivationComing),
            ('x', Self::DeletionComing),
        ];
        coming
            .into_iter()
            .chain(FindingKind::LETTERS.into_iter().map(|(letter, kind)| (letter, Self::Found(kind))))
    }
}

/// What is remembered of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// What was noted about it.
    pub notes: BTreeSet<Note>,
    /// Since when it is known to be inactive. IAM does not tell, and the recovery window is
    /// counted from here. Of the secret itself: since when a rotation is known to be unfinished.
    pub inactive_since: Option<Timestamp>,
}

/// The tag `iam-key-rotator:notices`: per key, what was noted and since when it is inactive.
///
/// Losing it repeats a mail and begins a recovery window anew; it breaks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger(BTreeMap<AccessKeyId, Entry>);

impl Ledger {
    /// Reads a tag's value; what is not ours is forgotten.
    pub fn from_tag(text: &str) -> Self {
        let entry = |word: &str| {
            let (key, rest) = word.split_once(':')?;
            let (letters, since) = match rest.split_once('@') {
                Some((letters, second)) => {
                    (letters, Some(Timestamp::from_second(second.parse().ok()?).ok()?))
                }
                None => (rest, None),
            };
            let notes = letters.chars().filter_map(|letter| {
                Note::letters().find(|(known, _)| *known == letter).map(|(_, note)| note)
            });
            Some((AccessKeyId::new(key), Entry { notes: notes.collect(), inactive_since: since }))
        };
        Self(text.split(' ').filter_map(entry).collect())
    }

    /// The tag's value: letters, digits, space, `:` and `@`. Entries that no tag would hold are
    /// forgotten; a user has two keys, which fit.
    pub fn to_tag(&self) -> String {
        let mut text = String::new();
        for (key, entry) in &self.0 {
            let letters: String = Note::letters()
                .filter(|(_, note)| entry.notes.contains(note))
                .map(|(letter, _)| letter)
                .collect();
            let since = entry.inactive_since.map(|since| format!("@{}", since.as_second()));
            let word = format!("{}:{letters}{}", key.as_str(), since.unwrap_or_default());
            if text.len() + 1 + word.len() <= TAG_CHARS {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(&word);
            }
        }
        text
    }

    /// Whether this was noted.
    pub fn has(&self, key: &AccessKeyId, note: Note) -> bool {
        self.0.get(key).is_some_and(|entry| entry.notes.contains(&note))
    }

    /// Since when a key is known to be inactive.
    pub fn inactive_since(&self, key: &AccessKeyId) -> Option<Timestamp> {
        self.0.get(key)?.inactive_since
    }

    /// The keys it knows of.
    pub fn keys(&self) -> impl Iterator<Item = (&AccessKeyId, &Entry)> {
        self.0.iter().filter(|(key, _)| **key != Self::secret_itself())
    }

    /// What is about no single key is noted under this.
    pub fn secret_itself() -> AccessKeyId {
        AccessKeyId::new("secret")
    }

    /// When a rotation that has not ended was first seen.
    pub fn unfinished_since(&self) -> Option<Timestamp> {
        self.inactive_since(&Self::secret_itself())
    }

    /// Notes whether a rotation has not ended, seen at `now`.
    pub fn note_unfinished(&mut self, unfinished: bool, now: Timestamp) {
        self.note_status(&Self::secret_itself(), unfinished, now);
    }

    /// Notes something.
    pub fn note(&mut self, key: &AccessKeyId, note: Note) {
        self.0.entry(key.clone()).or_default().notes.insert(note);
    }

    /// Notes whether a key is inactive, seen at `now`.
    pub fn note_status(&mut self, key: &AccessKeyId, inactive: bool, now: Timestamp) {
        if inactive {
            self.0.entry(key.clone()).or_default().inactive_since.get_or_insert(now);
        } else if let Some(entry) = self.0.get_mut(key) {
            entry.inactive_since = None;
        }
    }

    /// Forgets findings that are no longer so.
    pub fn keep_findings(&mut self, found: impl Fn(&AccessKeyId, FindingKind) -> bool) {
        for (key, entry) in &mut self.0 {
            entry.notes.retain(|note| match note {
                Note::Found(kind) => found(key, *kind),
                _ => true,
            });
        }
    }

    /// Whether anything like this was noted, of whichever key.
    pub fn has_any(&self, note: Note) -> bool {
        self.0.values().any(|entry| entry.notes.contains(&note))
    }

    /// Forgets keys that are gone, and entries that say nothing.
    pub fn keep(&mut self, exists: impl Fn(&AccessKeyId) -> bool) {
        self.0
            .retain(|key, entry| exists(key) && (!entry.notes.is_empty() || entry.inactive_since.is_some()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_its_tag_which_stays_within_256_characters() {
        let mut ledger = Ledger::default();
        for nth in 0..9 {
            let key = AccessKeyId::new(format!("AKIAIOSFODNN7EXAMPL{nth}"));
            for (_, note) in Note::letters() {
                ledger.note(&key, note);
            }
            ledger.note_status(&key, true, Timestamp::from_second(1_700_000_000).unwrap());
            let tag = ledger.to_tag();
            assert!(tag.len() <= TAG_CHARS);
            assert!(tag.bytes().all(|b| b.is_ascii_alphanumeric() || b" :@".contains(&b)));
            if nth < 2 {
                assert_eq!(Ledger::from_tag(&tag), ledger);
            }
        }
    }

    #[test]
    fn what_somebody_else_wrote_there_is_forgotten() {
        for text in ["", "x", ":", "a b c", "AKIA:@soon", "AKIA@1"] {
            let ledger = Ledger::from_tag(text);
            assert!(!ledger.has(&AccessKeyId::new("AKIA"), Note::Adopted), "{text}");
            assert_eq!(ledger.inactive_since(&AccessKeyId::new("AKIA")), None, "{text}");
        }
    }

    #[test]
    fn the_recovery_window_counts_from_the_first_sight_and_ends_when_the_key_is_active_again() {
        let (first, later): (Timestamp, Timestamp) =
            ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-05T00:00:00Z".parse().unwrap());
        let key = AccessKeyId::new("AKIA");
        let mut ledger = Ledger::default();
        ledger.note_status(&key, true, first);
        ledger.note_status(&key, true, later);
        assert_eq!(ledger.inactive_since(&key), Some(first));
        ledger.note_status(&key, false, later);
        assert_eq!(ledger.inactive_since(&key), None);
        ledger.keep(|_| true);
        assert_eq!(ledger.to_tag(), "");
    }
}
