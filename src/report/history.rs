//! A report takes over what the report before it knew.
//!
//! AWS forgets a key when it is deleted. What happened to it is known only if two reports stand on
//! either side of it, so what one report knows the next one carries on, and says whence.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::evidence::{Event, Key, Report, SCHEMA, Source, User, What};

/// Events of one user that are carried on; the oldest go first.
const MOST_EVENTS: usize = 60;
/// Points of the account's course that are carried on: twenty years of months.
const MOST_POINTS: usize = 240;
/// How long a user is shown who has neither key nor secret any more: a year and a month.
const FORMER_USERS: SignedDuration = SignedDuration::from_hours(24 * 396);

impl Report {
    /// This report with what an earlier one of the same account knew. Another account's, or one
    /// that is not earlier, is no history of this one.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        if earlier.schema != SCHEMA || earlier.account != self.account || earlier.at >= self.at {
            return self;
        }
        self.since = earlier.since;
        let mut course = earlier.course.clone();
        course.append(&mut self.course);
        self.course = course.split_off(course.len().saturating_sub(MOST_POINTS));
        let mut before: BTreeMap<&str, &User> =
            earlier.users.iter().map(|user| (user.arn.as_str(), user)).collect();
        for user in &mut self.users {
            if let Some(before) = before.remove(user.arn.as_str()) {
                carry_on(user, before, earlier.at, self.at);
            }
        }
        let kept = self.at.saturating_sub(FORMER_USERS).unwrap_or(Timestamp::MIN);
        for former in before.into_values() {
            let mut user = without_keys(former);
            carry_on(&mut user, former, earlier.at, self.at);
            if user.history.last().is_some_and(|event| event.at >= kept) {
                self.users.push(user);
            }
        }
        self
    }
}

/// A user who was there at the earlier report, and has neither key nor secret now.
fn without_keys(former: &User) -> User {
    User {
        name: former.name.clone(),
        arn: former.arn.clone(),
        exemption: None,
        policy: None,
        keys: Vec::new(),
        secret: None,
        validation: None,
        findings: Vec::new(),
        unmet: Vec::new(),
        next: Vec::new(),
        history: Vec::new(),
        failure: None,
    }
}

fn carry_on(user: &mut User, before: &User, then: Timestamp, now: Timestamp) {
    let known = std::mem::replace(&mut user.history, before.history.clone());
    let were_read = before.failure.is_none() && user.failure.is_none();
    let changed = if were_read { changes(user, before, then, now) } else { Vec::new() };
    for event in known.into_iter().chain(changed) {
        if !is_known(&user.history, &event) {
            user.history.push(event);
        }
    }
    user.history.sort_by_key(|event| event.at);
    let surplus = user.history.len().saturating_sub(MOST_EVENTS);
    user.history.drain(..surplus);
}

/// What must have happened between two reports.
fn changes(user: &User, before: &User, then: Timestamp, now: Timestamp) -> Vec<Event> {
    let between = |what, key: &Key| Event {
        what,
        key: key.suffix.clone(),
        at: now,
        not_before: Some(then),
        source: Source::EarlierReport,
    };
    let mut events = Vec::new();
    for was in &before.keys {
        match user.keys.iter().find(|key| key.suffix == was.suffix && key.created == was.created) {
            None => events.push(between(What::Deleted, was)),
            Some(key) if was.active && !key.active => events.push(between(What::Deactivated, key)),
            Some(key) if !was.active && key.active => events.push(between(What::Reactivated, key)),
            Some(_) => {}
        }
    }
    events
}

