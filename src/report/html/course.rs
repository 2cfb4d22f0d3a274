//! A picture of how the account stood from one report of the chain to the next.

use super::text::day;
use crate::report::evidence::Point;

/// The picture's measures.
const LEFT: i64 = 44;
const WIDTH: i64 = 340;
const TOP: i64 = 16;
const HEIGHT: i64 = 170;
/// Least distance of two lines' names.
const NAME_HEIGHT: i64 = 30;

/// The picture's geometry.
pub(super) struct Course {
    pub(crate) lines: Vec<Line>,
    pub(crate) rows: Vec<CourseRow>,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) left: i64,
    pub(crate) right: i64,
    pub(crate) base: i64,
    pub(crate) grid: Vec<(i64, i64)>,
    /// The same in words.
    pub(crate) words: String,
}

pub(super) struct Line {
    pub(crate) name: [&'static str; 2],
    pub(crate) class: &'static str,
    pub(crate) points: String,
    pub(crate) marks: Vec<(i64, i64)>,
    pub(crate) name_y: i64,
    pub(crate) end: String,
}

/// One report's figures.
pub(super) struct CourseRow {
    pub(crate) at: String,
    pub(crate) values: Vec<String>,
    pub(crate) findings: usize,
}

/// What is drawn: its name in two lines, its class, and the share.
type Measure = ([&'static str; 2], &'static str, fn(&Point) -> (usize, usize));

const MEASURES: [Measure; 3] = [
    (["at most", "90 days old"], "age", |point| (point.in_time, point.active_keys)),
    (["one active", "key a user"], "one", |point| (point.with_one_key, point.users)),
    (["used within", "45 days"], "use", |point| (point.in_use, point.active_keys)),
];

impl Course {
    /// The picture of two reports or more; one report has no course.
    pub(super) fn of(points: &[Point]) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        let span = last.at.as_second() - first.at.as_second();
        if span <= 0 {
            return None;
        }
        let x = |point: &Point| LEFT + (point.at.as_second() - first.at.as_second()) * WIDTH / span;
        let mut lines: Vec<Line> = MEASURES
            .into_iter()
            .map(|(name, class, measure)| {
                let marks: Vec<(i64, i64)> =
                    points.iter().map(|point| (x(point), height_of(measure(point)))).collect();
                let points = marks.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
                let name_y = marks.last().map_or(0, |(_, y)| *y);
                Line {
                    name,
                    class,
                    points,
                    name_y,
                    marks,
                    end: super::text::percent(measure(last).0, measure(last).1),
                }
            })
            .collect();
        spread(&mut lines);
        let rows = points.iter().map(|point| CourseRow {
            at: day(point.at),
            values: MEASURES
                .iter()
                .map(|(_, _, measure)| {
                    let (part, whole) = measure(point);
                    format!("{} ({part} of {whole})", super::text::percent(part, whole))
                })
                .collect(),
            findings: point.findings,
        });
        let words = MEASURES.iter().map(|(name, _, measure)| {
            let share = |point| super::text::percent(measure(point).0, measure(point).1);
            format!("{}: from {} to {}", name.join(" "), share(first), share(last))
        });
        Some(Self {
            words: words.collect::<Vec<_>>().join("; "),
            rows: rows.collect(),
            lines,
            first: day(first.at),
            last: day(last.at),
            left: LEFT,
            right: LEFT + WIDTH,
            base: TOP + HEIGHT,
            grid: [0, 25, 50, 75, 100].map(|share| (share, TOP + HEIGHT - share * HEIGHT / 100)).to_vec(),
        })
    }
}

fn height_of((part, whole): (usize, usize)) -> i64 {
    let part = i64::try_from(part).unwrap_or(i64::MAX / 1000);
    let whole = i64::try_from(whole).unwrap_or(i64::MAX / 1000);
    if whole == 0 { TOP + HEIGHT } else { TOP + HEIGHT - part * HEIGHT / whole }
}

/// Moves the lines' names apart, in the order of the lines' ends, and up again from the bottom.
fn spread(lines: &mut [Line]) {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|nth| lines[*nth].name_y);
    let mut lowest = TOP;
    for nth in &order {
        lines[*nth].name_y = lines[*nth].name_y.max(lowest);
        lowest = lines[*nth].name_y + NAME_HEIGHT;
    }
    let mut highest = TOP + HEIGHT;
    for nth in order.iter().rev() {
        lines[*nth].name_y = lines[*nth].name_y.min(highest);
        highest = lines[*nth].name_y - NAME_HEIGHT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(day: i64, part: usize) -> Point {
        let at = jiff::Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap();
        Point { at, active_keys: 10, in_time: part, in_use: part, users: 10, with_one_key: part, findings: 0 }
    }

    #[test]
    fn one_report_has_no_course() {
        assert!(Course::of(&[]).is_none() && Course::of(&[point(0, 5)]).is_none());
    }

    #[test]
    fn the_names_of_lines_that_end_together_stand_apart_and_inside() {
        for part in [0, 5, 10] {
            let course = Course::of(&[point(0, 5), point(30, part)]).unwrap();
            let mut names: Vec<i64> = course.lines.iter().map(|line| line.name_y).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[1] - pair[0] >= NAME_HEIGHT), "{names:?}");
            assert!(names[0] >= TOP && names[2] <= TOP + HEIGHT, "{names:?}");
        }
    }
}
