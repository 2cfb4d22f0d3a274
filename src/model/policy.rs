//! What the owner of a secret wants: how long keys live on, and which unknown keys may go.

use std::collections::BTreeMap;
use std::time::Duration;

use super::names::{TAG_OVERLAP, TAG_RECOVERY};

/// What to do with a superseded key that was used after its successor was promoted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InUse {
    /// Leave it, and say where it is still used.
    #[default]
    Wait,
    /// Deactivate it all the same.
    Deactivate,
}

/// What may happen to a key that is in no version when it fills the two-key limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownKeys {
    /// Nothing: the rotation stops.
    Refuse,
    /// An inactive one is deleted, an active one stops the rotation.
    #[default]
    DeleteInactive,
    /// The oldest is deleted, active or not.
    DeleteOldest,
}

/// The policy one secret is rotated under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long the superseded key stays active after the promotion.
    pub overlap: Duration,
    /// How long it then stays inactive before it is deleted.
    pub(crate) recovery: Duration,
    /// What happens when it is used after the promotion.
    pub(crate) in_use: InUse,
    /// What may happen to keys in no version of the secret.
    pub(crate) unknown_keys: UnknownKeys,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            overlap: Duration::from_secs(24 * 60 * 60),
            recovery: Duration::from_secs(7 * 24 * 60 * 60),
            in_use: InUse::default(),
            unknown_keys: UnknownKeys::default(),
        }
    }
}

impl Policy {
    /// What counts for a key that no version holds: nothing tells who uses it, so it is never deleted where it is
    /// deactivated, and can be made active again until the next rotation needs its place.
    pub(crate) fn of_a_key_in_no_version(self) -> Self {
        Self { recovery: self.recovery.max(Duration::from_secs(1)), ..self }
    }

    /// This policy with what the secret's own tags override; the name of a tag that cannot be read
    /// otherwise.
    pub fn with_tags(mut self, tags: &BTreeMap<String, String>) -> Result<Self, &'static str> {
        for (tag, slot) in [(TAG_OVERLAP, &mut self.overlap), (TAG_RECOVERY, &mut self.recovery)] {
            if let Some(value) = tags.get(tag) {
                *slot = parse_duration(value).ok_or(tag)?;
            }
        }
        Ok(self)
    }
}

/// Reads `30s`, `90m`, `24h`, `10d` or `0`; at most ten years, so that no sum overflows.
pub fn parse_duration(text: &str) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    humantime::parse_duration(text.trim()).ok().filter(|duration| *duration <= LONGEST)
}

/// Writes a duration for a person: `1 day`, `90 days`, `1h 30m`; days are not gathered to months.
pub fn duration_text(duration: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match (duration.as_secs() / DAY, duration.as_secs() % DAY) {
        (1, 0) => return "1 day".to_owned(),
        (days @ 2.., 0) => return format!("{days} days"),
        _ => {}
    }
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_the_interface_writes_them() {
        for (text, seconds) in [("0", 0), ("30s", 30), ("90m", 5400), ("24h", 86400), ("10d", 864_000)] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "24", "-1h", "soon", "1e9d", "99999999999999999999d", "11y"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_people_say_them() {
        for (text, words) in
            [("24h", "1 day"), ("90d", "90 days"), ("365d", "365 days"), ("90m", "1h 30m"), ("0", "0s")]
        {
            assert_eq!(duration_text(parse_duration(text).unwrap()), words);
        }
    }

    #[test]
    fn a_secrets_own_tags_win_and_an_unreadable_one_is_named() {
        let tags = |value: &str| BTreeMap::from([(TAG_OVERLAP.to_owned(), value.to_owned())]);
        assert_eq!(Policy::default().with_tags(&tags("0")).unwrap().overlap, Duration::ZERO);
        assert_eq!(Policy::default().with_tags(&tags("long")), Err(TAG_OVERLAP));
    }
}
