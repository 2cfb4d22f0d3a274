//! What a sweep remembers of a user's keys from one day to the next, in a tag of the secret.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::names::TAG_NOTICES;
use super::{AccessKeyId, FindingKind, SecretState};

/// A tag's value has at most 256 characters
/// ([quotas](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)).
const TAG_CHARS: usize = 256;
/// After so many days a finding that still stands is reported again.
const REMINDER_DAYS: i64 = 30;

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
    /// That it became current by a rotation which left the sweep nothing to do.
    Promoted,
    /// That AWS reported it as exposed.
    Exposed,
    /// That people were told so.
    ExposureTold,
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
            ('h', Self::Promoted),
            ('6', Self::Exposed),
            ('7', Self::ExposureTold),
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
    /// counted from here. Of the secret: since when a rotation of it is known not to have ended.
    pub inactive_since: Option<Timestamp>,
    /// Since when it is known to be active again after it was inactive.
    pub active_again: Option<Timestamp>,
    /// The day on which a finding was last reported, counted from 1970.
    pub(crate) told: Option<i64>,
}

impl Entry {
    fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.inactive_since.is_none() && self.active_again.is_none()
    }

    fn was_told(&self, kind: FindingKind, now: Timestamp) -> bool {
        let recent = self.told.is_some_and(|day| day_of(now).saturating_sub(day) < REMINDER_DAYS);
        recent && self.notes.contains(&Note::Found(kind))
    }

    fn keep_findings(&mut self, found: impl Fn(FindingKind) -> bool) {
        self.notes.retain(|note| match note {
            Note::Found(kind) => found(*kind),
            _ => true,
        });
        if !self.notes.iter().any(|note| matches!(note, Note::Found(_))) {
            self.told = None;
        }
    }
}

/// The tag `iam-key-rotator:notices`: per key, what was noted and since when it is inactive.
///
/// Losing it repeats a mail and begins a recovery window anew; it breaks nothing. Others may be able to
/// write it, so what it says is bounded: a finding is reported again after 30 days, no time lies
/// in the future, and what the sweep does not write is dropped and reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    keys: BTreeMap<AccessKeyId, Entry>,
    /// What is about the secret and no single key.
    secret: Entry,
    dropped: bool,
}

/// How the entry of the secret begins, where that of a key begins with the key's id.
const SECRET: &str = "secret";

impl Ledger {
    /// What a secret's tag tells.
    pub fn of(secret: Option<&SecretState>, now: Timestamp) -> Self {
        let tag = secret.and_then(|secret| secret.tags.get(TAG_NOTICES));
        tag.map(|tag| Self::from_tag(tag, now)).unwrap_or_default()
    }

