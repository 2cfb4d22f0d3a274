//! A picture of one user's keys in time: where two bars stand one over the other, two keys were
//! there.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::text::day;
use crate::report::evidence::{User, What};

/// How far back it goes: thirteen months.
const WINDOW: SignedDuration = SignedDuration::from_hours(24 * 396);
/// The picture's measures.
const WIDTH: i64 = 420;
const LANE: i64 = 14;
const BAR: i64 = 9;
/// Where the axis has its marks.
const TICKS: [(i64, &str); 5] =
    [(365, "1 year ago"), (270, "9 months"), (180, "6 months"), (90, "3 months"), (0, "today")];

/// The picture's geometry.
pub(super) struct Timeline {
    pub(crate) bars: Vec<Bar>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) height: i64,
    pub(crate) ticks: Vec<i64>,
    /// The same in words.
    pub(crate) words: String,
}

pub(super) struct Bar {
    pub(crate) class: &'static str,
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) width: i64,
}

/// A promotion or a deletion.
pub(super) struct Mark {
    pub(crate) deleted: bool,
    pub(crate) x: i64,
    pub(crate) y: i64,
}

/// A mark of the axis above all timelines.
pub(super) struct Tick {
    pub(crate) x: i64,
    pub(crate) anchor: &'static str,
    pub(crate) label: &'static str,
}

/// What a key is at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Active,
    Inactive,
    /// The one before, or already the one after: only two reports on either side are known.
    Unsure,
}

/// One key's life as far as it is known.
struct Life {
    created: Timestamp,
    /// When it went from one state to the next.
    turns: Vec<(Timestamp, State)>,
    promoted: Option<Timestamp>,
    deleted: Option<Timestamp>,
}

/// The axis of every timeline.
pub(super) fn axis(now: Timestamp) -> Vec<Tick> {
    let anchor = |days| if days == 0 { "end" } else { "middle" };
    TICKS
        .into_iter()
        .map(|(days, label)| Tick { x: x(ago(now, days), now), anchor: anchor(days), label })
        .collect()
}

impl Timeline {
    pub(super) fn of(user: &User, now: Timestamp) -> Option<Self> {
        let lives = lives(user);
        let (mut bars, mut marks, mut words) = (Vec::new(), Vec::new(), Vec::new());
        let mut lanes: Vec<Timestamp> = Vec::new();
        for (key, life) in &lives {
            let end = life.deleted.unwrap_or(now).min(now);
            words.push(life.words(key));
            if end < start(now) {
                continue;
            }
            let lane = lanes.iter().position(|free| *free <= life.created).unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(end);
            } else {
                lanes[lane] = end;
            }
            let y = 2 + i64::try_from(lane).unwrap_or_default() * LANE;
            let mut from = (life.created, State::Active);
            for turn in life.turns.iter().copied().chain([(end, State::Unsure)]) {
                let (begin, until) = (x(from.0, now), x(turn.0, now));
                let class = match from.1 {
                    State::Active => "active",
                    State::Inactive => "inactive",
                    State::Unsure => "unsure",
                };
                bars.push(Bar { class, x: begin, y, width: (until - begin).max(2) });
                from = turn;
            }
            let middle = y + BAR / 2;
            let in_sight = |at: &Timestamp| *at >= start(now);
            marks.extend(life.promoted.filter(in_sight).map(|at| Mark {
                deleted: false,
                x: x(at, now),
                y: middle,
            }));
            marks.extend(life.deleted.filter(in_sight).map(|at| Mark {
                deleted: true,
                x: x(at, now),
                y: middle,
            }));
        }
        let lanes = i64::try_from(lanes.len()).unwrap_or_default();
        (lanes > 0).then(|| Self {
            bars,
            marks,
            height: lanes * LANE + 2,
            ticks: TICKS.map(|(days, _)| x(ago(now, days), now)).to_vec(),
            words: words.join("; "),
        })
    }
}

