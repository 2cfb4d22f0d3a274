//! What a sweep tells a person, because no rule may decide it.

use std::fmt;

use super::{AccessKeyId, Phrase};

/// The kinds of findings. Their names are stable: digests, alerts and `--json` carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum FindingKind {
    /// An active key is older than the policy allows.
    KeyOverdue,
    /// The overlap of a superseded key has ended, and the key is still used.
    StillInUse,
    /// An active key is in no version of the user's secret.
    UnknownKey,
    /// A user without a secret has two active keys: which of them counts cannot be told.
    TwoActiveKeys,
    /// A key that is due was never used.
    NeverUsed,
    /// A rotation began long ago and has not ended.
    RotationStuck,
    /// Rotation is turned off, and the key is due.
    RotationOff,
    /// Nothing rotates the secret, and the key is due.
    NoRotationFunction,
    /// A key is in the way of the next rotation and may not be removed.
    RotationBlocked,
    /// The secret's own schedule did not rotate it in time.
    ScheduleMissed,
    /// More than one secret names the user.
    SecretConflict,
    /// The secret's name belongs to another secret.
    NameTaken,
    /// AWSCURRENT's key is none of the user's.
    CurrentKeyMissing,
    /// AWSCURRENT's key is inactive.
    CurrentKeyInactive,
    /// AWSCURRENT was moved back to an older key.
    RolledBack,
    /// There is no such user.
    UserMissing,
    /// An exempt user's key is older than the policy allows.
    ExemptButOld,
    /// A setting on the secret cannot be read.
    UnreadableSetting,
    /// A secret is tagged with the user, and nobody with authority enrolled it.
    NotEnrolled,
    /// A superseded key was made active again after its deactivation.
    Reactivated,
    /// A superseded key is active long after the time of its deactivation.
    NotRetired,
    /// The tag that the sweep remembers by held what the sweep did not write.
    NotesDropped,
    /// The user's secret is scheduled for deletion.
    SecretDeleted,
    /// The user's name holds a character that no secret's name and no tag may hold.
    NameUnusable,
    /// A tag that names where a user's mails go holds no mail address.
    UnusableAddress,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The key it is about, if it is about one.
    pub(crate) key: Option<AccessKeyId>,
    pub(crate) evidence: Phrase,
    /// What to do about it.
    pub(crate) remedy: &'static str,
    /// Whether it has not been reported yet, as far as the ledger remembers.
    pub new: bool,
}

impl FindingKind {
    /// All of them, each with its letter in the ledger.
    pub(crate) const LETTERS: [(char, Self); 25] = [
        ('o', Self::KeyOverdue),
        ('u', Self::StillInUse),
        ('s', Self::UnknownKey),
        ('2', Self::TwoActiveKeys),
        ('n', Self::NeverUsed),
        ('p', Self::RotationStuck),
        ('f', Self::RotationOff),
        ('l', Self::NoRotationFunction),
        ('q', Self::RotationBlocked),
        ('w', Self::ScheduleMissed),
        ('c', Self::SecretConflict),
        ('g', Self::NameTaken),
        ('k', Self::CurrentKeyMissing),
        ('i', Self::CurrentKeyInactive),
        ('b', Self::RolledBack),
        ('m', Self::UserMissing),
        ('e', Self::ExemptButOld),
        ('y', Self::UnreadableSetting),
        ('j', Self::NotEnrolled),
        ('v', Self::Reactivated),
        ('t', Self::NotRetired),
        ('z', Self::NotesDropped),
        ('5', Self::SecretDeleted),
        ('3', Self::NameUnusable),
        ('4', Self::UnusableAddress),
    ];

