//! Times in mails: the date, and how long that is from now.

use jiff::Timestamp;

use crate::model::{NO_BREAK, counted, unbroken_minute};

/// Up to three days are counted in hours: that is what a person plans by.
const MOST_HOURS: i64 = 72;

/// A coming time: `2026-01-09 00:10 UTC (in 7 days)`, on one line.
pub(super) fn when(at: Timestamp, now: Timestamp) -> String {
    let date = unbroken_minute(at);
    match wait(at, now) {
        Some(wait) => format!("{date}{NO_BREAK}(in{NO_BREAK}{})", wait.replace(' ', NO_BREAK)),
        None => date,
    }
}

/// How long it is until then, to the nearest hour or day; none: it is now, or has passed.
fn wait(at: Timestamp, now: Timestamp) -> Option<String> {
    let minutes = at.duration_since(now).as_secs() / 60;
    let (hours, days) = ((minutes + 30) / 60, (minutes + 12 * 60) / (24 * 60));
    match minutes {
        ..=0 => None,
        1..30 => Some(counted(minutes, "minute")),
        _ if hours <= MOST_HOURS => Some(counted(hours, "hour")),
        _ => Some(counted(days, "day")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_says_how_far_away_it_is_and_has_no_place_to_break() {
        let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        for (at, expected) in [
            ("2026-01-01T23:59:00Z", "2026-01-01 23:59 UTC"),
            ("2026-01-02T00:00:00Z", "2026-01-02 00:00 UTC"),
            ("2026-01-02T00:20:00Z", "2026-01-02 00:20 UTC (in 20 minutes)"),
            ("2026-01-02T00:59:00Z", "2026-01-02 00:59 UTC (in 1 hour)"),
            ("2026-01-03T00:00:00Z", "2026-01-03 00:00 UTC (in 24 hours)"),
            ("2026-01-05T00:00:00Z", "2026-01-05 00:00 UTC (in 72 hours)"),
            ("2026-01-08T23:10:00Z", "2026-01-08 23:10 UTC (in 7 days)"),
        ] {
            let text = when(at.parse().unwrap(), now);
            assert_eq!(text.replace(NO_BREAK, " "), expected);
            assert!(!text.contains(' '), "{text}");
        }
    }
}
