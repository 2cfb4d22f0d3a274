//! The record written before CreateAccessKey: what makes an orphan provable.

use jiff::{SignedDuration, Timestamp};

use super::{AccessKey, AccessKeyId, ClientRequestToken};

/// Longest time between the observation an intent records and the arrival of its CreateAccessKey.
///
/// The executor enforces it: it sends nothing after two thirds of it have passed, and gives up on
/// an answer at the end of it.
pub const ISSUE_WINDOW: SignedDuration = SignedDuration::from_secs(30);
/// How far IAM's clock and Secrets Manager's may differ, and IAM's whole seconds cut off.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(5);
/// A later attempt keeps the earlier one's beginning for this long: ListAccessKeys may not yet have
/// shown the key that the earlier attempt made
/// ([IAM is eventually consistent](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency)).
const LIST_LAG: SignedDuration = SignedDuration::from_secs(60);

/// "I am about to create a key for this version, and these keys are not mine."
///
/// The secret of a key is returned once. If the answer of CreateAccessKey is lost, the key it made
/// can be used by nobody and fills the two-key limit: an orphan. Afterwards it is told from a key
/// that an administrator made by this record alone: it was created in the window, it is not
/// among the keys listed, it is in no version and it was never used; and there are no more such keys
/// than attempts whose key is not accounted for.
///
/// A crash after the intent is written leaves a tag that the next rotation overwrites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The version the key was to be stored in.
    pub token: ClientRequestToken,
    /// How many attempts this intent stands for: no more keys than these are of our making.
    pub attempts: usize,
    /// No key of this intent is older.
    pub since: Timestamp,
    /// No key of this intent is younger.
    pub until: Timestamp,
    /// The user's keys that were there before.
    pub listed: Vec<AccessKeyId>,
}

impl Intent {
    /// The intent to write now, having seen `keys`; `earlier` is the one it replaces.
    pub fn new(
        token: &ClientRequestToken,
        now: Timestamp,
        keys: &[AccessKey],
        earlier: Option<&Self>,
    ) -> Self {
        let (since, attempts) = earlier
            .filter(|intent| intent.token == *token && now.duration_since(intent.since) < LIST_LAG)
            .map_or((now, 1), |intent| (intent.since, intent.attempts.saturating_add(1)));
        let listed = keys.iter().map(|key| key.id.clone()).collect();
        let until = now.saturating_add(ISSUE_WINDOW).unwrap_or(now);
        Self { token: token.clone(), attempts, since, until, listed }
    }

    /// Whether this intent explains how a key that nobody holds came to be.
    pub fn explains(&self, key: &AccessKey) -> bool {
        !self.listed.contains(&key.id)
            && key.created >= self.since - CLOCK_SLACK
            && key.created <= self.until + CLOCK_SLACK
    }

    /// The tag's value: at most 256 characters of letters, digits, space and `-`.
    pub fn to_tag(&self) -> String {
        let (since, until) = (self.since.as_second(), self.until.as_second());
        let mut text = format!("{} {} {since} {until}", self.token.as_str(), self.attempts);
        for key in &self.listed {
            text.push(' ');
            text.push_str(key.as_str());
        }
        text
    }

    /// Reads a tag's value; `None` if it is not one of ours, which then explains no key.
    pub fn from_tag(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let token = ClientRequestToken::new(words.next().filter(|token| !token.is_empty())?);
        let attempts = words.next()?.parse().ok()?;
        let mut time = || Timestamp::from_second(words.next()?.parse().ok()?).ok();
        // Times near the ends of jiff's range would overflow when slack is added.
        let sane = |time: &Timestamp| (0..=4_102_444_800).contains(&time.as_second());
        let (since, until) = (time().filter(sane)?, time().filter(sane)?);
        let listed = words.map(AccessKeyId::new).collect();
        Some(Self { token, attempts, since, until, listed })
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

    fn token() -> ClientRequestToken {
        ClientRequestToken::new("11111111-2222-3333-4444-555555555555")
    }

    #[test]
    fn it_survives_its_tag() {
        let intent = Intent::new(&token(), at(0), &[key("AKIAA", -5), key("AKIAB", -9)], None);
        assert_eq!(Intent::from_tag(&intent.to_tag()), Some(intent.clone()));
        assert!(intent.to_tag().len() <= 256);
        for text in ["", "x", "x 1 y z", "x 1 1 99999999999999", " 1 1 2", "x y 1 2", "x -1 1 2"] {
            assert_eq!(Intent::from_tag(text), None, "{text:?}");
        }
    }

    #[test]
    fn it_explains_only_an_unlisted_key_created_in_its_window() {
        let intent = Intent::new(&token(), at(0), &[key("AKIAOLD", -900)], None);
        assert!(intent.explains(&key("AKIANEW", 1)));
        assert!(intent.explains(&key("AKIANEW", 30)));
        assert!(!intent.explains(&key("AKIAOLD", 1)));
        assert!(!intent.explains(&key("AKIANEW", -60)));
        assert!(!intent.explains(&key("AKIANEW", 120)));
    }

    #[test]
    fn a_retry_soon_after_keeps_the_first_attempts_beginning_and_a_late_one_does_not() {
        let first = Intent::new(&token(), at(0), &[], None);
        let second = Intent::new(&token(), at(20), &[], Some(&first));
        assert_eq!((second.since, second.attempts), (at(0), 2));
        assert_eq!(Intent::new(&token(), at(600), &[], Some(&first)).since, at(600));
        assert_eq!(Intent::new(&ClientRequestToken::new("other"), at(20), &[], Some(&first)).since, at(20));
    }
}
