//! One key's row.

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::fleet::Source;
use crate::model::{AccessKey, AccessKeyId, Finding, KeyRole, Keyring, LastUse, Pending, SecretState};
use crate::plan::sweep::ComingEvent;
use crate::sweep::Visit;

/// How soon somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Urgency {
    /// The user could not be looked at.
    Failed,
    /// A person is needed.
    Finding,
    /// Something is to be done now.
    Due,
    /// Something will be done.
    Coming,
    /// Nothing will.
    Quiet,
    /// The user is left alone.
    Exempt,
}

impl Urgency {
    fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Finding => "finding",
            Self::Due => "due",
            Self::Coming => "coming",
            Self::Quiet => "quiet",
            Self::Exempt => "exempt",
        }
    }
}

/// One key; or a user without one, who has a secret.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StatusRow {
    pub(crate) urgency: Urgency,
    /// Whether something is to be done now.
    pub(crate) due: bool,
    pub(crate) user: String,
    pub(crate) account: String,
    pub(crate) key: Option<AccessKeyId>,
    pub(crate) state: Option<String>,
    pub(crate) role: Option<&'static str>,
    /// `None` where lists were read, which do not tell.
    pub(crate) created: Option<Timestamp>,
    pub(crate) age_days: Option<i64>,
    pub(crate) last_used: Option<Timestamp>,
    /// Whether it was never used, as far as is known.
    #[serde(skip)]
    never_used: bool,
    pub(crate) last_used_service: Option<String>,
    pub(crate) last_used_region: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) rotation: &'static str,
    /// What CloudTrail says of the rotation, where it has failed.
    pub(crate) rotation_failed: Option<String>,
    /// Whether what concerns the user and no single key is shown here.
    #[serde(skip)]
    pub(super) leads: bool,
    pub(crate) next_rotation: Option<Timestamp>,
    pub(crate) exempt: Option<String>,
    pub(crate) next: Option<String>,
    /// The same in a word, for the narrow table.
    #[serde(skip)]
    verb: Option<&'static str>,
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) failure: Option<String>,
    /// Where lists were read: when the key was created or last changed.
    pub(crate) last_changed: Option<Timestamp>,
    pub(crate) source: Source,
}

/// A user's keys.
pub(super) fn rows(visit: &Visit, now: Timestamp) -> Vec<StatusRow> {
    if visit.keys.is_empty() && visit.secret.is_none() && visit.failure.is_none() {
        return Vec::new();
    }
    let seen = visit.keyring(now);
    let mut keys: Vec<&AccessKey> = visit.keys.iter().collect();
    keys.sort_by_key(|key| key.created);
    let mut rows: Vec<StatusRow> = keys.iter().map(|key| StatusRow::of(visit, seen, Some(key))).collect();
    if rows.is_empty() {
        rows.push(StatusRow::of(visit, seen, None));
    }
    rows
}

