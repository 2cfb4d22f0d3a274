//! The record written before CreateAccessKey: what makes an orphan provable.

use jiff::{SignedDuration, Timestamp};

use super::{AccessKey, AccessKeyId, VersionId};

/// Longest time between writing an intent and the arrival of its CreateAccessKey, which is sent
/// right after and given up on in less.
pub const ISSUE_WINDOW: SignedDuration = SignedDuration::from_secs(15);
/// How far the clock that dates an intent and IAM's, whose whole seconds are cut off, may differ.
/// A key older than that is not ours: ListAccessKeys may simply not have shown it yet.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(2);
/// A later attempt carries the earlier ones along for this long: ListAccessKeys may not yet have
/// shown the keys that they made
/// ([IAM is eventually consistent](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency)).
pub const LIST_LAG: SignedDuration = SignedDuration::from_secs(60);
/// After this long an attempt explains no key any more: the retry comes sooner, at the latest with the
/// next run of a 90-day schedule.
const EXPIRY: SignedDuration = SignedDuration::from_hours(100 * 24);
/// More attempts than these within that time are not remembered: a tag has 256 characters.
const MOST_ATTEMPTS: usize = 6;

/// "I am about to create a key for this version, and these keys are not mine."
///
/// The secret of a key is returned once. If the answer of CreateAccessKey is lost, the key it made
/// can be used by nobody and fills the two-key limit: an orphan. Afterwards it is told from a key
/// that an administrator made by this record alone: it was created in the seconds after an attempt,
/// it is not among the keys listed, it is in no version and it was never used; and there are no
/// more such keys than attempts whose key is not accounted for.
///
/// A crash after the intent is written leaves a tag that the next rotation overwrites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The version the key was to be stored in.
    pub token: VersionId,
    /// When each attempt was written down. No more keys than these are of our making.
    pub(crate) attempts: Vec<Timestamp>,
    /// The user's keys that were there before.
    pub(crate) listed: Vec<AccessKeyId>,
}

impl Intent {
    /// The intent of a rotation that has seen `keys`; `earlier` is the one it replaces. It stands
    /// for no attempt until it is [begun](Self::begun).
    pub(crate) fn new(token: &VersionId, keys: &[AccessKey], earlier: Option<&Self>) -> Self {
        let attempts = earlier.filter(|intent| intent.token == *token).map(|intent| intent.attempts.clone());
        let listed = keys.iter().map(|key| key.id.clone()).collect();
        Self { token: token.clone(), attempts: attempts.unwrap_or_default(), listed }
    }

    /// This intent with one more attempt, which begins now.
    pub fn begun(mut self, now: Timestamp) -> Self {
        self.attempts.retain(|attempt| now.duration_since(*attempt) < LIST_LAG);
        self.attempts.push(now);
        let surplus = self.attempts.len().saturating_sub(MOST_ATTEMPTS);
        self.attempts.drain(..surplus);
        self
    }

    /// This intent without its latest attempt, which certainly made no key; `None` if there is no
    /// other.
    pub(crate) fn without_latest(mut self) -> Option<Self> {
        self.attempts.pop();
        (!self.attempts.is_empty()).then_some(self)
    }

    /// What of it can be believed, since others may write the tag: attempts of the past, not too old, and
    /// no more of them than are ever written; `None` if nothing is left.
    pub(crate) fn bounded(mut self, now: Timestamp) -> Option<Self> {
        if self.attempts.len() > MOST_ATTEMPTS {
            return None;
        }
        self.attempts.retain(|attempt| {
            let age = now.duration_since(*attempt);
            age >= -CLOCK_SLACK && age < EXPIRY
        });
        (!self.attempts.is_empty()).then_some(self)
    }

    /// Whether an attempt of this intent explains how a key that nobody holds came to be.
    pub fn explains(&self, key: &AccessKey) -> bool {
        let made_by = |attempt: &Timestamp| {
            let age = key.created.duration_since(*attempt);
            age >= -CLOCK_SLACK && age <= ISSUE_WINDOW + CLOCK_SLACK
        };
        !self.listed.contains(&key.id) && self.attempts.iter().any(made_by)
    }

