//! What a sweep plans about one user, and whether it would visit the user, written as a page.

use jiff::Timestamp;

use crate::config::{Mode, SweepConfig};
use crate::model::names::TAG_NOTICES;
use crate::model::{
    AccessKey, Claims, Ledger, OtherSecret, Policy, ReportedKey, ReportedUser, SecretState, Version,
};
use crate::plan::sample::{
    DAY, FUNCTION, HOUR, NEW, OLD, Parts, at, id, key, secret, settled, timeline, used, user, version,
};
use crate::plan::sweep::{
    Demand, ListedUser, Notice, SeenPolicy, Standing, Triage, UserPlan, UserView, plan_user, triage,
};

/// When each scene is looked at; between two that differ, the second of the change is searched.
const SAMPLES: [i64; 33] = [
    60,
    1_800,
    2 * HOUR + 7,
    5 * HOUR + 7,
    13 * HOUR + 7,
    25 * HOUR + 7,
    2 * DAY + 7,
    3 * DAY + 7,
    4 * DAY + 7,
    6 * DAY + 7,
    7 * DAY + 607,
    8 * DAY + 607,
    9 * DAY + 7,
    12 * DAY + 7,
    20 * DAY + 7,
    29 * DAY + 7,
    34 * DAY + 7,
    36 * DAY + 7,
    37 * DAY + 7,
    45 * DAY + 7,
    53 * DAY + 7,
    58 * DAY + 7,
    61 * DAY + 7,
    70 * DAY + 7,
    80 * DAY + 7,
    84 * DAY + 7,
    89 * DAY + 7,
    90 * DAY + 7_007,
    92 * DAY + 7,
    98 * DAY + 7,
    101 * DAY + 7,
    110 * DAY + 7,
    130 * DAY + 7,
];

/// A user, its secret and the settings, at any time.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) view: UserView,
    pub(super) config: SweepConfig,
    pub(super) demand: Demand,
    /// The other users' secrets contest the user's, as the survey sees it.
    pub(super) contested: bool,
}

impl Scene {
    /// A user with one key and no secret.
    pub(super) fn bare() -> Self {
        let mut config = SweepConfig { rotation_function: Some(FUNCTION.into()), ..SweepConfig::default() };
        config.mode = Mode::Enforce;
        config.shared.email.from = Some("keys@example.com".into());
        let view = UserView {
            now: at(0),
            user: user(),
            tags: [].into(),
            in_exempt_group: false,
            missing: false,
            keys: vec![key(NEW, 0, used("s3", HOUR))],
            secret: None,
            standing: Standing::Enrolled,
            name_taken: false,
            rivals: Vec::new(),
            strange: Vec::new(),
            not_enrolled: Vec::new(),
            claims: Claims::default(),
            ledger: Ledger::default(),
            policy: SeenPolicy::Present,
        };
        Self { view, config, demand: Demand::Due, contested: false }
    }

    /// A user whose one key is in an enrolled secret without a schedule of its own.
    pub(super) fn alone() -> Self {
        Self::bare().with(|scene| {
            scene.view.secret = Some(secret(vec![version("v1", &["AWSCURRENT", NEW])]));
        })
    }

