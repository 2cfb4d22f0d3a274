//! How a user, and how an account, stands to what controls ask.

use jiff::Timestamp;

use super::controls::{CONTROLS, Question};
use super::evidence::{ControlResult, Key, Point, Secret, User, Verdict};
use crate::model::FindingKind;

/// How a user stands to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compliance {
    /// There is nothing to ask.
    NotAsked,
    Met,
    /// Not met, because a superseded key is within its overlap.
    InOverlap,
    /// Not met, because a superseded key is still active after the end of its overlap.
    PastOverlap,
    /// Not met.
    Unmet,
}

impl Compliance {
    /// Whether the control is not met. A key within its overlap is a temporary exception.
    pub(crate) fn is_unmet(self) -> bool {
        matches!(self, Self::Unmet | Self::PastOverlap)
    }
}

impl Question {
    /// How a user stands to it.
    pub(crate) fn ask(self, user: &User, now: Timestamp) -> Compliance {
        let active: Vec<&Key> = user.keys.iter().filter(|key| key.active).collect();
        let all =
            |meets: &dyn Fn(&Key) -> bool| match (active.is_empty(), active.iter().all(|key| meets(key))) {
                (true, _) => Compliance::NotAsked,
                (_, true) => Compliance::Met,
                _ => Compliance::Unmet,
            };
        let of_secret = |meets: &dyn Fn(&Secret) -> bool| match &user.secret {
            None => Compliance::NotAsked,
            Some(secret) if meets(secret) => Compliance::Met,
            Some(_) => Compliance::Unmet,
        };
        let used = |days: i64| all(&|key| within(days, last_sign(key), now));
        match self {
            Self::Age => all(&|key| within(90, key.created, now)),
            Self::OneKey => match &active[..] {
                [] => Compliance::NotAsked,
                [_] => Compliance::Met,
                [_, _] => match overlap_ends(user) {
                    Some(end) if now < end => Compliance::InOverlap,
                    Some(_) => Compliance::PastOverlap,
                    None => Compliance::Unmet,
                },
                _ => Compliance::Unmet,
            },
            Self::Used45 => used(45),
            Self::Used90 => used(90),
            Self::RotationOn => of_secret(&|secret| secret.rotation_enabled),
            Self::RotationWorks => of_secret(&|_| {
                let failed =
                    [FindingKind::RotationStuck, FindingKind::ScheduleMissed].map(FindingKind::as_str);
                !user.findings.iter().any(|finding| failed.contains(&finding.kind.as_str()))
            }),
            Self::Rotated90 => of_secret(&|secret| {
                secret.last_rotated.or(secret.version_stored).is_some_and(|at| within(90, at, now))
            }),
        }
    }
}

/// How an account's users stand to every control.
pub(crate) fn results(users: &[User], now: Timestamp) -> Vec<ControlResult> {
    let answers: Vec<(Question, Vec<(Compliance, bool)>)> = Question::ALL
        .into_iter()
        .map(|question| {
            let of = |user: &User| (question.ask(user, now), user.exemption.is_some());
            (question, users.iter().filter(|user| user.failure.is_none()).map(of).collect())
        })
        .collect();
    let all_read = users.iter().all(|user| user.failure.is_none());
    CONTROLS
        .iter()
        .map(|control| {
            let of = answers.iter().find(|(question, _)| *question == control.question);
            let of: &[(Compliance, bool)] = of.map_or(&[], |(_, answers)| answers);
            let count = |meant: &dyn Fn(&(Compliance, bool)) -> bool| {
                of.iter().filter(|answer| meant(answer)).count()
            };
            ControlResult {
                standard: control.standard.to_owned(),
                version: control.version.to_owned(),
                number: control.number.to_owned(),
                question: control.question.name().to_owned(),
                verdict: verdict(of, all_read),
                met: count(&|(answer, _)| *answer == Compliance::Met),
                unmet: count(&|(answer, _)| answer.is_unmet()),
                exempt: count(&|(answer, exempt)| answer.is_unmet() && *exempt),
                past_overlap: count(&|(answer, _)| *answer == Compliance::PastOverlap),
                in_overlap: count(&|(answer, _)| *answer == Compliance::InOverlap),
                source: control.source.to_owned(),
            }
        })
        .collect()
}

