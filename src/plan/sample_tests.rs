//! What the tables of plans are made of: a user, keys, a secret, and time as an axis.
//!
//! A table runs a planner on one state at many times, and writes down since when which plan counts, to the second.
//! So a bound that moves, and `<` in the place of `<=`, change the page.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::model::names::TAG_USER;
use crate::model::{AccessKey, AccessKeyId, KeyStatus, LastUse, SecretState, UserRef, Version};

pub(super) const OLD: &str = "AKIAOLD0000000000000";
pub(super) const NEW: &str = "AKIANEW0000000000000";
pub(super) const THIRD: &str = "AKIATHIRD00000000000";
pub(super) const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:rotation";
pub(super) const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:iam-key/ci-AbCdEf";
pub(super) const OTHER_ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:other-AbCdEf";

pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 24 * HOUR;
/// A midnight, from which all times are counted.
const START: i64 = 19_676 * DAY;

/// A time, in seconds from the start of the table.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

pub(super) fn user() -> UserRef {
    UserRef::parse("ci", "aws", "111122223333").unwrap()
}

pub(super) fn id(key: &str) -> AccessKeyId {
    AccessKeyId::new(key)
}

/// An active key.
pub(super) fn key(id: &str, created: i64, last_use: LastUse) -> AccessKey {
    let id = AccessKeyId::new(id);
    AccessKey { id, status: KeyStatus::Active, created: at(created), last_use: Some(last_use) }
}

pub(super) fn used(service: &str, second: i64) -> LastUse {
    LastUse::At { time: at(second), service: service.into(), region: "eu-west-1".into() }
}

pub(super) fn version(id: &str, labels: &[&str]) -> Version {
    Version::new(id, labels.iter().map(|label| (*label).to_owned()))
}

/// The enrolled secret of [`user`], tagged with it, whose last rotation ended 20 seconds after the start.
pub(super) fn secret(versions: Vec<Version>) -> SecretState {
    SecretState {
        arn: ARN.into(),
        name: "iam-key/ci".into(),
        tags: [(TAG_USER.to_owned(), "ci".to_owned())].into(),
        rotation_enabled: true,
        rotation_function: Some(FUNCTION.into()),
        changed: Some(at(20)),
        last_rotated: Some(at(20)),
        versions,
        ..SecretState::default()
    }
}

/// What an answer is made of, at each time: parts that come and go.
pub(super) type Parts = Vec<String>;

/// From which second until before which one a part stands; `None`: from before the samples, or until after them.
type Span = (Option<i64>, Option<i64>);

/// From which second until before which one each part of the answers stands, in the order in which they appear.
/// Between two samples with different answers the second is searched in which the answer changes.
pub(super) fn timeline(samples: &[i64], answer: impl Fn(i64) -> Parts) -> Vec<String> {
    let changes = changes(samples, &answer);
    let mut lines: Vec<(String, Vec<Span>)> = Vec::new();
    for (nth, (second, parts)) in changes.iter().enumerate() {
        let from = Some(*second).filter(|_| nth > 0);
        let until = changes.get(nth + 1).map(|(second, _)| *second);
        for part in parts {
            let known = lines.iter().position(|(known, _)| known == part).unwrap_or(lines.len());
            if known == lines.len() {
                lines.push((part.clone(), Vec::new()));
            }
            let spans = &mut lines[known].1;
            match spans.last_mut().filter(|(_, end)| *end == from) {
                Some((_, end)) => *end = until,
                None => spans.push((from, until)),
            }
        }
    }
    lines.into_iter().map(|(part, spans)| format!("{}{part}", when(&spans))).collect()
}

/// Since when which answer counts.
fn changes(samples: &[i64], answer: &impl Fn(i64) -> Parts) -> Vec<(i64, Parts)> {
    let mut found: Vec<(i64, Parts)> = Vec::new();
    let mut last = 0;
    for sample in samples {
        let here = answer(*sample);
        if found.is_empty() {
            found.push((*sample, here.clone()));
        }
        while found.last().is_some_and(|(_, said)| *said != here) {
            let (mut same, mut other) = (last, *sample);
            while other - same > 1 {
                let middle = i64::midpoint(same, other);
                match found.last().is_some_and(|(_, said)| *said == answer(middle)) {
                    true => same = middle,
                    false => other = middle,
                }
            }
            found.push((other, answer(other)));
            last = other;
            assert!(found.len() < 100, "an answer changes each second: {:?}", found.last());
        }
        last = *sample;
    }
    found
}