    /// The same, with the key that a rotation has superseded, which was last used a day before.
    pub(super) fn superseded() -> Self {
        Self::alone().with(|scene| {
            scene.view.keys.insert(0, key(OLD, -5 * DAY, used("s3", -DAY)));
            scene.versions().push(version("v0", &["AWSPREVIOUS", OLD]));
        })
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn demanding(self, demand: Demand) -> Self {
        Self { demand, ..self }
    }

    pub(super) fn secret(&mut self) -> &mut SecretState {
        self.view.secret.as_mut().unwrap()
    }

    pub(super) fn versions(&mut self) -> &mut Vec<Version> {
        &mut self.secret().versions
    }

    pub(super) fn policy(&mut self) -> &mut Policy {
        &mut self.config.shared.policy
    }

    pub(super) fn key(&mut self, name: &str) -> &mut AccessKey {
        self.view.keys.iter_mut().find(|key| key.id.as_str() == name).unwrap()
    }

    pub(super) fn tag(&mut self, name: &str, value: impl Into<String>) {
        self.secret().tags.insert(name.into(), value.into());
    }

    /// What the sweep remembers: entries of the tag, each a key and what is noted of it.
    pub(super) fn note(&mut self, entries: &str) {
        self.tag(TAG_NOTICES, entries);
    }

    /// Another secret says that it holds the superseded key.
    pub(super) fn claim(&mut self, key: Option<&str>, enrolled: bool) {
        let key = key.map(id);
        self.view.claims.others.push(OtherSecret { arn: "another secret".into(), key, enrolled });
    }

    fn planned(&self, mode: Mode) -> Vec<String> {
        let config = SweepConfig { mode, ..self.config.clone() };
        let plan = |second| {
            let now = at(second);
            let ledger = Ledger::of(self.view.secret.as_ref(), now);
            let view = UserView { now, ledger, ..self.view.clone() };
            said(&plan_user(&view, &config, self.demand), second)
        };
        timeline(&SAMPLES, |now| settled(now, &plan(now), || plan(now + 1)))
    }

    fn triaged(&self, mode: Mode) -> Vec<String> {
        let config = SweepConfig { mode, ..self.config.clone() };
        let reported = |key: &AccessKey| ReportedKey {
            nth: 1,
            active: key.status == crate::model::KeyStatus::Active,
            changed: Some(key.created),
            last_use: None,
        };
        let keys = self.view.keys.iter().map(reported).collect();
        let report = ReportedUser { user: user(), keys };
        let row = ListedUser {
            user: "ci",
            report: Some(&report).filter(|_| !self.view.missing),
            secret: self.view.secret.as_ref(),
            contested: self.contested,
            in_exempt_group: self.view.in_exempt_group,
        };
        let flags = |second| flags(triage(row, &config, at(second)));
        timeline(&SAMPLES, flags)
    }

    /// The scene's part of the page: the plans of the modes, and the triage.
    fn page(&self, what: &str) -> String {
        let plans = both(self.planned(Mode::Enforce), self.planned(Mode::Retire));
        let afar = |mode| match self.demand {
            Demand::Due => self.triaged(mode),
            _ => Vec::new(),
        };
        let triage = both(afar(Mode::Enforce), afar(Mode::Retire));
        format!("## {what}\n\n{plans}{triage}\n")
    }
}

/// What the triage tells of a user.
fn flags(seen: Triage) -> Parts {
    let flags = [
        (seen.look, "triage: visit"),
        (seen.overdue, "triage: overdue"),
        (seen.unknown, "triage: a key that is not in the secret"),
    ];
    flags.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()).collect()
}

/// The lines of two modes; a line without a mode stands in both.
fn both(enforce: Vec<String>, retire: Vec<String>) -> String {
    let of = |mode: &str, line: &String, other: &[String]| match other.contains(line) {
        true => format!("- {line}\n"),
        false => format!("- {mode} {line}\n"),
    };
    let enforced: String = enforce.iter().map(|line| of("`enforce`", line, &retire)).collect();
    let retired = retire.iter().filter(|line| !enforce.contains(line));
    enforced + &retired.map(|line| of("`retire`", line, &[])).collect::<String>()
}

/// Scenes in which no key is due before the end, so that they show retirements alone.
pub(super) fn without_rotations(mut scenes: Vec<(&str, Scene)>) -> Vec<(&str, Scene)> {
    for (_, scene) in &mut scenes {
        scene.config.rotate_after = std::time::Duration::from_secs(140 * 86_400);
    }
    scenes
}

/// Compares scenes with their page.
pub(super) fn expect(page: &str, title: &str, scenes: Vec<(&str, Scene)>) {
    let parts: String = scenes.iter().map(|(what, scene)| scene.page(what)).collect();
    crate::plan::sample::expect_page(page, &format!("# {title}\n\n{HEAD}\n\n{}\n", parts.trim_end()));
}