/// The verdict on a control. A user who could not be read may not meet it, so the others' results cannot make a pass.
fn verdict(answers: &[(Compliance, bool)], all_read: bool) -> Verdict {
    let applies = answers.iter().any(|(answer, _)| *answer != Compliance::NotAsked);
    match answers.iter().any(|(answer, _)| answer.is_unmet()) {
        true => Verdict::Fail,
        false if applies && all_read => Verdict::Pass,
        false => Verdict::NotAssessed,
    }
}

/// How an account stands now, as one point of its course.
pub(crate) fn point(users: &[User], now: Timestamp) -> Point {
    let answered = |question: Question, wanted: Compliance| {
        users.iter().filter(|user| question.ask(user, now) == wanted).count()
    };
    let active = || users.iter().flat_map(|user| &user.keys).filter(|key| key.active);
    Point {
        at: now,
        active_keys: active().count(),
        in_time: active().filter(|key| within(90, key.created, now)).count(),
        in_use: active().filter(|key| within(45, last_sign(key), now)).count(),
        users: users.iter().filter(|user| user.keys.iter().any(|key| key.active)).count(),
        with_one_key: answered(Question::OneKey, Compliance::Met),
        findings: users.iter().map(|user| user.findings.len()).sum(),
    }
}

/// When a key was last used; one that never was is given the time from its creation on.
fn last_sign(key: &Key) -> Timestamp {
    key.last_used.as_ref().map_or(key.created, |used| used.at)
}

/// Whether it is at most so many whole days ago, as a key's age is counted everywhere in a report:
/// what is 90 days and an hour old is 90 days old.
fn within(days: i64, at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).as_hours() / 24 <= days
}

/// When the overlap of the user's superseded key ends, where the other active key is the current one.
fn overlap_ends(user: &User) -> Option<Timestamp> {
    let active = || user.keys.iter().filter(|key| key.active);
    active().find(|key| key.role == "current")?;
    active().find_map(|key| key.overlap_ends)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_key_is_as_old_to_a_control_as_it_is_in_the_table() {
        for (created, age, answer) in [
            ("2025-10-03T00:00:00Z", 90, Compliance::Met),
            ("2025-10-02T00:30:00Z", 90, Compliance::Met),
            ("2025-10-02T00:00:00Z", 91, Compliance::Unmet),
        ] {
            let report = sample::report("2026-01-01T00:00:00Z", &[("ci", &[("AAAA", created, true)])]);
            let user = &report.users[0];
            assert_eq!((user.keys[0].age_days, Question::Age.ask(user, report.at)), (age, answer));
            assert_eq!(report.course[0].in_time, usize::from(answer == Compliance::Met));
        }
    }

    #[test]
    fn an_exempt_user_who_does_not_meet_a_control_is_counted_and_said_to_be_exempt() {
        let keys = [("AAAA", "2024-10-03T00:00:00Z", true)];
        let mut users = sample::report("2026-01-01T00:00:00Z", &[("a", &keys), ("b", &keys)]).users;
        users[0].exemption = Some("appliance".into());
        users[1].failure = Some("AccessDenied".into());
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let results = results(&users, now);
        let age = results.iter().find(|result| result.question == "key-age").unwrap();
        assert_eq!((age.met, age.unmet, age.exempt), (0, 1, 1), "who could not be read is not judged");
        assert_eq!(age.verdict, Verdict::Fail, "an exempt user does not meet it either");
    }

    #[test]
    fn a_control_passes_only_where_every_user_it_applies_to_was_read_and_meets_it() {
        let young = [("AAAA", "2025-12-01T00:00:00Z", true)];
        let old = [("BBBB", "2025-01-01T00:00:00Z", true)];
        let mut users =
            sample::report("2026-01-01T00:00:00Z", &[("a", &young), ("b", &old), ("c", &[])]).users;
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let age = |users: &[User]| {
            results(users, now).into_iter().find(|result| result.question == "key-age").unwrap().verdict
        };
        assert_eq!(age(&users[..1]), Verdict::Pass);
        assert_eq!(age(&users), Verdict::Fail);
        assert_eq!(age(&users[2..]), Verdict::NotAssessed, "no user has an active key");
        assert_eq!(age(&[]), Verdict::NotAssessed);
        users[1].failure = Some("AccessDenied".into());
        assert_eq!(age(&users), Verdict::NotAssessed, "the user who could not be read may have an old key");
        users[0].keys = users[1].keys.clone();
        assert_eq!(age(&users), Verdict::Fail, "one user who fails it is enough");
    }
}
