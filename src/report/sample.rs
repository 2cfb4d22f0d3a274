//! Small reports for tests.

use super::evidence::{Event, Key, Policy, Report, SCHEMA, Source, User, What};
use super::standing;

/// A key: its suffix, when it was made, whether it is active.
pub(crate) type SampleKey = (&'static str, &'static str, bool);

/// A report made at a time, of users with keys.
pub(crate) fn report(at: &str, users: &[(&str, &[SampleKey])]) -> Report {
    let at = at.parse().unwrap();
    let users: Vec<User> = users.iter().map(|(name, keys)| user(name, keys, at)).collect();
    Report {
        schema: SCHEMA,
        tool: "0.0.0".into(),
        account: Some("111122223333".into()),
        at,
        since: at,
        policy: Policy::default(),
        controls: standing::results(&users, at),
        course: vec![standing::point(&users, at)],
        users,
        users_without_keys: 0,
        unbound: Vec::new(),
        odd_rows: Vec::new(),
    }
}

fn user(name: &str, keys: &[SampleKey], at: jiff::Timestamp) -> User {
    let keys = keys.iter().map(|(suffix, created, active)| {
        let created = created.parse().unwrap();
        Key {
            suffix: (*suffix).into(),
            created,
            age_days: at.duration_since(created).as_hours() / 24,
            active: *active,
            role: "not enrolled".into(),
            last_used: None,
            overlap_ends: None,
        }
    });
    let keys: Vec<Key> = keys.collect();
    let history = keys.iter().map(|key| Event {
        what: What::Created,
        key: key.suffix.clone(),
        at: key.created,
        not_before: None,
        source: Source::Iam,
    });
    User {
        name: name.into(),
        arn: format!("arn:aws:iam::111122223333:user/{name}"),
        exemption: None,
        policy: None,
        history: history.collect(),
        keys,
        secret: None,
        validation: None,
        findings: Vec::new(),
        unmet: Vec::new(),
        next: Vec::new(),
        failure: None,
    }
}
