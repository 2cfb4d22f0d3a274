//! The user and its keys.

use super::super::Session;
use super::super::target::Target;
use super::checks::Checks;
use crate::config::{Config, Mode};
use crate::model::{AccessKey, AccessKeyId, KeyRole, KeyStatus, Keyring, Policy, UserRef};
use crate::plan;
use crate::sweep::Visit;

const AREA: &str = "keys";
const LISTED: &str = "iam:ListAccessKeys";

pub(super) async fn check(
    report: &mut Checks,
    session: &Session,
    target: &Target<'_>,
    settings: &Config,
    mode: Option<Mode>,
) {
    let Some(user) = &target.user else { return };
    let keys = match target.iam.list_access_keys(&user.name).await {
        Err(error) if error.is_not_found() => {
            return report.error(
                "user",
                "there is no such user",
                format!("{LISTED}: {user}"),
                "Correct the tag `iam-key-rotator:user`; or delete the secret, if the user is gone for good.",
            );
        }
        answer => report.answer(AREA, answer),
    };
    let Some(mut keys) = keys else { return };
    report.ok("user", format!("{user} exists"));
    for key in &mut keys {
        key.last_use = report.answer(AREA, target.iam.last_use(&key.id).await);
        if key.last_use.is_none() {
            return;
        }
    }
    let now = target.account.now();
    let seen = Keyring::of_lists(Some(&target.secret), &keys, now);
    check_current(report, seen);
    if let Ok(policy) = settings.policy.with_tags(&target.secret.tags) {
        check_room(report, seen, user, &policy);
    }
    check_unknown_keys(report, seen);
    say_unretired(report, session, AREA, &user.name, seen, mode);
}

/// Whether a sweep will retire the superseded key of a user who was visited.
pub(super) fn check_retired(
    report: &mut Checks,
    session: &Session,
    area: &'static str,
    visit: &Visit,
    mode: Option<Mode>,
) {
    let seen = visit.keyring(session.aws.clock.now());
    say_unretired(report, session, area, &visit.user.name, seen, mode);
}

/// Says so where nothing retires the superseded key: an audit changes nothing, and where no sweep is known
/// there may be none.
fn say_unretired(
    report: &mut Checks,
    session: &Session,
    area: &'static str,
    user: &str,
    seen: Keyring<'_>,
    mode: Option<Mode>,
) {
    let is_superseded =
        |key: &&AccessKey| key.status == KeyStatus::Active && seen.role(key) == KeyRole::Previous;
    for key in seen.keys.iter().filter(is_superseded) {
        let which = format!("superseded key {} of {user}", key.id);
        let Some(unretired) = session.unretired(mode, &which, [user]) else { continue };
        match mode {
            None => {
                let finding = format!("{} ({})", unretired.finding, unretired.evidence);
                report.unknown(area, finding, unretired.remedy);
            }
            Some(_) => report.warning(area, unretired.finding, unretired.evidence, unretired.remedy),
        }
    }
}

fn check_current(report: &mut Checks, seen: Keyring<'_>) {
    let Some(current) = seen.current_version() else {
        return report.note(AREA, "the secret has no value yet: the first rotation stores one");
    };
    let Some(label) = &current.key else {
        return report
            .note(AREA, "no label tells which key AWSCURRENT holds: the first rotation attaches one");
    };
    let consequence = "consumers read a key that does not work";
    match seen.find(label) {
        None => report.error(
            AREA,
            format!("AWSCURRENT holds a key that is none of the user's: {consequence}"),
            format!("{LISTED}: no {label}"),
            "`iam-key-rotator rotate --wait` makes a new one; or correct the tag `iam-key-rotator:user`.",
        ),
        Some(key) if key.status == KeyStatus::Inactive => report.error(
            AREA,
            format!("AWSCURRENT holds an inactive key: {consequence}"),
            format!("{LISTED}: {label} is inactive"),
            "Activate it, if it was deactivated by mistake; or `iam-key-rotator rotate --wait`.",
        ),
        Some(key) => report.ok(AREA, format!("AWSCURRENT's {label} is active, created {}", key.created)),
    }
}

/// Whether a rotation would find room for a key.
fn check_room(report: &mut Checks, seen: Keyring<'_>, user: &UserRef, policy: &Policy) {
    if seen.keys.iter().any(|key| seen.role(key) == KeyRole::Pending) {
        return report
            .note("limit", "the rotation that has begun has its key, and needs no room for another");
    }
    // What the values hold is not known: the rotation function, which reads them, may know better.
    let known = seen.current_version().is_some_and(|version| version.key.is_some());
    match plan::blocked(seen, user, policy).filter(|_| known) {
        None => report.ok("limit", format!("{} of 2 keys: a rotation finds room", seen.keys.len())),
        Some(error) if is_waiting(seen, error.key()) => {
            report.note("limit", format!("a rotation now would be refused, later not: {error}"));
        }
        Some(error) => report.error(
            "limit",
            "a rotation finds no room for a new key",
            error.to_string(),
            "Find out who uses the key in the way; deactivate it if nobody does.",
        ),
    }
}

/// Whether the key in the way is a superseded one, which goes in its time.
fn is_waiting(seen: Keyring<'_>, key: Option<&AccessKeyId>) -> bool {
    seen.keys.iter().any(|known| Some(&known.id) == key && seen.role(known) == KeyRole::Previous)
}

fn check_unknown_keys(report: &mut Checks, seen: Keyring<'_>) {
    let known = seen.current_version().is_some_and(|version| version.key.is_some());
    let unknown = seen
        .keys
        .iter()
        .filter(|key| known && key.status == KeyStatus::Active && seen.role(key) == KeyRole::Unknown);
    for key in unknown {
        let used = key.last_use.as_ref().map(ToString::to_string).unwrap_or_default();
        report.warning(
            AREA,
            "an active key is in no version of the secret: nothing rotates it",
            format!("{}, created {}, {used}", key.id, key.created),
            "Find out who uses it. If nobody does, deactivate it and then delete it.",
        );
    }
}
