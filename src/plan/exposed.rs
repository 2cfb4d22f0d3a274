//! An access key that strangers may have: what is done about it next.
//!
//! The sweep asks this for an event of AWS, `rotate --revoke-now` for an operator. Whoever asks carries out the
//! measure, reads everything again, and asks again, until there is nothing left to do.

use super::{Change, Planned, because};
use crate::config::Exposed;
use crate::model::{AccessKeyId, Claims, KeyRole, KeyStatus, Keyring, Phrase, RotationSetup, phrase};

/// An exposed key, beside the user's keys and the secret that holds them.
#[derive(Clone, Debug)]
pub(crate) struct Exposure<'a> {
    pub(crate) key: &'a AccessKeyId,
    pub(crate) seen: Keyring<'a>,
    /// What other secrets say of the user's keys.
    pub(crate) claims: &'a Claims,
    /// Why the user's keys are not changed; `None`: they are.
    pub(crate) hands_off: Option<Phrase>,
    /// Whether consumers can get another key.
    pub(crate) successor: Successor,
    /// The key that leaves no room for one.
    pub(crate) in_the_way: Option<AccessKeyId>,
}

/// Whether a key can get a successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Successor {
    /// RotateSecret has one made, called so.
    Possible(Option<RotationSetup>),
    /// A rotation is making it.
    Awaited,
    /// None comes, and why.
    Missing(Phrase),
}

/// What is done about an exposed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Have Secrets Manager make a successor.
    Request(Option<RotationSetup>),
    /// Wait for the successor to become current.
    Await,
    /// Deactivate the key.
    Deactivate {
        planned: Planned<Change>,
        /// Whose access ends with it; `None`: everybody can read another key.
        cut_off: Option<Phrase>,
    },
    /// The key works, and a person must decide; why.
    Report(Phrase),
    /// The key works, and nothing can be done before a person has; what stands in the way.
    Blocked(Phrase),
    /// There is nothing left to do; why.
    Over(Phrase),
}

/// What is done about an exposed key next.
pub(crate) fn measure(exposure: &Exposure<'_>, response: Exposed) -> Measure {
    let Exposure { key: id, seen, .. } = exposure;
    let Some(key) = seen.find(id) else {
        return Measure::Over(
            "IAM lists no such key of the user: it was deleted, or it is another account's".into(),
        );
    };
    let inactive = key.status == KeyStatus::Inactive;
    if let Some(why) = &exposure.hands_off {
        return if inactive { Measure::Over(off(why)) } else { Measure::Report(why.clone()) };
    }
    let role = seen.role(key);
    if matches!(role, KeyRole::Unknown | KeyRole::Orphan) {
        let why = Phrase::from("no version of the user's secret holds it");
        return if inactive { Measure::Over(off(&why)) } else { Measure::Report(why) };
    }
    let current = seen.current().filter(|current| current.id != **id && current.status == KeyStatus::Active);
    // A key that never was current has no consumers.
    let unread = matches!(role, KeyRole::Pending | KeyRole::Abandoned);
    if inactive && (unread || current.is_some()) {
        return Measure::Over("it is inactive, and no consumer needs it".into());
    }
    if response == Exposed::Alert && inactive {
        return Measure::Over("it is inactive, though AWSCURRENT holds no other key that works".into());
    }
    if response == Exposed::Alert {
        return Measure::Report("it works, and nothing was changed".into());
    }
    if current.is_none() && !unread {
        return match &exposure.successor {
            Successor::Possible(setup) => Measure::Request(setup.clone()),
            Successor::Awaited => Measure::Await,
            Successor::Missing(why) if response == Exposed::Revoke && !inactive => {
                let cut_off =
                    phrase!("no other key is current, so everything that uses it is cut off: ", why);
                deactivate(id, "it is exposed, and no successor comes".into(), Some(cut_off))
            }
            Successor::Missing(why) => Measure::Blocked(why.clone()),
        };
    }
    let other = exposure.claims.holder_elsewhere(key, seen.now);
    let shared = other.map(|other| phrase!(format_args!("AWSCURRENT of {other} may hold it too")));
    if response == Exposed::Rotate
        && let Some(shared) = shared
    {
        return Measure::Blocked(shared);
    }
    let reason = match (role, current) {
        (KeyRole::Pending, _) => "it is exposed, and no consumer can have read it yet".into(),
        (KeyRole::Abandoned, _) => "it is exposed, and never was current".into(),
        (_, Some(current)) => phrase!("it is exposed, and AWSCURRENT holds ", &current.id),
        (_, None) => "it is exposed".into(),
    };
    deactivate(id, reason, shared.map(|shared| phrase!("its consumers there are cut off: ", &shared)))
}

fn deactivate(key: &AccessKeyId, reason: Phrase, cut_off: Option<Phrase>) -> Measure {
    Measure::Deactivate { planned: because(Change::DeactivateKey { key: key.clone() }, reason), cut_off }
}

fn off(why: &Phrase) -> Phrase {
    phrase!("it is inactive; ", why)
}