    /// The tag's value: at most 256 characters of letters, digits, space, `/` and `-`.
    pub fn to_tag(&self) -> String {
        let attempts: Vec<String> =
            self.attempts.iter().map(|attempt| attempt.as_second().to_string()).collect();
        let mut text = format!("{} {}", self.token.as_str(), attempts.join("/"));
        for key in &self.listed {
            text.push(' ');
            text.push_str(key.as_str());
        }
        text
    }

    /// Reads a tag's value; `None` if it is not one of ours, which then explains no key.
    pub fn from_tag(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let token = VersionId::new(words.next().filter(|token| !token.is_empty())?);
        let time = |text: &str| Timestamp::from_second(text.parse().ok()?).ok();
        let attempts = words.next()?.split('/').map(time).collect::<Option<_>>()?;
        let listed = words.map(AccessKeyId::new).collect();
        Some(Self { token, attempts, listed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::KeyStatus;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn key(id: &str, created: i64) -> AccessKey {
        AccessKey {
            id: AccessKeyId::new(id),
            status: KeyStatus::Active,
            created: at(created),
            last_use: None,
        }
    }

    fn token() -> VersionId {
        VersionId::new("11111111-2222-3333-4444-555555555555")
    }

    #[test]
    fn it_survives_its_tag_which_stays_within_256_characters() {
        let mut intent =
            Intent::new(&token(), &[key("AKIAIOSFODNN7EXAMPLE", -5), key("AKIAIOSFODNN7EXAMPLF", -9)], None);
        for second in 0..20 {
            intent = intent.begun(at(second));
            assert_eq!(Intent::from_tag(&intent.to_tag()), Some(intent.clone()));
            assert!(intent.to_tag().len() <= 256);
        }
        for text in ["", "x", "x y", "x 1/y", "x 1/", "x 99999999999999", " 1", "x 1,2"] {
            assert_eq!(Intent::from_tag(text), None, "{text:?}");
        }
    }

    #[test]
    fn it_explains_only_an_unlisted_key_created_just_after_an_attempt() {
        let intent = Intent::new(&token(), &[key("AKIAOLD", -900)], None).begun(at(0)).begun(at(50));
        for second in [-2, 0, 1, 17, 48, 50, 67] {
            assert!(intent.explains(&key("AKIANEW", second)), "{second}");
        }
        for second in [-3, 18, 47, 68] {
            assert!(!intent.explains(&key("AKIANEW", second)), "{second}");
        }
        assert!(!intent.explains(&key("AKIAOLD", 1)));
    }

    #[test]
    fn a_retry_soon_after_carries_the_earlier_attempt_along_and_a_late_one_does_not() {
        let first = Intent::new(&token(), &[], None).begun(at(0));
        let retry =
            |token: &VersionId, second| Intent::new(token, &[], Some(&first)).begun(at(second)).attempts;
        assert_eq!(retry(&token(), 20), [at(0), at(20)]);
        assert_eq!(retry(&token(), 600), [at(600)]);
        assert_eq!(retry(&VersionId::new("other"), 20), [at(20)]);
    }

    #[test]
    fn an_attempt_that_certainly_made_no_key_is_taken_back() {
        let first = Intent::new(&token(), &[], None).begun(at(0));
        assert_eq!(first.clone().without_latest(), None);
        assert_eq!(first.clone().begun(at(20)).without_latest(), Some(first));
    }

    #[test]
    fn an_attempt_is_carried_along_for_less_than_the_lag_of_lists() {
        let lag = LIST_LAG.as_secs();
        let begun = |second| Intent::new(&token(), &[], None).begun(at(0)).begun(at(second)).attempts;
        assert_eq!(begun(lag - 1), [at(0), at(lag - 1)]);
        assert_eq!(begun(lag), [at(lag)]);
    }

    #[test]
    fn a_tag_with_more_attempts_than_are_ever_written_is_not_believed() {
        let with = |attempts: usize| {
            let attempts = (0..attempts).map(|_| at(0)).collect();
            Intent { token: token(), attempts, listed: Vec::new() }.bounded(at(1))
        };
        assert_eq!(with(MOST_ATTEMPTS).map(|intent| intent.attempts.len()), Some(MOST_ATTEMPTS));
        assert_eq!(with(MOST_ATTEMPTS + 1), None);
    }
}