impl Life {
    fn words(&self, key: &str) -> String {
        let mut words = format!("key {key} created {}", day(self.created));
        let promoted = self.promoted.iter().map(|at| ("promoted", *at));
        let turns = self.turns.iter().filter_map(|(at, state)| match state {
            State::Active => Some(("reactivated", *at)),
            State::Inactive => Some(("deactivated", *at)),
            State::Unsure => None,
        });
        let deleted = self.deleted.iter().map(|at| ("deleted", *at));
        for (what, at) in promoted.chain(turns).chain(deleted) {
            words.push_str(&format!(", {what} {}", day(at)));
        }
        words
    }
}

/// The lives of a user's keys in the order of their creation. A key whose creation is not on record
/// is left to the words beside the picture.
fn lives(user: &User) -> Vec<(&str, Life)> {
    let mut lives: BTreeMap<&str, Life> = BTreeMap::new();
    for event in &user.history {
        let key = event.key.as_str();
        if event.what == What::Created {
            let life = Life { created: event.at, turns: Vec::new(), promoted: None, deleted: None };
            lives.insert(key, life);
            continue;
        }
        let Some(life) = lives.get_mut(key) else { continue };
        let changes = matches!(event.what, What::Deactivated | What::Reactivated | What::Deleted);
        let last = life.turns.last().map_or(life.created, |(at, _)| *at);
        if let Some(from) = event.not_before.filter(|from| changes && *from > last) {
            life.turns.push((from, State::Unsure));
        }
        match event.what {
            What::Promoted => life.promoted = Some(event.at),
            What::Deactivated => life.turns.push((event.at, State::Inactive)),
            What::Reactivated => life.turns.push((event.at, State::Active)),
            What::Deleted => life.deleted = Some(event.at),
            What::Created | What::Stored => {}
        }
    }
    // IAM says that a key is inactive, and nobody since when.
    for key in user.keys.iter().filter(|key| !key.active) {
        if let Some(life) = lives.get_mut(key.suffix.as_str()).filter(|life| life.turns.is_empty()) {
            life.turns.push((key.created, State::Inactive));
        }
    }
    let mut lives: Vec<_> = lives.into_iter().collect();
    lives.sort_by_key(|(_, life)| life.created);
    lives
}

fn start(now: Timestamp) -> Timestamp {
    now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN)
}

fn ago(now: Timestamp, days: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN)
}

fn x(at: Timestamp, now: Timestamp) -> i64 {
    let since = at.duration_since(start(now)).as_secs().max(0);
    (since * WIDTH / WINDOW.as_secs()).min(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn timeline(keys: &[sample::SampleKey]) -> Option<Timeline> {
        let report = sample::report("2026-01-01T00:00:00Z", &[("ci", keys)]);
        Timeline::of(&report.users[0], report.at)
    }

    #[test]
    fn two_keys_at_a_time_stand_in_two_lanes_and_one_after_the_other_in_one() {
        let both =
            timeline(&[("AAAA", "2025-06-01T00:00:00Z", true), ("BBBB", "2025-12-01T00:00:00Z", true)]);
        let lanes: Vec<i64> = both.unwrap().bars.iter().map(|bar| bar.y).collect();
        assert_eq!(lanes, [2, 2 + LANE]);
        let earlier =
            sample::report("2025-11-01T00:00:00Z", &[("ci", &[("AAAA", "2025-06-01T00:00:00Z", true)])]);
        let later =
            sample::report("2026-01-01T00:00:00Z", &[("ci", &[("BBBB", "2026-01-01T00:00:00Z", true)])]);
        let report = later.after(&earlier);
        let timeline = Timeline::of(&report.users[0], report.at).unwrap();
        let bars: Vec<_> = timeline.bars.iter().map(|bar| (bar.class, bar.y)).collect();
        assert_eq!(
            bars,
            [("active", 2), ("unsure", 2), ("active", 2)],
            "when it went is known to two months"
        );
        assert!(timeline.words.contains("AAAA created 2025-06-01, deleted 2026-01-01"), "{}", timeline.words);
    }

    #[test]
    fn an_old_key_begins_at_the_left_edge_and_ends_today() {
        let timeline = timeline(&[("AAAA", "2019-06-01T00:00:00Z", true)]).unwrap();
        assert_eq!((timeline.bars[0].x, timeline.bars[0].width), (0, WIDTH));
    }

    #[test]
    fn a_user_without_keys_has_no_timeline() {
        assert!(timeline(&[]).is_none());
    }
}
