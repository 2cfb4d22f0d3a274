//! What a step of a rotation plans, written as a page.

use std::time::Duration;

use super::{Action, Outcome, Plan};
use crate::model::names::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, TAG_INTENT};
use crate::model::{
    AccessKey, Claims, Credential, Observation, OtherSecret, Policy, SecretDocument, SecretState, Sensitive,
    VersionId,
};
use crate::plan::sample::{
    DAY, HOUR, NEW, OLD, Parts, at, id, key, secret, settled, timeline, used, user, version,
};

/// When each scene is looked at; between two that differ, the second of the change is searched.
const SAMPLES: [i64; 14] = [
    1,
    10,
    30,
    90,
    300,
    2 * HOUR,
    6 * HOUR,
    20 * HOUR,
    30 * HOUR,
    5 * DAY + 7,
    20 * DAY + 7,
    34 * DAY + 7,
    50 * DAY + 7,
    101 * DAY + 7,
];

/// One rotation of one secret, at any time. It began at the start of the scene.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) seen: Observation,
    pub(super) policy: Policy,
}

impl Scene {
    /// A rotation that is to supersede OLD and has made no key yet.
    pub(super) fn begun() -> Self {
        let mut secret = secret(vec![version("v1", &[AWSCURRENT, OLD]), version("v2", &[AWSPENDING])]);
        secret.last_rotated = Some(at(20 - 90 * DAY));
        secret.changed = Some(at(0));
        let seen = Observation {
            now: at(0),
            token: VersionId::new("v2"),
            secret,
            user: user(),
            keys: vec![key(OLD, -90 * DAY, used("s3", -HOUR))],
            current: Some(value(OLD)),
            pending: None,
            accepted: false,
            stores_smtp: false,
            claims: Claims::default(),
        };
        Self { seen, policy: Policy::default() }
    }

    /// The same, which has made and stored NEW.
    pub(super) fn stored() -> Self {
        Self::begun().with(|scene| {
            scene.seen.keys.push(key(NEW, 2, used("sts", 4)));
            scene.secret().versions[1] = version("v2", &[AWSPENDING, NEW]);
            scene.seen.pending = Some(value(NEW));
            scene.intend(&format!("v2 {} {OLD}", at(1).as_second()));
        })
    }

    /// The same, which has moved AWSCURRENT to it.
    pub(super) fn promoted() -> Self {
        Self::stored().with(|scene| {
            scene.seen.accepted = true;
            scene.secret().versions =
                vec![version("v1", &[AWSPREVIOUS, OLD]), version("v2", &[AWSCURRENT, AWSPENDING, NEW])];
        })
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn secret(&mut self) -> &mut SecretState {
        &mut self.seen.secret
    }

    pub(super) fn key(&mut self, name: &str) -> &mut AccessKey {
        self.seen.keys.iter_mut().find(|key| key.id.as_str() == name).unwrap()
    }

    pub(super) fn tag(&mut self, name: &str, value: impl Into<String>) {
        self.secret().tags.insert(name.into(), value.into());
    }

    /// The record that an attempt left.
    pub(super) fn intend(&mut self, intent: &str) {
        self.tag(TAG_INTENT, intent);
    }

    /// Neither overlap nor recovery window, but for so many days of the latter.
    pub(super) fn at_once(&mut self, recovery: u64) {
        self.policy.overlap = Duration::ZERO;
        self.policy.recovery = Duration::from_secs(recovery * 86_400);
    }

    pub(super) fn claim(&mut self, key: Option<&str>, enrolled: bool) {
        let other = OtherSecret { arn: "another secret".into(), key: key.map(id), enrolled };
        self.seen.claims.others.push(other);
    }
}

/// A value that holds a key.
pub(super) fn value(key: &str) -> SecretDocument {
    document(&format!(r#"{{"UserName":"ci","AccessKeyId":"{key}","SecretAccessKey":"{}"}}"#, "s".repeat(40)))
}

/// A value that holds SMTP credentials of a key.
pub(super) fn smtp(key: &str) -> SecretDocument {
    let key = Credential { key_id: id(key), secret: Sensitive::new("s".repeat(40)) };
    let empty = document(r#"{"SMTP_USER":"","SMTP_PASS":"","SES_REGION":"us-east-1"}"#);
    empty.with_credential("ci", &key, at(0), "us-east-1")
}

pub(super) fn document(json: &str) -> SecretDocument {
    SecretDocument::parse(json, None).unwrap()
}

/// Compares scenes with their page.
pub(super) fn expect(
    page: &str,
    title: &str,
    scenes: &[(&str, Scene)],
    step: impl Fn(&Observation, &Policy) -> Plan,
) {
    let part = |(what, scene): &(&str, Scene)| {
        let plan =
            |second| said(&step(&Observation { now: at(second), ..scene.seen.clone() }, &scene.policy));
        let lines = timeline(&SAMPLES, |now| settled(now, &plan(now), || plan(now + 1)));
        let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
        format!("## {what}\n\n{lines}\n")
    };
    let parts: String = scenes.iter().map(part).collect();
    crate::plan::sample::expect_page(page, &format!("# {title}\n\n{HEAD}\n\n{}\n", parts.trim_end()));
}

const HEAD: &str = "\
Each part describes what a step of a rotation sees, and what it plans and when. Times count from the start of the
rotation. \"Until\" names the first second in which a line does not hold any more. OLD is the key that the rotation
supersedes, NEW the one that it makes. The test beside the planner writes this page: `UPDATE_PAGES=1`.";

/// A plan in parts.
fn said(plan: &Plan) -> Parts {
    let mut parts: Parts = plan
        .actions
        .iter()
        .map(|planned| {
            let detail = detail(&planned.action);
            format!("**{}**{detail} ({})", planned.action, planned.reason)
        })
        .collect();
    parts.extend(match &plan.outcome {
        Outcome::Done => None,
        Outcome::AlreadyDone(why) => Some(format!("already done: {why}")),
        Outcome::NothingToDo(why) => Some(format!("nothing to do: {why}")),
        Outcome::Wait(why) => Some(format!("wait: {why}")),
        Outcome::Refuse(error) => Some(format!("{}: {error}", error.error_type())),
    });
    if parts.is_empty() { vec!["done".into()] } else { parts }
}

/// What a dry run does not print.
fn detail(action: &Action) -> String {
    match action {
        Action::IssueAccessKey { intent } => {
            let attempts: String = intent.attempts.iter().map(|at| format!(" {at} ")).collect();
            let listed: Vec<&str> = intent.listed.iter().map(|key| key.as_str()).collect();
            format!(", attempts before:[{attempts}], not ours: {}", listed.join(" and "))
        }
        Action::Promote { from, .. } => {
            from.as_ref().map(|from| format!(", from {}", from.as_str())).unwrap_or_default()
        }
        Action::TellDeleted { evidence, .. } => format!(", {evidence}"),
        Action::TellUser { superseded, .. } => {
            superseded.as_ref().map(|old| format!(" in the place of {old}")).unwrap_or_default()
        }
        _ => String::new(),
    }
}