    /// Reads a tag's value at a time.
    pub fn from_tag(text: &str, now: Timestamp) -> Self {
        let mut ledger = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let known = match word.split_once(':') {
                Some((SECRET, rest)) => Some((&mut ledger.secret, rest)),
                Some((key, rest)) => {
                    AccessKeyId::from_label(key).map(|key| (ledger.keys.entry(key).or_default(), rest))
                }
                None => None,
            };
            let Some((place, rest)) = known else {
                ledger.dropped = true;
                continue;
            };
            let (entry, whole) = read_entry(rest, now);
            *place = entry;
            ledger.dropped |= !whole;
        }
        ledger
    }

    /// Whether the tag held anything that the sweep does not write.
    pub(crate) fn was_altered(&self) -> bool {
        self.dropped
    }

    /// Begins a key's inactive time anew, because the one that was noted cannot be true.
    pub(crate) fn distrust(&mut self, key: &AccessKeyId) {
        self.dropped = true;
        if let Some(entry) = self.keys.get_mut(key) {
            entry.inactive_since = None;
        }
    }

    /// The tag's value: letters, digits, space, `:`, `@`, `+` and `/`. Entries that no tag would hold are
    /// forgotten; a user has two keys, which fit.
    pub fn to_tag(&self) -> String {
        let mut text = String::new();
        let secret = [(SECRET, &self.secret)].into_iter().filter(|(_, entry)| !entry.is_empty());
        for (name, entry) in self.keys.iter().map(|(key, entry)| (key.as_str(), entry)).chain(secret) {
            let letters: String = Note::letters()
                .filter(|(_, note)| entry.notes.contains(note))
                .map(|(letter, _)| letter)
                .collect();
            let since = entry.inactive_since.map(|since| format!("@{}", since.as_second()));
            let again = entry.active_again.map(|since| format!("+{}", since.as_second()));
            let told = entry.told.map(|day| format!("/{day}"));
            let parts = [since, again, told].map(Option::unwrap_or_default).concat();
            let word = format!("{name}:{letters}{parts}");
            if text.len() + 1 + word.len() <= TAG_CHARS {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(&word);
            }
        }
        text
    }

    /// Whether a finding was reported so lately that it need not be reported again; `None`: one about the
    /// secret.
    pub(crate) fn was_told(&self, key: Option<&AccessKeyId>, kind: FindingKind, now: Timestamp) -> bool {
        self.entry(key).is_some_and(|entry| entry.was_told(kind, now))
    }

    /// Whether a finding of this kind was reported lately, of whichever key.
    pub(crate) fn was_any_told(&self, kind: FindingKind, now: Timestamp) -> bool {
        self.entries().any(|entry| entry.was_told(kind, now))
    }

    /// Notes that a finding is reported now; `None`: one about the secret.
    pub(crate) fn note_told(&mut self, key: Option<&AccessKeyId>, kind: FindingKind, now: Timestamp) {
        let entry = match key {
            Some(key) => self.keys.entry(key.clone()).or_default(),
            None => &mut self.secret,
        };
        entry.notes.insert(Note::Found(kind));
        entry.told = Some(day_of(now));
    }

    fn entry(&self, key: Option<&AccessKeyId>) -> Option<&Entry> {
        key.map_or(Some(&self.secret), |key| self.keys.get(key))
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.keys.values().chain([&self.secret])
    }

    /// Whether this was noted.
    pub(crate) fn has(&self, key: &AccessKeyId, note: Note) -> bool {
        self.keys.get(key).is_some_and(|entry| entry.notes.contains(&note))
    }

    /// Since when a key is known to be inactive.
    pub(crate) fn inactive_since(&self, key: &AccessKeyId) -> Option<Timestamp> {
        self.keys.get(key)?.inactive_since
    }

    /// The keys it knows of.
    pub fn keys(&self) -> impl Iterator<Item = (&AccessKeyId, &Entry)> {
        self.keys.iter()
    }

    /// When a rotation that has not ended was first seen.
    pub fn unfinished_since(&self) -> Option<Timestamp> {
        self.secret.inactive_since
    }

    /// Notes since when a rotation has not ended; `None`: there is none.
    pub(crate) fn note_unfinished(&mut self, since: Option<Timestamp>) {
        self.secret.inactive_since = since;
    }

    /// Notes something.
    pub(crate) fn note(&mut self, key: &AccessKeyId, note: Note) {
        self.keys.entry(key.clone()).or_default().notes.insert(note);
    }

    /// Since when a key is known to be active again after it was inactive.
    pub(crate) fn active_again(&self, key: &AccessKeyId) -> Option<Timestamp> {
        self.keys.get(key)?.active_again
    }

    /// Notes that a key that was inactive is active again, seen at `now`.
    pub(crate) fn note_active_again(&mut self, key: &AccessKeyId, now: Timestamp) {
        let entry = self.keys.entry(key.clone()).or_default();
        entry.active_again.get_or_insert(now);
        // What was announced before is announced anew.
        entry.notes.remove(&Note::DeactivationComing);
        entry.notes.remove(&Note::DeletionComing);
    }

    /// Notes whether a key is inactive, seen at `now`.
    pub fn note_status(&mut self, key: &AccessKeyId, inactive: bool, now: Timestamp) {
        if inactive {
            let entry = self.keys.entry(key.clone()).or_default();
            entry.inactive_since.get_or_insert(now);
            entry.active_again = None;
        } else if let Some(entry) = self.keys.get_mut(key) {
            entry.inactive_since = None;
        }
    }

    /// Forgets findings that are no longer so.
    pub(crate) fn keep_findings(&mut self, found: impl Fn(Option<&AccessKeyId>, FindingKind) -> bool) {
        for (key, entry) in &mut self.keys {
            entry.keep_findings(|kind| found(Some(key), kind));
        }
        self.secret.keep_findings(|kind| found(None, kind));
    }

    /// Whether anything like this was noted, of whichever key.
    pub(crate) fn has_any(&self, note: Note) -> bool {
        self.entries().any(|entry| entry.notes.contains(&note))
    }

    /// Forgets keys that are gone, and entries that say nothing.
    pub(crate) fn keep(&mut self, exists: impl Fn(&AccessKeyId) -> bool) {
        self.keys.retain(|key, entry| exists(key) && !entry.is_empty());
    }
}

fn day_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(24 * 60 * 60)
}

/// Reads an entry without its name, and whether all of it could be read.
fn read_entry(rest: &str, now: Timestamp) -> (Entry, bool) {
    let (rest, told) = match rest.split_once('/') {
        Some((rest, day)) => (rest, Some(day.parse::<i64>().ok())),
        None => (rest, None),
    };
    let (rest, again) = match rest.split_once('+') {
        Some((rest, second)) => (rest, Some(read_second(second))),
        None => (rest, None),
    };
    let (letters, since) = match rest.split_once('@') {
        Some((letters, second)) => (letters, Some(read_second(second))),
        None => (rest, None),
    };
    let note = |letter: char| Note::letters().find(|(known, _)| *known == letter).map(|(_, note)| note);
    // A clock that is ahead a little is no forgery.
    let possible = |day: i64| (0..=day_of(now) + 1).contains(&day);
    let told = told.map(|day| day.filter(|day| possible(*day)));
    let [since, again] =
        [since, again].map(|time| time.map(|time| time.filter(|time| possible(day_of(*time)))));
    let times = told != Some(None) && since != Some(None) && again != Some(None);
    let whole = times && letters.chars().all(|letter| note(letter).is_some());
    let notes = letters.chars().filter_map(note).collect();
    let (inactive_since, active_again, told) = (since.flatten(), again.flatten(), told.flatten());
    (Entry { notes, inactive_since, active_again, told }, whole)
}

