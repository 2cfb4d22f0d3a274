//! A picture of how old the active keys are.

use crate::report::evidence::User;

/// The bands, by their last day.
const BANDS: [(&str, i64); 6] =
    [("0–30", 30), ("31–60", 60), ("61–90", 90), ("91–180", 180), ("181–365", 365), ("over 365", i64::MAX)];
/// What a key may be old.
const LIMIT: i64 = 90;
/// The picture's measures.
const LEFT: usize = 16;
const WIDTH: usize = 528;
const TOP: usize = 28;
const HEIGHT: usize = 150;

/// The picture's geometry.
pub(super) struct Ages {
    pub(crate) bars: Vec<Bar>,
    pub(crate) base: usize,
    /// Where the keys begin that are too old.
    pub(crate) limit_x: usize,
    /// The same in words.
    pub(crate) words: String,
}

pub(super) struct Bar {
    pub(crate) label: &'static str,
    pub(crate) count: usize,
    pub(crate) late: bool,
    pub(crate) x: usize,
    pub(crate) middle: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Ages {
    /// The picture; none without an active key.
    pub(super) fn of(users: &[User]) -> Option<Self> {
        let ages: Vec<i64> = users
            .iter()
            .flat_map(|user| &user.keys)
            .filter(|key| key.active)
            .map(|key| key.age_days)
            .collect();
        if ages.is_empty() {
            return None;
        }
        let slot = WIDTH / BANDS.len();
        let mut first = i64::MIN;
        let mut counts = Vec::new();
        for (_, last) in BANDS {
            counts.push(ages.iter().filter(|age| (first..=last).contains(*age)).count());
            first = last.saturating_add(1);
        }
        let most = counts.iter().copied().max().unwrap_or_default().max(1);
        let bars: Vec<Bar> = BANDS
            .into_iter()
            .zip(counts)
            .enumerate()
            .map(|(nth, ((label, last), count))| {
                // One key must be seen beside a thousand.
                let height = if count == 0 { 0 } else { (count * HEIGHT / most).max(2) };
                let x = LEFT + nth * slot + 8;
                Bar {
                    label,
                    count,
                    late: last > LIMIT,
                    x,
                    middle: x + (slot - 16) / 2,
                    y: TOP + HEIGHT - height,
                    width: slot - 16,
                    height,
                }
            })
            .collect();
        let words = bars.iter().map(|bar| format!("{} days: {}", bar.label, bar.count));
        let words = words.collect::<Vec<_>>().join("; ");
        let on_time = BANDS.iter().filter(|(_, last)| *last <= LIMIT).count();
        Some(Self { base: TOP + HEIGHT, limit_x: LEFT + on_time * slot, words, bars })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_active_key_is_in_one_band_and_inactive_ones_in_none() {
        let keys = [
            ("AAAA", "2025-12-02T00:00:00Z", true),
            ("BBBB", "2025-12-01T00:00:00Z", true),
            ("CCCC", "2025-10-03T00:00:00Z", true),
            ("DDDD", "2025-10-02T00:00:00Z", true),
            ("EEEE", "2020-01-01T00:00:00Z", true),
            ("FFFF", "2020-01-01T00:00:00Z", false),
        ];
        let report = sample::report("2026-01-01T00:00:00Z", &[("ci", &keys)]);
        let counts: Vec<usize> = Ages::of(&report.users).unwrap().bars.iter().map(|bar| bar.count).collect();
        assert_eq!(counts, [1, 1, 1, 1, 0, 1]);
    }

    #[test]
    fn without_an_active_key_there_is_no_picture() {
        let inactive = [("FFFF", "2020-01-01T00:00:00Z", false)];
        let report = sample::report("2026-01-01T00:00:00Z", &[("ci", &inactive)]);
        assert!(Ages::of(&[]).is_none() && Ages::of(&report.users).is_none());
    }
}
