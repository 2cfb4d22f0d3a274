//! Findings that need the same repair stand in one group, which says once what to do.

use super::rows::questions_named;
use super::text::{MOST_ON_ONE_LINE, Part, parts};
use crate::model::{FindingKind, filled};
use crate::report::assess::NOT_ENROLLED;
use crate::report::evidence::{Finding, User};

/// A group of more rows than this is folded.
const MOST_OPEN: usize = 12;

/// Findings of one kind with one remedy.
pub(super) struct FindingGroup<'a> {
    pub(crate) kind: String,
    /// How many findings.
    pub(crate) count: usize,
    /// How many users.
    pub(crate) users: usize,
    pub(crate) remedy: Vec<Part>,
    /// The names in the remedy that stand for each row's own.
    pub(crate) placeholders: String,
    pub(crate) questions: Vec<(&'static str, &'static str)>,
    pub(crate) rows: Vec<FindingRow<'a>>,
    pub(crate) is_open: bool,
}

/// The users with the same evidence.
pub(super) struct FindingRow<'a> {
    pub(crate) users: Vec<&'a User>,
    pub(crate) key: Option<&'a str>,
    pub(crate) evidence: String,
}

impl FindingRow<'_> {
    /// Whether its names do not fit on one line.
    pub(crate) fn is_long(&self) -> bool {
        self.users.iter().map(|user| user.name.len()).sum::<usize>() > MOST_ON_ONE_LINE
    }
}

type Members<'a> = Vec<(&'a User, &'a Finding)>;

/// The groups; rare kinds first.
pub(super) fn groups(users: &[User]) -> Vec<FindingGroup<'_>> {
    let of = |user| move |finding| (user, finding);
    let mut found: Members<'_> = users.iter().flat_map(|user| user.findings.iter().map(of(user))).collect();
    found.sort_by_key(|(_, finding)| FindingKind::named(&finding.kind).map_or(0, FindingKind::rank));
    let mut groups: Vec<(&str, String, Members<'_>)> = Vec::new();
    for (user, finding) in found {
        let remedy = template(user, finding);
        match groups.iter_mut().find(|(kind, of, _)| *kind == finding.kind && *of == remedy) {
            Some((.., members)) => members.push((user, finding)),
            None => groups.push((&finding.kind, remedy, vec![(user, finding)])),
        }
    }
    groups.into_iter().map(|(kind, remedy, members)| group(kind, &remedy, &members)).collect()
}

/// The remedy before the user's names were filled in; one that was made in another way is its own.
fn template(user: &User, finding: &Finding) -> String {
    let key = finding.key.as_ref().map(|suffix| format!("…{suffix}"));
    let secret = user.secret.as_ref().map(|secret| secret.name.as_str());
    let known = FindingKind::named(&finding.kind).map(FindingKind::remedy);
    let made = |template: &&str| filled(template, &user.name, secret, key.as_deref()) == finding.remedy;
    known.into_iter().chain([NOT_ENROLLED]).find(made).unwrap_or(&finding.remedy).to_owned()
}

fn group<'a>(kind: &str, remedy: &str, members: &[(&'a User, &'a Finding)]) -> FindingGroup<'a> {
    let mut rows: Vec<FindingRow<'a>> = Vec::new();
    for (user, finding) in members {
        let (key, evidence) = (finding.key.as_deref(), finding.evidence.for_people());
        // Keys of two users are never the same key.
        match rows.iter_mut().find(|row| row.evidence == evidence && row.key.is_none() && key.is_none()) {
            Some(row) => row.users.push(user),
            None => rows.push(FindingRow { users: vec![user], key, evidence }),
        }
    }
    // A single user's commands can be pasted; those of many have their names in the rows.
    let remedy = match members {
        [(_, finding)] => &finding.remedy,
        _ => remedy,
    };
    let has = |name: &&str| {
        members.len() > 1
            && remedy.split(|c: char| !c.is_ascii_uppercase() && c != '_').any(|word| word == *name)
    };
    let placeholders: Vec<&str> = ["USER", "SECRET", "KEY"].into_iter().filter(has).collect();
    let mut names: Vec<&str> = members.iter().map(|(user, _)| user.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    FindingGroup {
        kind: words(kind),
        count: members.len(),
        users: names.len(),
        remedy: parts(remedy),
        placeholders: placeholders.join(", "),
        questions: members
            .first()
            .map(|(_, finding)| questions_named(&finding.questions))
            .unwrap_or_default(),
        is_open: rows.len() <= MOST_OPEN,
        rows,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn finding(kind: FindingKind, user: &str, key: Option<&str>, evidence: &str) -> Finding {
        let shown = key.map(|suffix| format!("…{suffix}"));
        Finding {
            kind: kind.to_string(),
            key: key.map(str::to_owned),
            evidence: evidence.into(),
            remedy: filled(kind.remedy(), user, None, shown.as_deref()),
            questions: Vec::new(),
            controls: Vec::new(),
        }
    }

    fn text(parts: &[Part]) -> String {
        parts.iter().map(|part| part.text.as_str()).collect()
    }

    #[test]
    fn findings_with_one_remedy_are_one_group_and_a_single_ones_command_can_be_pasted() {
        let mut users = sample::report("2026-01-01T00:00:00Z", &[("a", &[]), ("b", &[]), ("c", &[])]).users;
        for (user, key) in users.iter_mut().zip(["AAAA", "BBBB", "CCCC"]) {
            user.findings.push(finding(FindingKind::KeyOverdue, &user.name, None, "old"));
            if key != "CCCC" {
                user.findings.push(finding(FindingKind::UnknownKey, &user.name, Some(key), "in no version"));
            }
        }
        users[2].findings.push(finding(FindingKind::RotationStuck, "c", None, "since long"));
        let groups = groups(&users);
        let seen: Vec<_> =
            groups.iter().map(|group| (group.kind.as_str(), group.users, group.rows.len())).collect();
        assert_eq!(
            seen,
            [("Unknown key", 2, 2), ("Rotation stuck", 1, 1), ("Key overdue", 3, 1)],
            "what most users have is last, and the same evidence is one row"
        );
        assert!(text(&groups[0].remedy).contains("--user-name USER --access-key-id KEY"));
        assert_eq!(groups[0].placeholders, "USER, KEY");
        let one = &super::groups(&users[..1])[0];
        assert!(text(&one.remedy).contains("--user-name a --access-key-id …AAAA"), "{}", text(&one.remedy));
        assert_eq!(one.placeholders, "");
    }

    #[test]
    fn a_remedy_that_was_made_in_another_way_is_a_group_of_its_own() {
        let mut users = sample::report("2026-01-01T00:00:00Z", &[("a", &[]), ("b", &[])]).users;
        users[0].findings.push(finding(FindingKind::KeyOverdue, "a", None, "old"));
        users[1].findings.push(Finding {
            remedy: "Do something else.".into(),
            ..finding(FindingKind::KeyOverdue, "b", None, "old")
        });
        assert_eq!(groups(&users).len(), 2);
    }

    #[test]
    fn a_long_group_is_folded() {
        let mut users = sample::report("2026-01-01T00:00:00Z", &[("a", [].as_slice()); MOST_OPEN + 1]).users;
        for (nth, user) in users.iter_mut().enumerate() {
            user.findings.push(finding(FindingKind::KeyOverdue, "a", None, &format!("{nth} days")));
        }
        assert!(!groups(&users)[0].is_open);
        assert!(groups(&users[1..])[0].is_open);
    }
}