fn read_second(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    #[test]
    fn every_note_has_a_letter_of_its_own() {
        let letters: Vec<char> = Note::letters().map(|(letter, _)| letter).collect();
        let unique: BTreeSet<char> = letters.iter().copied().collect();
        assert_eq!(unique.len(), letters.len(), "{letters:?}");
    }

    #[test]
    fn it_survives_its_tag_which_stays_within_256_characters() {
        let mut ledger = Ledger::default();
        for nth in 0..9 {
            let key = AccessKeyId::new(format!("AKIAIOSFODNN7EXAMPL{nth}"));
            for (_, note) in Note::letters() {
                ledger.note(&key, note);
            }
            ledger.note_told(Some(&key), FindingKind::KeyOverdue, now());
            ledger.note_active_again(&key, now());
            ledger.note_status(&key, nth != 1, now());
            let tag = ledger.to_tag();
            assert!(tag.len() <= TAG_CHARS);
            assert!(tag.bytes().all(|b| b.is_ascii_alphanumeric() || b" :@+/".contains(&b)));
            if nth <= 2 {
                assert_eq!(Ledger::from_tag(&tag, now()), ledger);
            }
        }
    }

    #[test]
    fn what_concerns_the_secret_is_noted_beside_the_keys() {
        let mut ledger = Ledger::default();
        ledger.note(&AccessKeyId::new(KEY), Note::Promoted);
        ledger.note_told(None, FindingKind::RotationStuck, now());
        ledger.note_unfinished(Some(now()));
        let tag = ledger.to_tag();
        assert!(tag.starts_with(&format!("{KEY}:h secret:")), "{tag}");
        let read = Ledger::from_tag(&tag, now());
        assert_eq!((read.unfinished_since(), &read), (Some(now()), &ledger));
        assert_eq!(read.keys().count(), 1);
        ledger.keep_findings(|key, _| key.is_some());
        ledger.note_unfinished(None);
        assert_eq!(ledger.to_tag(), format!("{KEY}:h"));
    }

    #[test]
    fn what_the_sweep_does_not_write_is_dropped_and_that_is_known() {
        for text in [
            "x",
            ":",
            "a b c",
            "AKIA:o",
            &format!("{KEY}:@soon"),
            &format!("{KEY}@1"),
            &format!("{KEY}:?"),
            &format!("{KEY}:@9999999999"),
            &format!("{KEY}:o/99999"),
            &format!("{KEY}:o/x"),
            &format!("{KEY}:o/-1"),
            &format!("{KEY}:o/-9223372036854775808"),
            &format!("{KEY}:o/9223372036854775807"),
            &format!("{KEY}:@-9223372036854775808"),
            &format!("{KEY}:@-1"),
        ] {
            let ledger = Ledger::from_tag(text, now());
            assert!(ledger.was_altered(), "{text}");
            assert_eq!(ledger.inactive_since(&AccessKeyId::new(KEY)), None, "{text}");
            assert!(!ledger.was_told(Some(&AccessKeyId::new(KEY)), FindingKind::KeyOverdue, now()), "{text}");
        }
        assert!(!Ledger::from_tag("", now()).was_altered());
    }

    #[test]
    fn a_finding_is_due_again_after_thirty_days() {
        let key = AccessKeyId::new(KEY);
        let mut ledger = Ledger::default();
        ledger.note_told(Some(&key), FindingKind::UnknownKey, now());
        let after = |days: i64| Timestamp::from_second(1_700_000_000 + days * 86_400).unwrap();
        assert!(ledger.was_told(Some(&key), FindingKind::UnknownKey, after(29)));
        assert!(!ledger.was_told(Some(&key), FindingKind::UnknownKey, after(30)));
        assert!(!ledger.was_told(Some(&key), FindingKind::KeyOverdue, after(0)));
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

    #[test]
    fn a_tag_may_have_256_characters_and_what_does_not_fit_is_left_out() {
        let tag = |long: usize| {
            let mut ledger = Ledger::default();
            for name in ["A".repeat(100), "B".repeat(long)] {
                ledger.note(&AccessKeyId::new(name), Note::Promoted);
            }
            ledger.to_tag()
        };
        let fits = TAG_CHARS - tag(0).len();
        assert_eq!(tag(fits).len(), TAG_CHARS);
        assert!(!tag(fits + 1).contains('B'), "{}", tag(fits + 1));
    }
}