    /// Its stable name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::KeyOverdue => "KeyOverdue",
            Self::StillInUse => "StillInUse",
            Self::UnknownKey => "UnknownKey",
            Self::TwoActiveKeys => "TwoActiveKeys",
            Self::NeverUsed => "NeverUsed",
            Self::RotationStuck => "RotationStuck",
            Self::RotationOff => "RotationOff",
            Self::NoRotationFunction => "NoRotationFunction",
            Self::RotationBlocked => "RotationBlocked",
            Self::ScheduleMissed => "ScheduleMissed",
            Self::SecretConflict => "SecretConflict",
            Self::NameTaken => "NameTaken",
            Self::CurrentKeyMissing => "CurrentKeyMissing",
            Self::CurrentKeyInactive => "CurrentKeyInactive",
            Self::RolledBack => "RolledBack",
            Self::UserMissing => "UserMissing",
            Self::ExemptButOld => "ExemptButOld",
            Self::UnreadableSetting => "UnreadableSetting",
            Self::NotEnrolled => "NotEnrolled",
            Self::Reactivated => "Reactivated",
            Self::NotRetired => "NotRetired",
            Self::NotesDropped => "NotesDropped",
            Self::SecretDeleted => "SecretDeleted",
            Self::NameUnusable => "NameUnusable",
            Self::UnusableAddress => "UnusableAddress",
        }
    }

    /// Whether somebody is called for it. The others are only listed.
    pub(crate) fn alerts(self) -> bool {
        self != Self::NeverUsed
    }

    /// Whether somebody is called for it even where there is no secret to remember on that it was told:
    /// it may be an attempt to get at keys.
    pub(crate) fn alerts_each_time(self) -> bool {
        matches!(self, Self::NotEnrolled | Self::NameTaken | Self::SecretDeleted | Self::NameUnusable)
    }

    /// What a person can do about it.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::KeyOverdue => "See why it was not rotated: `iam-key-rotator doctor`.",
            Self::StillInUse => {
                "Move what still uses it to the secret's AWSCURRENT; after 35 days without use it is deactivated by itself, or deactivate it by hand before."
            }
            Self::UnknownKey => "Find out who uses it. If nobody does, deactivate it and then delete it.",
            Self::TwoActiveKeys => {
                "Deactivate the one that is not in use; or enroll the user with the key that is."
            }
            Self::NeverUsed => "If nobody needs it, delete the key, or the user.",
            Self::RotationStuck => "See what stops it: `iam-key-rotator unstick`.",
            Self::RotationOff => {
                "Turn it on with `aws secretsmanager rotate-secret --rotation-lambda-arn …`, or exempt the user."
            }
            Self::NoRotationFunction => {
                "Set `ROTATOR_ROTATION_FUNCTION_ARN`, or give the secret a rotation function."
            }
            Self::RotationBlocked => "Free one of the user's two keys; the rotation then goes on by itself.",
            Self::ScheduleMissed => "See why its schedule did not rotate it: `iam-key-rotator doctor`.",
            Self::SecretConflict => {
                "Decide which secret holds the user's keys, move the consumers of the other one to it, and delete the other one. Until then no key of the user is taken away."
            }
            Self::NameTaken => {
                "Check who created that secret. If it is the user's, enroll it: `iam-key-rotator enroll USER --secret NAME`; otherwise delete it, or choose another `ROTATOR_SECRET_NAME`."
            }
            Self::NotEnrolled => {
                "If that secret is to hold the user's keys, enroll it; otherwise remove its tag `iam-key-rotator:user`, and check who set it (CloudTrail: TagResource, CreateSecret). Until then nothing is changed."
            }
            Self::Reactivated => {
                "Move what still uses it to the secret's AWSCURRENT. It is deactivated after that time, unless it is still used then."
            }
            Self::NotRetired => {
                "See whether a sweep acts: with ROTATOR_MODE=audit nothing retires superseded keys. Set ROTATOR_MODE=retire, or deactivate it by hand: `aws iam update-access-key --status Inactive`."
            }
            Self::NotesDropped => {
                "Nothing is lost: at worst a recovery window begins anew and a message is repeated. Check who wrote the tag `iam-key-rotator:notices` (CloudTrail: TagResource)."
            }
            Self::SecretDeleted => {
                "Restore the secret; or move its consumers away, then deactivate the user's key. Nothing rotates it until then."
            }
            Self::NameUnusable => {
                "Rename the user or exempt it; or put its name into the user field of a secret's value, and rotate that secret by its own schedule."
            }
            Self::UnusableAddress => {
                "Correct the tag: one mail address, without a name or a second address. Mails go where they would without the tag."
            }
            Self::CurrentKeyMissing => {
                "Rotate the secret: consumers read a key that does not work. Or correct its tag `iam-key-rotator:user`."
            }
            Self::CurrentKeyInactive => {
                "Activate the key if it is needed; otherwise delete the secret or the user."
            }
            Self::RolledBack => {
                "Rotate the secret once the cause is mended; the newer key is kept until then."
            }
            Self::UserMissing => "Delete the secret if the user is gone for good; or correct its tag.",
            Self::ExemptButOld => "Check that the reason for the exemption still holds.",
            Self::UnreadableSetting => {
                "Correct or remove the secret's tag; until then the user is not touched."
            }
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_carries_the_stable_names() {
        for (_, kind) in FindingKind::LETTERS {
            assert_eq!(serde_json::json!(kind), kind.as_str());
        }
    }
}