fn when(spans: &[Span]) -> String {
    let words = |(from, until): &Span| match (from, until) {
        (None, None) => String::new(),
        (None, Some(until)) => format!("until {}", span(*until)),
        (Some(from), None) => format!("from {}", span(*from)),
        (Some(from), Some(until)) => format!("from {} until {}", span(*from), span(*until)),
    };
    let words: Vec<String> = spans.iter().map(words).collect();
    match words.join(", and ").as_str() {
        "" => String::new(),
        words => format!("{words}: "),
    }
}

/// Parts as a page has them. `next`: the parts of a second later. A time that has moved along by then is counted from
/// now on.
pub(super) fn settled(now: i64, parts: &[String], next: impl FnOnce() -> Parts) -> Parts {
    let likely = |time: &i64| (time - now) % DAY == 0 && (0..=10 * DAY).contains(&(time - now));
    let known: Vec<Rc<Known>> = parts.iter().map(|part| known(part)).collect();
    let moves = |part: &Known| part.times.iter().any(likely);
    let next = if known.iter().any(|part| moves(part)) { next() } else { Vec::new() };
    let settle = |(part, known): (&String, &Rc<Known>)| {
        let moved = || next.iter().find_map(|later| moved(part, later, now));
        let stays = !moves(known) || next.contains(part);
        if stays { known.readable.clone() } else { moved().unwrap_or_else(|| known.readable.clone()) }
    };
    parts.iter().zip(&known).map(settle).collect()
}

/// A part of now and of a second later, if only times tell them apart that have moved along.
fn moved(part: &str, later: &str, now: i64) -> Option<String> {
    if part.split(' ').count() != later.split(' ').count() {
        return None;
    }
    let word = |(word, later): (&str, &str)| match (time(word), time(later)) {
        _ if word == later => Some(readable(word)),
        (Some((bare, here)), Some((_, there))) if there == here + 1 => {
            let ahead = if here == now { String::new() } else { format!("+{}", span(here - now)) };
            Some(word.replace(bare, &format!("now{ahead}")))
        }
        _ => None,
    };
    let words: Option<Vec<String>> = part.split(' ').zip(later.split(' ')).map(word).collect();
    Some(words?.join(" "))
}

/// What is read out of a part once, since most parts come again and again.
struct Known {
    /// Its times, in seconds from the start.
    times: Vec<i64>,
    /// The part with short names for keys, and with its times counted from the start.
    readable: String,
}

fn known(part: &str) -> Rc<Known> {
    thread_local!(static KNOWN: RefCell<HashMap<String, Rc<Known>>> = RefCell::default());
    KNOWN.with_borrow_mut(|all| {
        if let Some(known) = all.get(part) {
            return Rc::clone(known);
        }
        let times = part.split(' ').filter_map(time).map(|(_, second)| second).collect();
        let known = Rc::new(Known { times, readable: readable(part) });
        all.insert(part.to_owned(), Rc::clone(&known));
        known
    })
}

/// A word that is a time, without the marks around it, and its second from the start.
fn time(word: &str) -> Option<(&str, i64)> {
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let shaped = bare.ends_with('Z') && bare.starts_with(|c: char| c.is_ascii_digit());
    let time = shaped.then(|| bare.parse::<Timestamp>().ok()).flatten()?;
    Some((bare, time.as_second() - START))
}

/// A text with short names for keys, and its times counted from the start.
pub(super) fn readable(text: &str) -> String {
    let word = |word: &str| match time(word) {
        Some((bare, second)) => word.replace(bare, &span(second)),
        None => word.to_owned(),
    };
    let text: Vec<String> = text.split(' ').map(word).collect();
    let names = [(OLD, "OLD"), (NEW, "NEW"), (THIRD, "THIRD"), (ARN, "SECRET"), (OTHER_ARN, "OTHER")];
    names.into_iter().fold(text.join(" "), |text, (long, short)| text.replace(long, short))
}

/// `7d 20s`.
fn span(second: i64) -> String {
    let sign = if second < 0 { "-" } else { "" };
    let rest = second.abs();
    let parts = [(rest / DAY, "d"), (rest % DAY / HOUR, "h"), (rest % HOUR / 60, "m"), (rest % 60, "s")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count != 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    match parts.is_empty() {
        true => "the start".to_owned(),
        false => format!("{sign}{}", parts.join(" ")),
    }
}

/// Compares a page beside the planners with what was planned; `UPDATE_PAGES=1` writes it instead.
pub(super) fn expect_page(name: &str, seen: &str) {
    super::page::expect_page(&format!("src/plan/{name}"), seen);
}
