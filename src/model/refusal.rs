//! A refusal that lasts until somebody changes something, so that it is reported once.

use jiff::{SignedDuration, Timestamp};

/// After this long a refusal that still stands is reported again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The tag `iam-key-rotator:refused`: which error was reported, and when.
///
/// Whoever may tag the secret can forge it, and thereby silences one alert for a year at most; the
/// refusal itself does not depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error_type: String,
    /// When it was reported.
    pub(crate) at: Timestamp,
}

impl Refusal {
    /// How far the clocks of two invocations may differ.
    const SLACK: SignedDuration = SignedDuration::from_secs(60);

    /// The tag's value: the error's name, a space and a number of seconds.
    pub(crate) fn to_tag(&self) -> String {
        format!("{} {}", self.error_type, self.at.as_second())
    }

    /// Reads a tag's value.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let (error_type, second) = tag.split_once(' ')?;
        let at = Timestamp::from_second(second.parse().ok()?).ok()?;
        Some(Self { error_type: error_type.to_owned(), at })
    }

    /// Whether a tag's value says that this error was reported within the last year.
    pub(crate) fn was_reported(tag: &str, error_type: &str, now: Timestamp) -> bool {
        Self::from_tag(tag).is_some_and(|noted| {
            let age = now.duration_since(noted.at);
            noted.error_type == error_type && age < REMEMBERED && age >= -Self::SLACK
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_for_a_year_and_not_for_a_time_to_come() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let noted = |second: i64| {
            let at = Timestamp::from_second(1_700_000_000 + second).unwrap();
            let tag = Refusal { error_type: "UserExempt".into(), at }.to_tag();
            Refusal::was_reported(&tag, "UserExempt", now)
        };
        assert!(noted(0) && noted(-364 * 86_400) && noted(30));
        assert!(!noted(-366 * 86_400) && !noted(3_600));
        for tag in ["", "UserExempt", "UserExempt soon", "KeyLimit 1700000000", "UserExempt 99999999999999"] {
            assert!(!Refusal::was_reported(tag, "UserExempt", now), "{tag}");
        }
    }
}