const HEAD: &str = "\
Each part describes what is seen of one user, and what the sweep plans about it and when. Times count from the
start of the scene. \"Until\" names the first second in which a line does not hold any more. \"!\" marks a finding
that is reported now. A line without a mode holds in `enforce` and in `retire`. NEW is the key in AWSCURRENT, OLD the
one that it superseded. The test beside the planner writes this page: `UPDATE_PAGES=1`.";

/// A plan in parts.
fn said(plan: &UserPlan, now: i64) -> Parts {
    let mut parts: Parts = plan.exempt.iter().map(|why| format!("exempt: {why}")).collect();
    parts.extend(plan.actions.iter().map(|planned| format!("**{}** ({})", planned.action, planned.reason)));
    // Where nothing is planned, the first finding is the refusal's reason, with days that it counts.
    let found = plan.findings.first().map(|found| found.kind.as_str());
    parts.extend(plan.refused.iter().map(
        |why| match found.filter(|kind| why.to_string().starts_with(*kind)) {
            Some(kind) => format!("refused: {kind}"),
            None => format!("refused: {why}"),
        },
    ));
    parts.extend(plan.findings.iter().map(|found| {
        let key = found.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
        format!("{}{key}{}", found.kind, if found.new { "!" } else { "" })
    }));
    parts.extend(plan.coming.iter().map(|coming| {
        let warn = if coming.warn { " (mail)" } else { "" };
        format!("{} of {}{warn} at {}", coming.event.as_str(), coming.key, coming.at)
    }));
    parts.extend(plan.superseded.iter().map(|key| format!("report that {key} is superseded")));
    parts.extend(plan.promoted.iter().map(|key| format!("report that {key} is current")));
    parts.extend(plan.notices.iter().filter_map(notice));
    parts.extend(remembered("note", &plan.ledger, now));
    let told = plan.ledger_once_told();
    if told != plan.ledger {
        parts.extend(remembered("once the mail is out, note", &told, now));
    }
    parts
}

/// A notice to the user, but of what is coming, which the plan tells.
fn notice(notice: &Notice) -> Option<String> {
    Some(match notice {
        Notice::Coming(_) => return None,
        Notice::Deactivated { key, deleted_at } => {
            format!("tell that {key} is inactive until {deleted_at}")
        }
        Notice::Revoked { key, .. } => format!("tell that {key} is deactivated because it is exposed"),
        Notice::Deleted { key } => format!("tell that {key} is deleted"),
        Notice::DeletedActive { key, .. } => format!("tell that {key} is deleted while active"),
        Notice::Reactivated { key, again, .. } => {
            format!("tell that {key} is active{}", if *again { " again" } else { "" })
        }
        Notice::StillInUse { key, .. } => format!("tell that {key} is in use"),
    })
}

/// The entries of the ledger's tag, with their times as such.
fn remembered(how: &str, ledger: &Ledger, now: i64) -> Parts {
    let tag = ledger.to_tag();
    let entry = |entry: &str| {
        let (entry, day) = entry.split_once('/').map_or((entry, None), |(entry, day)| (entry, Some(day)));
        let (entry, again) = entry.split_once('+').map_or((entry, None), |(entry, at)| (entry, Some(at)));
        let (entry, since) = entry.split_once('@').map_or((entry, None), |(entry, at)| (entry, Some(at)));
        let time = |how: &str, second: Option<&str>| {
            let time = second.and_then(|second| Timestamp::from_second(second.parse().ok()?).ok());
            time.map(|time| format!(" {how} {time}")).unwrap_or_default()
        };
        let (since, again) = (time("inactive since", since), time("active again since", again));
        let day = day.map(|day| match day.parse::<i64>().unwrap() - at(0).as_second() / DAY {
            day if day == now / DAY => " reported today".to_owned(),
            day => format!(" reported on day {day}"),
        });
        format!("{how} {entry}{since}{again}{}", day.unwrap_or_default())
    };
    tag.split(' ').filter(|entry| !entry.is_empty()).map(entry).collect()
}
