//! What a sweep sees of an exposed key.

use jiff::Timestamp;

use super::planner::{Planner, policy};
use super::view::{Demand, Standing, UserView};
use crate::config::SweepConfig;
use crate::model::{AccessKeyId, Pending, Phrase, SecretState, phrase};
use crate::plan::exemption;
use crate::plan::exposed::{Exposure, Successor};

/// How far the request for a successor has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// None was made.
    NotAsked,
    /// It was made, and there is time to wait.
    Asked,
    /// It is made since then, and there is no more time.
    Over(Timestamp),
    /// AWS refused the request, and why.
    Refused(Phrase),
}

/// Since when a rotation of the user's secret has not ended: since its first attempt, where its intent tells that.
pub(crate) fn rotating_since(view: &UserView, config: &SweepConfig) -> Option<Timestamp> {
    let planner = Planner::new(view, config, Demand::Rotate);
    let pending = planner.seen.secret?.pending().unfinished()?;
    let intent = planner.seen.intent().filter(|intent| intent.token == pending.id);
    intent.and_then(|intent| intent.attempts.first().copied()).or_else(|| planner.pending_since())
}

/// An exposed key of a user, as a sweep sees it.
pub(crate) fn exposure<'a>(
    view: &'a UserView,
    config: &'a SweepConfig,
    key: &'a AccessKeyId,
    wait: Wait,
) -> Exposure<'a> {
    let planner = Planner::new(view, config, Demand::Rotate);
    let (seen, hands_off) = (planner.seen, hands_off(view, config));
    let in_the_way = planner.room().err().map(|blocked| blocked.key().clone());
    let successor = if hands_off.is_some() {
        Successor::Missing("nothing of the user is changed".into())
    } else {
        successor(planner, wait)
    };
    Exposure { key, seen, claims: &view.claims, hands_off, successor, in_the_way }
}

/// Why nothing of the user is changed, whatever AWS says of a key.
fn hands_off(view: &UserView, config: &SweepConfig) -> Option<Phrase> {
    let exempt = exemption(&config.shared.exempt, &view.user.name, view.in_exempt_group, &view.tags);
    if let Some(reason) = exempt {
        return Some(phrase!("the user is exempt: ", &reason));
    }
    let Some(secret) = &view.secret else {
        return Some(match view.not_enrolled.first() {
            Some(name) => phrase!(format_args!("the user's secret {name:?} is not enrolled")),
            None => "no secret of the rotator holds the user's keys".into(),
        });
    };
    if secret.deleted.is_some() {
        return Some("the user's secret is scheduled for deletion".into());
    }
    if !view.rivals.is_empty() {
        return Some(phrase!("the user has more than one secret: ", &view.rivals.join(", ")));
    }
    match view.standing {
        Standing::Enrolled => None,
        Standing::Listed if config.mode.starts_rotations() => None,
        Standing::Listed | Standing::Created => {
            Some("the user's secret does not rotate with the rotation function".into())
        }
    }
}

fn successor(mut planner: Planner<'_>, wait: Wait) -> Successor {
    match wait {
        Wait::Asked => return Successor::Awaited,
        Wait::Over(since) => {
            return Successor::Missing(phrase!("the rotation that began ", since, " has not ended"));
        }
        Wait::Refused(why) => return Successor::Missing(why),
        Wait::NotAsked => {}
    }
    match policy(planner.config, planner.seen.secret) {
        Ok(policy) => planner.policy = policy,
        Err(tag) => {
            return Successor::Missing(phrase!(format_args!(
                "the secret's tag `{tag}` is no duration such as 24h or 7d"
            )));
        }
    }
    if planner.in_flight().is_some() {
        return Successor::Awaited;
    }
    // RotateSecret would move AWSCURRENT to that version again.
    if matches!(planner.seen.secret.map(SecretState::pending), Some(Pending::RolledBack(_))) {
        return Successor::Missing("AWSCURRENT was moved back to an older key".into());
    }
    let Some(setup) = planner.setup() else {
        let why = planner.plan.refused.take();
        return Successor::Missing(why.unwrap_or_else(|| "nothing rotates the secret".into()));
    };
    match planner.room() {
        Ok(()) => Successor::Possible(setup),
        Err(blocked) => Successor::Missing(blocked.problem()),
    }
}
