//! The rows of the page's tables.

use jiff::Timestamp;

use super::text::day;
use super::timeline::Timeline;
use crate::model::{counted, minute};
use crate::report::controls::{Control, Question};
use crate::report::evidence::{Key, Policy, Report, User, Verdict};

/// The columns of controls, by what their standards begin with.
const STANDARDS: [&str; 5] = ["CIS", "Security Hub", "PCI", "NIST", "ISO"];

/// What is asked, by which controls, and how the account stands to it.
pub(super) struct QuestionRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) words: &'a str,
    /// A cell a standard: the numbers, each with the versions that have it, and its source.
    pub(crate) cells: Vec<Vec<Numbered>>,
    pub(crate) verdict: Verdict,
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

/// A user who is left alone.
pub(super) struct ExemptRow<'a> {
    pub(crate) user: &'a User,
    pub(crate) reason: &'a str,
    pub(crate) unmet: Vec<(&'static str, &'static str)>,
}

/// Keys of users who stand alike.
pub(super) struct KeyTable<'a> {
    pub(crate) id: &'static str,
    pub(crate) caption: String,
    pub(crate) rows: Vec<KeyRow<'a>>,
    pub(crate) is_folded: bool,
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
    /// The policy of the secret's own tags.
    pub(crate) own_policy: Option<&'a Policy>,
    pub(crate) valid: Option<bool>,
    /// What comes next of this key.
    pub(crate) next: Vec<String>,
}

/// One user with what happened to the user's keys.
pub(super) struct UserRow<'a> {
    pub(crate) user: &'a User,
    /// How many events, and when the last one was.
    pub(crate) summary: String,
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
            verdict: result.verdict,
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

/// Questions by their names, each with its words.
pub(super) fn questions_named(names: &[String]) -> Vec<(&'static str, &'static str)> {
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

/// The keys of users who need action, and those of all others, which are folded.
pub(super) fn key_tables(users: &[User], now: Timestamp) -> Vec<KeyTable<'_>> {
    let needs_action =
        |user: &&User| !user.unmet.is_empty() || !user.findings.is_empty() || user.failure.is_some();
    let (acute, fine): (Vec<&User>, Vec<&User>) = users.iter().partition(needs_action);
    let tables = [
        KeyTable::of(&acute, now, "acute", "with a finding or a failed check", false),
        KeyTable::of(&fine, now, "fine", "without a finding or a failed check", true),
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

impl<'a> KeyTable<'a> {
    fn of(users: &[&'a User], now: Timestamp, id: &'static str, which: &str, is_folded: bool) -> Self {
        let rows_of = |user: &&'a User| {
            let user: &'a User = user;
            user.keys.iter().map(move |key| KeyRow::of(user, key, now))
        };
        let rows: Vec<KeyRow<'a>> = users.iter().flat_map(rows_of).collect();
        let with_keys = users.iter().filter(|user| !user.keys.is_empty()).count();
        let caption = format!("{} of {} {which}", counted(rows.len(), "key"), counted(with_keys, "user"));
        Self { id, caption, rows, is_folded }
    }
}

/// What comes next of one key. What names no key of the user is about the newest.
fn next(user: &User, key: &Key) -> Vec<String> {
    let is_newest = user.keys.last().is_some_and(|newest| newest.suffix == key.suffix);
    let named = |text: &str, key: &Key| text.contains(&format!("…{}", key.suffix));
    let texts = user.next.iter().map(|next| next.for_people());
    let of_key = texts
        .filter(|text| named(text, key) || (is_newest && !user.keys.iter().any(|other| named(text, other))));
    // The row names the key already.
    of_key.map(|text| text.trim_end_matches(&format!(" of …{}", key.suffix)).to_owned()).collect()
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
            own_policy: user.policy.as_ref().filter(|policy| policy.by_tags),
            next: next(user, key),
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
                "" => format!("a version {}, of a key that has been deleted", event.what.word()),
                key => format!("…{key} {}", event.what.word()),
            };
            format!("{when}: {what} ({})", event.source.words())
        });
        let events: Vec<String> = events.collect();
        let last = user.history.last().map(|event| format!(", the last on {}", day(event.at)));
        let summary = format!("{}{}", counted(events.len(), "event"), last.unwrap_or_default());
        Self { user, summary, timeline: Timeline::of(user, now), events }
    }
}