/// Whether an event is told already. A key is made, promoted and deleted once; of its turns between
/// active and inactive the last one counts.
fn is_known(history: &[Event], event: &Event) -> bool {
    let of_key = || history.iter().filter(|known| known.key == event.key);
    match event.what {
        What::Created | What::Promoted | What::Deleted => of_key().any(|known| known.what == event.what),
        // Its version was stored with a key that was there then.
        What::Stored => history.iter().any(|known| {
            let made = matches!(known.what, What::Stored | What::Created);
            made && known.at.duration_since(event.at).abs() < SignedDuration::from_mins(5)
        }),
        What::Deactivated | What::Reactivated => {
            let turns = |known: &&Event| matches!(known.what, What::Deactivated | What::Reactivated);
            of_key().rfind(turns).is_some_and(|known| known.what == event.what)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn told(user: &User) -> Vec<(What, &str)> {
        user.history.iter().map(|event| (event.what, event.key.as_str())).collect()
    }

    #[test]
    fn a_key_that_is_gone_was_deleted_between_the_two_reports() {
        let earlier =
            sample::report("2026-01-01T00:00:00Z", &[("ci", &[("AAAA", "2025-11-01T00:00:00Z", true)])]);
        let later =
            sample::report("2026-02-01T00:00:00Z", &[("ci", &[("BBBB", "2026-01-05T00:00:00Z", true)])]);
        let (then, now) = (earlier.at, later.at);
        let report = later.after(&earlier);
        let user = &report.users[0];
        assert_eq!(told(user), [(What::Created, "AAAA"), (What::Created, "BBBB"), (What::Deleted, "AAAA")]);
        let gone = &user.history[2];
        assert_eq!((gone.not_before, gone.at, gone.source), (Some(then), now, Source::EarlierReport));
        assert_eq!((report.since, report.course.len()), (then, 2));
    }

    #[test]
    fn a_third_report_still_knows_it_and_says_nothing_twice() {
        let first =
            sample::report("2026-01-01T00:00:00Z", &[("ci", &[("AAAA", "2025-11-01T00:00:00Z", true)])]);
        let second =
            sample::report("2026-02-01T00:00:00Z", &[("ci", &[("AAAA", "2025-11-01T00:00:00Z", false)])]);
        let third =
            sample::report("2026-03-01T00:00:00Z", &[("ci", &[("AAAA", "2025-11-01T00:00:00Z", false)])]);
        let report = third.after(&second.after(&first));
        assert_eq!(told(&report.users[0]), [(What::Created, "AAAA"), (What::Deactivated, "AAAA")]);
        assert_eq!((report.since, report.course.len()), (first.at, 3));
    }

    #[test]
    fn a_report_of_another_account_or_a_later_one_is_no_history() {
        let report = || sample::report("2026-02-01T00:00:00Z", &[("ci", &[])]);
        let mut other =
            sample::report("2026-01-01T00:00:00Z", &[("ci", &[("AAAA", "2025-11-01T00:00:00Z", true)])]);
        other.account = Some("444455556666".into());
        assert_eq!(report().after(&other), report());
        let later = sample::report("2026-03-01T00:00:00Z", &[("ci", &[])]);
        assert_eq!(report().after(&later), report());
    }

    #[test]
    fn a_user_who_could_not_be_read_has_lost_no_key() {
        let earlier =
            sample::report("2026-01-01T00:00:00Z", &[("ci", &[("AAAA", "2025-11-01T00:00:00Z", true)])]);
        let mut later = sample::report("2026-02-01T00:00:00Z", &[("ci", &[])]);
        later.users[0].failure = Some("AccessDenied".into());
        assert_eq!(told(&later.after(&earlier).users[0]), [(What::Created, "AAAA")]);
    }

    #[test]
    fn a_user_who_is_gone_is_shown_for_a_year_with_what_became_of_the_keys() {
        let earlier =
            sample::report("2026-01-01T00:00:00Z", &[("ci", &[("AAAA", "2025-11-01T00:00:00Z", true)])]);
        let later = sample::report("2026-02-01T00:00:00Z", &[]).after(&earlier);
        assert_eq!(told(&later.users[0]), [(What::Created, "AAAA"), (What::Deleted, "AAAA")]);
        assert!(sample::report("2027-06-01T00:00:00Z", &[]).after(&later).users.is_empty());
    }
}
