//! The secrets whose rotation is disturbed, and what must hold after any run of one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use simulator::{Fault, FaultKind, Options, Rotation, RotationReport};

use crate::invariants::{End, broken_current, keys_in_no_version, leaks};
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, TOPIC, USER, days};

const MEMBER: &str = "444455556666";
/// More than any run needs: one more than the invocations counted below would be a failure to
/// converge.
const ATTEMPTS: u32 = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scenario {
    FirstKey,
    Ordinary,
    PreviousKeyToRemove,
    RetiredAtOnce,
    CrossAccount,
    /// SMTP credentials alone, whose key is proved before it is stored.
    Smtp,
}

pub(super) const SCENARIOS: [Scenario; 6] = [
    Scenario::FirstKey,
    Scenario::Ordinary,
    Scenario::PreviousKeyToRemove,
    Scenario::RetiredAtOnce,
    Scenario::CrossAccount,
    Scenario::Smtp,
];

/// A scenario and how it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    /// Reads lag behind writes.
    pub(super) lagging: bool,
    /// Each invocation is a new process, which remembers no assumed role.
    pub(super) fresh: bool,
}

impl Case {
    pub(super) fn all(fresh: bool) -> Vec<Self> {
        let both = |scenario| [false, true].map(|lagging| Self { scenario, lagging, fresh });
        SCENARIOS.into_iter().flat_map(both).collect()
    }
}

/// How far reads lag behind: a step begins while they may still show what was before the one before it.
const LAG: Duration = Duration::from_secs(3);
/// When every call has taken effect that ever will, and every read shows it.
const QUIET: Duration = Duration::from_secs(60);
/// How many rotations may follow one that was given up.
const MORE_ROTATIONS: usize = 2;

/// A secret about to be rotated.
pub(super) struct Arranged {
    case: Case,
    pub(super) stage: Stage,
    pub(super) arn: String,
    account: &'static str,
    /// The keys that were there before, by name.
    known: BTreeMap<String, String>,
    /// What was found wrong with AWSCURRENT at any call.
    broken: Arc<Mutex<Option<String>>>,
}

pub(super) async fn arrange(case: Case) -> Arranged {
    // Waits between retries are drawn: with the same ones, the same faults are the same run.
    fastrand::seed(0);
    let scenario = case.scenario;
    let mut settings = vec![
        ("ROTATOR_ALERT_TOPIC_ARN", TOPIC),
        ("ROTATOR_EMAIL_FROM", "keys@example.com"),
        ("ROTATOR_ADMIN_EMAIL", "admin@example.com"),
    ];
    match scenario {
        // The key that the user has is in no version, and goes at the promotion.
        Scenario::FirstKey => settings.extend([
            ("ROTATOR_OVERLAP", "0"),
            ("ROTATOR_RECOVERY", "0"),
            ("ROTATOR_UNKNOWN_KEYS", "delete-oldest"),
        ]),
        Scenario::RetiredAtOnce => settings.extend([("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")]),
        Scenario::CrossAccount => settings.push(("ROTATOR_MEMBER_ROLE", "key-rotation")),
        _ => {}
    }
    let options = Options {
        page_size: 100,
        rotation_attempts: ATTEMPTS,
        retry_delay: Duration::from_secs(10),
        secret_read_lag: if case.lagging { LAG } else { Duration::ZERO },
        iam_list_lag: if case.lagging { LAG } else { Duration::ZERO },
        ..Options::default()
    };
    let stage = Stage::new(options, &settings);
    let mut known = BTreeMap::new();
    let (account, arn) = secret_of(scenario, &stage, &mut known);
    stage.sim.clear_journal();
    let broken: Arc<Mutex<Option<String>>> = Arc::default();
    let (sim, secret, seen) = (stage.sim.clone(), arn.clone(), broken.clone());
    stage.sim.on_call(move |_| {
        if let Some(found) = broken_current(&sim, &secret) {
            seen.lock().unwrap().get_or_insert(found);
        }
        Box::pin(async {})
    });
    Arranged { case, stage, arn, account, known, broken }
}

