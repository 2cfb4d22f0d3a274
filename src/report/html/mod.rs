//! The report as one HTML file: nothing is loaded, nothing but sorting needs JavaScript.
//!
//! The data stand in it once more as JSON, so that a later report can take up their history.

mod ages;
mod course;
mod findings;
mod rows;
mod text;
mod timeline;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::ages::Ages;
use self::course::Course;
use self::findings::FindingGroup;
use self::rows::{ExemptRow, KeyTable, QuestionRow, UserRow};
use self::text::{MOST_ON_ONE_LINE, percent};
use super::evidence::{ControlResult, Point, Report, User, Verdict};
use crate::model::{counted, minute};

/// What stands before the data.
pub(super) const DATA_BEGINS: &str = r#"<script type="application/json" id="evidence">"#;
/// Sorting and filtering, for those who have JavaScript.
const SCRIPT: &str = include_str!("../templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    account: &'a str,
    now: String,
    since: String,
    verdict: String,
    tiles: Vec<Tile>,
    ages: Option<Ages>,
    course: Option<Course>,
    questions: Vec<QuestionRow<'a>>,
    findings: Vec<FindingGroup<'a>>,
    exempt: Vec<ExemptRow<'a>>,
    failed: Vec<&'a User>,
    keys: Vec<KeyTable<'a>>,
    axis: Vec<timeline::Tick>,
    users: Vec<UserRow<'a>>,
    data: String,
    script: &'static str,
    script_digest: String,
}

struct Tile {
    number: String,
    of: String,
    label: &'static str,
    /// Whether it is as it should be, where it should be something.
    good: Option<bool>,
}

/// The report as HTML.
pub fn html(report: &Report) -> String {
    let users = &report.users;
    let page = Page {
        account: report.account.as_deref().unwrap_or("unknown"),
        now: minute(report.at),
        since: minute(report.since),
        verdict: verdict(users),
        tiles: tiles(report),
        ages: Ages::of(users),
        course: Course::of(&report.course),
        questions: rows::questions(report),
        findings: findings::groups(users),
        exempt: rows::exempt(users),
        failed: users.iter().filter(|user| user.failure.is_some()).collect(),
        keys: rows::key_tables(users, report.at),
        axis: timeline::axis(report.at),
        users: users.iter().map(|user| UserRow::of(user, report.at)).collect(),
        data: data(report),
        script: SCRIPT,
        script_digest: STANDARD.encode(Sha256::digest(SCRIPT)),
        report,
    };
    // A template fails only if what it writes to does, and it writes to memory.
    page.render().unwrap_or_default()
}

/// The report's JSON, in which no text can end the element that it stands in.
fn data(report: &Report) -> String {
    serde_json::to_string(report).unwrap_or_default().replace('<', "\\u003c")
}

fn verdict(users: &[User]) -> String {
    let asked =
        || users.iter().filter(|user| user.keys.iter().any(|key| key.active) || user.secret.is_some());
    let unmet = || asked().filter(|user| !user.unmet.is_empty());
    let exempt = unmet().filter(|user| user.exemption.is_some()).count();
    let total = asked().count();
    let (pass, do_not) =
        (verb(total - unmet().count(), "passes", "pass"), verb(unmet().count(), "does not", "do not"));
    let users = counted(total, "user");
    match (unmet().count(), exempt) {
        _ if total == 0 => "No user has an active key or a secret.".to_owned(),
        (0, _) if total == 1 => "The only user with an active key or a secret passes every check.".to_owned(),
        (0, _) => format!("All {total} users with an active key or a secret pass every check."),
        (not, 0) => format!("{} of {users} {pass} every check; {not} {do_not}.", total - not),
        (not, exempt) => {
            format!("{} of {users} {pass} every check; {not} {do_not}, {exempt} of them exempt.", total - not)
        }
    }
}

/// The verb that agrees with a number.
fn verb(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

fn tiles(report: &Report) -> Vec<Tile> {
    let point = report.course.last().copied().unwrap_or_default();
    let Point { active_keys, in_time, in_use, users, with_one_key, findings, .. } = point;
    let share = |label, part: usize, whole: usize| Tile {
        number: percent(part, whole),
        of: format!("{part} of {whole}"),
        label,
        good: Some(part == whole),
    };
    let exempt = report.users.iter().filter(|user| user.exemption.is_some()).count();
    let most =
        |of: &dyn Fn(&ControlResult) -> usize| report.controls.iter().map(of).max().unwrap_or_default();
    let (overlap, past) = (most(&|control| control.in_overlap), most(&|control| control.past_overlap));
    let mut one_key = share("users with one active key", with_one_key, users);
    if overlap > 0 {
        one_key.of = format!("{}, {overlap} more in overlap", one_key.of);
    }
    if past > 0 {
        one_key.of = format!("{}, {past} after the end of the overlap", one_key.of);
    }
    one_key.good = Some(with_one_key + overlap == users);
    vec![
        share("active keys at most 90 days old", in_time, active_keys),
        one_key,
        share("active keys used within 45 days", in_use, active_keys),
        Tile {
            number: findings.to_string(),
            of: "need action".into(),
            label: "findings",
            good: Some(findings == 0),
        },
        Tile {
            number: exempt.to_string(),
            of: "each with a reason".into(),
            label: "users exempt",
            good: None,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn names_are_escaped_in_the_page_and_cannot_end_the_data() {
        let page = html(&sample::report("2026-01-01T00:00:00Z", &[("</script><b onclick=x>", &[])]));
        assert!(!page.contains("<b onclick"), "{page}");
        assert_eq!(page.matches("</script>").count(), 2, "the data's and the program's");
    }

    #[test]
    fn a_report_is_read_back_from_its_html() {
        let keys = [("AAAA", "2025-11-01T00:00:00Z", true)];
        let report = sample::report("2026-01-01T00:00:00Z", &[("a&<b", &keys)]);
        assert_eq!(Report::parse(&html(&report)), Some(report.clone()));
        assert_eq!(Report::parse(&super::super::json(&report)), Some(report));
        assert_eq!(Report::parse("<html>"), None);
    }

    #[test]
    fn nothing_is_loaded_from_anywhere() {
        let page = html(&sample::report("2026-01-01T00:00:00Z", &[]));
        for loading in ["<link", "<img", "<iframe", "src=", "@import"] {
            assert!(!page.contains(loading), "{loading}");
        }
        assert_eq!(page.matches("url(").count(), page.matches("url(#").count());
        assert!(page.contains("default-src 'none'"));
    }
}
