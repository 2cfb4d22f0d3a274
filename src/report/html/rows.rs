//! The rows of the page's tables.

use jiff::Timestamp;

use super::text::{Part, day, parts};
use super::timeline::Timeline;
use crate::model::minute;
use crate::report::controls::{Control, Question};
use crate::report::evidence::{Finding, Key, Report, User};

/// The columns of controls, by what their standards begin with.
const STANDARDS: [&str; 5] = ["CIS", "Security Hub", "PCI", "NIST", "ISO"];

/// What is asked, by which controls, and how the account stands to it.
pub(super) struct QuestionRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) words: &'a str,
    /// A cell a standard: the numbers, each with the versions that have it, and its source.
    pub(crate) cells: Vec<Vec<Numbered>>,
    pub(crate) met: usize,
    pub(crate) unmet: usize,
    pub(crate) exempt: usize,
    pub(crate) in_overlap: usize,
    pub(crate) past_overlap: usize,
}

/// A control's number in the versions that have it.
pub(super) struct Numbered {
    pub(crate) number: &'static str,
    pub(crate) versions: String,
    pub(crate) source: &'static str,
}

/// Something that needs a person.
pub(super) struct FindingRow<'a> {
    pub(crate) user: &'a User,
    pub(crate) kind: String,
    pub(crate) evidence: Vec<Part>,
    pub(crate) remedy: Vec<Part>,
    pub(crate) questions: Vec<(&'static str, &'static str)>,
}

/// A user who is left alone.
pub(super) struct ExemptRow<'a> {
    pub(crate) user: &'a User,
    pub(crate) reason: &'a str,
    pub(crate) unmet: Vec<(&'static str, &'static str)>,
}

pub(super) struct KeyRow<'a> {
    pub(crate) user: &'a User,
    pub(crate) key: &'a Key,
    pub(crate) created: String,
    pub(crate) late: bool,
    /// The end of its overlap, of a superseded key that is active after it.
    pub(crate) past_overlap: Option<String>,
    pub(crate) used: Option<String>,
    pub(crate) version: String,
    pub(crate) last_rotated: String,
    pub(crate) valid: Option<bool>,
}

/// One user with what happened to the user's keys.
pub(super) struct UserRow<'a> {
    pub(crate) user: &'a User,
    pub(crate) timeline: Option<Timeline>,
    pub(crate) events: Vec<String>,
}

pub(super) fn questions(report: &Report) -> Vec<QuestionRow<'_>> {
    let rows = Question::ALL.into_iter().filter_map(|question| {
        // Every control of a question has the same figures.
        let result = report.controls.iter().find(|result| result.question == question.name())?;
        let cell = |standard: &&str| {
            numbered(question.controls().filter(|control| control.standard.starts_with(standard)))
        };
        Some(QuestionRow {
            name: question.name(),
            words: question.words(),
            cells: STANDARDS.iter().map(cell).collect(),
            met: result.met,
            unmet: result.unmet,
            exempt: result.exempt,
            in_overlap: result.in_overlap,
            past_overlap: result.past_overlap,
        })
    });
    rows.collect()
}

fn numbered(controls: impl Iterator<Item = &'static Control>) -> Vec<Numbered> {
    let mut cell: Vec<Numbered> = Vec::new();
    for control in controls {
        let version = control.version;
        match cell.last_mut().filter(|last| last.number == control.number) {
            Some(last) => last.versions = format!("{}, {version}", last.versions),
            None => cell.push(Numbered {
                number: control.number,
                versions: version.to_owned(),
                source: control.source,
            }),
        }
    }
    cell
}

/// What is rare first: keys that are merely old are many, and those of exempt users are known.
pub(super) fn findings(users: &[User]) -> Vec<FindingRow<'_>> {
    let of = |user| move |finding| (user, finding);
    let mut found: Vec<(&User, &Finding)> =
        users.iter().flat_map(|user| user.findings.iter().map(of(user))).collect();
    found.sort_by_key(|(_, finding)| rank(finding));
    let row = |(user, finding): (_, &Finding)| FindingRow {
        user,
        kind: words(&finding.kind),
        evidence: parts(&finding.evidence.for_people()),
        remedy: parts(&finding.remedy),
        questions: questions_named(&finding.questions),
    };
    found.into_iter().map(row).collect()
}

fn rank(finding: &Finding) -> usize {
    ["KeyOverdue", "NeverUsed", "ExemptButOld"]
        .iter()
        .position(|common| finding.kind == *common)
        .map_or(0, |position| position + 1)
}

/// A finding's name as words: `RotationOff` is "Rotation off".
fn words(kind: &str) -> String {
    let mut words = String::new();
    for (nth, letter) in kind.chars().enumerate() {
        if nth > 0 && letter.is_uppercase() {
            words.push(' ');
            words.push(letter.to_ascii_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

/// Questions by their names, each with its words.
fn questions_named(names: &[String]) -> Vec<(&'static str, &'static str)> {
    let named = |question: &&Question| names.iter().any(|name| name == question.name());
    Question::ALL.iter().filter(named).map(|question| (question.name(), question.words())).collect()
}

/// Users who are left alone.
pub(super) fn exempt(users: &[User]) -> Vec<ExemptRow<'_>> {
    let rows = users.iter().filter_map(|user| {
        let reason = user.exemption.as_deref()?;
        Some(ExemptRow { user, reason, unmet: questions_named(&user.unmet) })
    });
    rows.collect()
}

pub(super) fn keys(users: &[User], now: Timestamp) -> Vec<KeyRow<'_>> {
    let of = |user| move |key| KeyRow::of(user, key, now);
    users.iter().flat_map(|user| user.keys.iter().map(of(user))).collect()
}

impl<'a> KeyRow<'a> {
    fn of(user: &'a User, key: &'a Key, now: Timestamp) -> Self {
        let secret = user.secret.as_ref();
        let version = secret.and_then(|secret| secret.version.as_ref());
        let rotated = secret.and_then(|secret| secret.last_rotated).map(day);
        Self {
            user,
            key,
            created: day(key.created),
            late: key.active && key.age_days > 90,
            past_overlap: key.overlap_ends.filter(|end| *end <= now).map(minute),
            used: key.last_used.as_ref().map(|used| minute(used.at)),
            // Version ids are tokens of 36 characters and more; their beginning tells them apart.
            version: version.map(|version| version.chars().take(8).collect()).unwrap_or_default(),
            last_rotated: rotated.unwrap_or_else(|| "never".into()),
            valid: user
                .validation
                .as_ref()
                .filter(|_| key.role == "current")
                .map(|validation| validation.passes()),
        }
    }
}

impl<'a> UserRow<'a> {
    pub(super) fn of(user: &'a User, now: Timestamp) -> Self {
        let events = user.history.iter().map(|event| {
            let when = match event.not_before {
                Some(from) => format!("{} to {}", day(from), day(event.at)),
                None => day(event.at),
            };
            let what = match event.key.as_str() {
                "" => format!("a version {}, of a key that is gone", event.what.word()),
                key => format!("…{key} {}", event.what.word()),
            };
            format!("{when}: {what} ({})", event.source.words())
        });
        Self { user, timeline: Timeline::of(user, now), events: events.collect() }
    }
}