/// The secret of a scenario, and its user's account.
fn secret_of(
    scenario: Scenario,
    stage: &Stage,
    known: &mut BTreeMap<String, String>,
) -> (&'static str, String) {
    let mut account = ACCOUNT;
    let arn = match scenario {
        Scenario::FirstKey => {
            let key = stage.sim.create_access_key_at(ACCOUNT, USER, stage.sim.now() - days(100));
            known.insert(key.access_key_id, "old".to_owned());
            stage.secret(r#"{"UserName":"ci-bot"}"#)
        }
        Scenario::Ordinary | Scenario::RetiredAtOnce => {
            let (key, arn) = stage.adopted();
            known.insert(key.access_key_id, "old".to_owned());
            arn
        }
        Scenario::Smtp => {
            let key = stage.sim.create_access_key_at(ACCOUNT, USER, stage.sim.now() - days(100));
            known.insert(key.access_key_id.clone(), "old".to_owned());
            stage.secret(&crate::stage::smtp_value_of(&key))
        }
        Scenario::PreviousKeyToRemove => {
            let (older, arn) = stage.adopted();
            let old = stage.sim.create_access_key_at(ACCOUNT, USER, stage.sim.now() - days(90));
            let first = stage.sim.secret(&arn).stage("AWSCURRENT").map(|version| version.id.clone());
            let second = stage.sim.put_secret_value(&arn, &crate::stage::value_of(&old));
            stage.sim.set_label(&arn, &first.unwrap_or_default(), &older.access_key_id);
            stage.sim.set_label(&arn, &second, &old.access_key_id);
            known.insert(older.access_key_id, "older".to_owned());
            known.insert(old.access_key_id, "old".to_owned());
            arn
        }
        Scenario::CrossAccount => {
            account = MEMBER;
            stage.sim.create_user(MEMBER, USER);
            stage.sim.create_role(MEMBER, "key-rotation", vec![ACCOUNT.to_owned()], None);
            let key = stage.sim.create_access_key_at(MEMBER, USER, stage.sim.now() - days(100));
            known.insert(key.access_key_id.clone(), "old".to_owned());
            let user = format!("arn:aws:iam::{MEMBER}:user/{USER}");
            let value = crate::stage::value_of(&key);
            let arn = stage.sim.create_secret("member/ci-bot", Some(&value), &[(TAG.0, &user)]);
            stage.sim.set_rotation(&arn, FUNCTION);
            arn
        }
    };
    (account, arn)
}

/// What a run came to.
pub(super) struct Run {
    pub(super) end: End,
    /// After one more rotation two days later; where a call took effect late, that one cleans up.
    pub(super) end_of_next: Option<End>,
    /// AWS calls made, faulted ones included, each with what the service did.
    pub(super) calls: Vec<String>,
    /// How often the whole rotation was run.
    pub(super) attempts: u32,
    /// How often the function was invoked.
    pub(super) invocations: usize,
    /// The operations that a fault hit, each with the fault.
    pub(super) hits: Vec<(String, FaultKind)>,
}

impl Arranged {
    pub(super) fn arm(&self, nth: usize, kind: &FaultKind) {
        self.stage.sim.add_fault(Fault::nth_call(u32::try_from(nth).unwrap(), kind.clone()));
    }

    pub(super) async fn step(&self, rotation: &mut Rotation) -> bool {
        if self.case.fresh {
            self.stage.restart();
        }
        self.stage.sim.step(rotation).await
    }

    /// Runs a rotation to its end, and checks all that must hold in any run.
    pub(super) async fn conclude(
        &self,
        mut rotation: Rotation,
        faults: &[(usize, FaultKind)],
    ) -> Result<Run, String> {
        let Self { stage, arn, account, known, .. } = self;
        while self.step(&mut rotation).await {}
        let mut report = stage.sim.finish(rotation);
        let late = faults.iter().any(|(_, kind)| matches!(kind, FaultKind::EffectLater(_)));
        // A version that holds a deleted key is given up; somebody or something begins another.
        for _ in 0..MORE_ROTATIONS {
            if report.succeeded || !late {
                break;
            }
            self.be_quiet().await;
            let steps = report.steps;
            report = stage.sim.rotate(arn).await;
            report.steps.splice(0..0, steps);
        }
        let problem =
            |what: String| Err(format!("{:?} {faults:?}: {what}\n{}", self.case, self.story(&report)));
        if !report.succeeded {
            return problem("did not converge".into());
        }
        let broken = self.broken.lock().unwrap().take();
        if let Some(found) = broken.or_else(|| broken_current(&stage.sim, arn)) {
            return problem(found);
        }
        let end = End::of(stage, account, USER, arn, known);
        let journal = stage.sim.journal();
        let mut run = Run {
            end,
            end_of_next: None,
            calls: journal.iter().map(|call| format!("{} {:?}", call.operation, call.outcome)).collect(),
            hits: Vec::new(),
            attempts: report.steps.last().map_or(0, |step| step.attempt),
            invocations: report.steps.len(),
        };
        // Of new keys: that an active one was deleted to make room is told by another mail.
        let mails = stage.sim.mails().iter().filter(|mail| mail.subject.contains("New access key")).count();
        if late || faults.is_empty() {
            self.be_quiet().await;
            stage.sim.advance(days(2));
            if !stage.sim.rotate(arn).await.succeeded {
                return problem("the next rotation failed".into());
            }
            run.end_of_next = Some(End::of(stage, account, USER, arn, known));
        }
        let mut lost = keys_in_no_version(stage, account, USER, arn);
        // The key that the user had before is in none from the beginning.
        lost.retain(|key| self.case.scenario != Scenario::FirstKey || !known.contains_key(key));
        if !lost.is_empty() {
            return problem(format!("keys in no version: {lost:?}"));
        }
        let leaked = leaks(stage);
        if !leaked.is_empty() {
            return problem(format!("leaked: {leaked:?}"));
        }
        let mail_failed = faults.iter().any(|_| stage.log.text().contains("mail could not be sent"));
        if !(1..=1 + faults.len()).contains(&mails) && !mail_failed {
            return problem(format!("{mails} mails"));
        }
        let journal = stage.sim.journal().into_iter();
        run.hits = journal.filter_map(|call| Some((call.operation, call.fault?))).collect();
        Ok(run)
    }

    /// Every call and every step of a run.
    fn story(&self, report: &RotationReport) -> String {
        let calls = self.stage.sim.journal().into_iter();
        let calls = calls.map(|call| format!("{} {:?} {:?}", call.operation, call.outcome, call.fault));
        let steps = report.steps.iter().map(|step| format!("{} {:?}", step.step, step.result));
        calls.chain(steps).collect::<Vec<_>>().join("\n")
    }

    /// Waits until every call has taken effect that ever will.
    async fn be_quiet(&self) {
        tokio::time::sleep(QUIET).await;
        self.stage.sim.land_late_calls();
    }
}

/// Runs a scenario under faults.
pub(super) async fn run(case: Case, faults: &[(usize, FaultKind)]) -> Result<Run, String> {
    let arranged = arrange(case).await;
    for (nth, kind) in faults {
        arranged.arm(*nth, kind);
    }
    let rotation = arranged.stage.sim.rotation(&arranged.arn);
    arranged.conclude(rotation, faults).await
}