impl StatusRow {
    /// What the columns of `record` are.
    pub(crate) const COLUMNS: [&'static str; 20] = [
        "urgency",
        "user",
        "account",
        "key",
        "state",
        "role",
        "created",
        "age_days",
        "last_used",
        "last_used_service",
        "last_used_region",
        "secret",
        "rotation",
        "next_rotation",
        "exempt",
        "next",
        "next_at",
        "findings",
        "last_changed",
        "source",
    ];
    /// What the columns of `brief` are: they fit 80 characters.
    pub(crate) const BRIEF: [&'static str; 5] = ["USER", "KEY", "AGE", "USED", "NEXT"];
    /// What the columns of `cells` are.
    pub(crate) const HEADERS: [&'static str; 9] =
        ["USER", "KEY", "STATE", "AGE", "LAST USED", "SECRET", "ROTATION", "NEXT", "WHEN"];

    fn of(visit: &Visit, seen: Keyring<'_>, key: Option<&AccessKey>) -> Self {
        let role = key.filter(|_| visit.secret.is_some()).map(|key| seen.role(key));
        // What concerns the user and no single key is shown at the key in use.
        let leads =
            |role: Option<KeyRole>| matches!(role, None | Some(KeyRole::Current)) || visit.keys.len() == 1;
        let about = |of: Option<&AccessKeyId>| match of {
            Some(of) => key.is_some_and(|key| key.id == *of),
            None => leads(role),
        };
        let findings: Vec<Finding> =
            visit.findings.iter().filter(|finding| about(finding.key.as_ref())).cloned().collect();
        let now = visit.actions.iter().find(|planned| about(planned.action.key()));
        let coming =
            visit.coming.iter().filter(|coming| about(Some(&coming.key))).min_by_key(|coming| coming.at);
        let failure = visit.failure.clone().map(|error| error.of_a_command().chain());
        let urgency = match (&failure, &visit.exempt) {
            (Some(_), _) => Urgency::Failed,
            _ if !findings.is_empty() => Urgency::Finding,
            (_, Some(_)) => Urgency::Exempt,
            _ if now.is_some() => Urgency::Due,
            _ if coming.is_some() => Urgency::Coming,
            _ => Urgency::Quiet,
        };
        let (next, verb, next_at) = match (now, coming) {
            (Some(planned), _) => {
                (Some(planned.action.to_string()), Some(planned.action.verb()), Some(seen.now))
            }
            (None, Some(coming)) => {
                (Some(event(coming.event).to_owned()), Some(verb(coming.event)), Some(coming.at))
            }
            (None, None) => (None, None, None),
        };
        let used = match key.and_then(|key| key.last_use.as_ref()) {
            Some(LastUse::At { time, service, region }) => {
                (Some(*time), Some(service.clone()), Some(region.clone()))
            }
            _ => (None, None, None),
        };
        Self {
            urgency,
            due: now.is_some(),
            user: visit.user.name.to_string(),
            account: visit.user.account.clone(),
            key: key.map(|key| key.id.clone()),
            state: key.map(|key| key.status.to_string()),
            role: role.map(KeyRole::name),
            created: key.filter(|_| !visit.from_lists).map(|key| key.created),
            age_days: key.map(|key| seen.now.duration_since(key.created).as_hours() / 24),
            last_used: used.0,
            never_used: key.is_some_and(|key| key.last_use == Some(LastUse::Never)),
            last_used_service: used.1,
            last_used_region: used.2,
            secret: visit.secret.as_ref().map(|secret| secret.name.clone()),
            rotation: rotation_state(visit.secret.as_ref()),
            rotation_failed: None,
            leads: leads(role),
            next_rotation: visit.secret.as_ref().and_then(|secret| secret.next_rotation),
            exempt: visit.exempt.clone(),
            next,
            verb,
            next_at,
            findings,
            failure,
            last_changed: key.filter(|_| visit.from_lists).map(|key| key.created),
            source: Source::of(visit),
        }
    }

    /// Its user and id, if it is a superseded key that is still active.
    pub(crate) fn superseded_and_active(&self) -> Option<(&str, String)> {
        let is_active = self.state.as_deref() == Some("active");
        let key = self.key.as_ref().filter(|_| is_active && self.role == Some(KeyRole::Previous.name()))?;
        Some((&self.user, key.to_string()))
    }

    /// A line of the narrow table.
    pub(crate) fn brief(&self) -> Vec<String> {
        let dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let key = self.key.as_ref().map(|key| match self.state.as_deref() {
            Some("inactive") => format!("{} off", short(key)),
            _ => short(key),
        });
        let used = match self.last_used {
            Some(at) => day(at),
            None if self.never_used => "never".into(),
            None => "-".into(),
        };
        vec![
            self.user.clone(),
            dash(key),
            dash(self.age_days.map(|days| format!("{days}d"))),
            used,
            self.brief_next(),
        ]
    }

    fn brief_next(&self) -> String {
        let verb = match (self.verb, self.next_at) {
            (Some(verb), _) if self.due => Some(format!("{verb} now")),
            (Some(verb), Some(at)) => Some(format!("{verb} {}", day(at))),
            _ => None,
        };
        let found = match self.findings.as_slice() {
            [] => None,
            [only] => Some(only.kind.to_string()),
            [first, more @ ..] => Some(format!("{} +{}", first.kind, more.len())),
        };
        match (found, verb) {
            _ if self.failure.is_some() => "not read".into(),
            _ if self.rotation_failed.is_some() => "rotation failed".into(),
            (Some(found), Some(verb)) => format!("{found}; {verb}"),
            (Some(one), None) => one,
            (None, _) if self.exempt.is_some() => "exempt".into(),
            (None, Some(verb)) => verb,
            (None, None) if self.leads && self.rotation == IN_PROGRESS => "rotation in progress".into(),
            (None, None) => "-".into(),
        }
    }

    /// A line of the wide table.
    pub(crate) fn cells(&self) -> Vec<String> {
        let dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let kinds: Vec<&str> = self.findings.iter().map(|finding| finding.kind.as_str()).collect();
        let next = match (&self.exempt, &self.next) {
            _ if self.failure.is_some() => "could not be looked at".to_owned(),
            (Some(exempt), _) => format!("exempt: {exempt}"),
            (None, Some(next)) if kinds.is_empty() => next.clone(),
            (None, Some(next)) => format!("{}; {next}", kinds.join(", ")),
            (None, None) => dash(Some(kinds.join(", ")).filter(|kinds| !kinds.is_empty())),
        };
        let state = match (&self.state, self.role) {
            (Some(state), Some(role)) => format!("{state}, {role}"),
            (state, _) => dash(state.clone()),
        };
        let used = match (&self.last_used, &self.last_used_service) {
            (Some(at), Some(service)) => format!("{} {service}", day(*at)),
            _ if self.never_used => "never".into(),
            _ => "-".into(),
        };
        let when = if self.due { "now".into() } else { dash(self.next_at.map(day)) };
        vec![
            self.user.clone(),
            dash(self.key.as_ref().map(ToString::to_string)),
            state,
            dash(self.age_days.map(|days| format!("{days}d"))),
            used,
            dash(self.secret.clone()),
            self.rotation.to_owned(),
            next,
            when,
        ]
    }

    /// A line of CSV.
    pub(crate) fn record(&self) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        let kinds: Vec<&str> = self.findings.iter().map(|finding| finding.kind.as_str()).collect();
        let urgency = self.urgency.as_str().to_owned();
        vec![
            urgency,
            self.user.clone(),
            self.account.clone(),
            self.key.as_ref().map(ToString::to_string).unwrap_or_default(),
            text(&self.state),
            self.role.unwrap_or_default().to_owned(),
            time(self.created),
            self.age_days.map(|days| days.to_string()).unwrap_or_default(),
            time(self.last_used),
            text(&self.last_used_service),
            text(&self.last_used_region),
            text(&self.secret),
            self.rotation.to_owned(),
            time(self.next_rotation),
            text(&self.exempt),
            text(&self.next),
            time(self.next_at),
            kinds.join(" "),
            time(self.last_changed),
            self.source.as_str().to_owned(),
        ]
    }
}

/// The end of a key's id; of a key whose id is not known, its number.
fn short(key: &AccessKeyId) -> String {
    if key.is_numbered() { key.to_string() } else { format!("…{}", key.suffix()) }
}

fn event(event: ComingEvent) -> &'static str {
    match event {
        ComingEvent::Rotation => "is rotated",
        ComingEvent::Deactivation => "is deactivated",
        ComingEvent::Deletion => "is deleted",
    }
}

fn verb(event: ComingEvent) -> &'static str {
    match event {
        ComingEvent::Rotation => "rotate",
        ComingEvent::Deactivation => "deactivate",
        ComingEvent::Deletion => "delete",
    }
}

const IN_PROGRESS: &str = "in progress";

fn rotation_state(secret: Option<&SecretState>) -> &'static str {
    let Some(secret) = secret else { return "no secret" };
    match (secret.rotation_enabled, secret.rotation_scheduled) {
        _ if secret.deleted.is_some() => "to be deleted",
        _ if matches!(secret.pending(), Pending::Unfinished(_)) => IN_PROGRESS,
        // AWSPENDING was left on a version that was current before: no rotation begins until it is removed.
        _ if matches!(secret.pending(), Pending::RolledBack(_)) => "blocked",
        (false, _) if secret.rotation_function.is_some() => "turned off",
        (false, _) => "none",
        (true, true) => "scheduled",
        (true, false) => "by the sweep",
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
