//! The secrets whose rotation is disturbed, and what must hold after any run of one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use simulator::{Fault, FaultKind, Options, Rotation};

use crate::invariants::{End, broken_current, keys_in_no_version, leaks};
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, TOPIC, USER, days};

const MEMBER: &str = "444455556666";
/// More than any run needs: one more than the invocations counted below would be a failure to
/// converge.
const ATTEMPTS: u32 = 6;

#[derive(Clone, Copy, Debug)]
pub(super) enum Scenario {
    FirstKey,
    Ordinary,
    PreviousKeyToRemove,
    RetiredAtOnce,
    CrossAccount,
}

pub(super) const SCENARIOS: [Scenario; 5] = [
    Scenario::FirstKey,
    Scenario::Ordinary,
    Scenario::PreviousKeyToRemove,
    Scenario::RetiredAtOnce,
    Scenario::CrossAccount,
];

/// A secret about to be rotated.
pub(super) struct Arranged {
    scenario: Scenario,
    pub(super) stage: Stage,
    pub(super) arn: String,
    account: &'static str,
    /// The keys that were there before, by name.
    known: BTreeMap<String, String>,
    /// What was found wrong with AWSCURRENT at any call.
    broken: Arc<Mutex<Option<String>>>,
}

pub(super) async fn arrange(scenario: Scenario) -> Arranged {
    let mut settings = vec![
        ("ROTATOR_ALERT_TOPIC_ARN", TOPIC),
        ("ROTATOR_EMAIL_FROM", "keys@example.com"),
        ("ROTATOR_ADMIN_EMAIL", "admin@example.com"),
    ];
    match scenario {
        Scenario::RetiredAtOnce => settings.extend([("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")]),
        Scenario::CrossAccount => settings.push(("ROTATOR_MEMBER_ROLE", "key-rotation")),
        _ => {}
    }
    let options = Options {
        page_size: 100,
        rotation_attempts: ATTEMPTS,
        retry_delay: Duration::from_secs(10),
        ..Options::default()
    };
    let stage = Stage::new(options, &settings);
    let mut known = BTreeMap::new();
    let mut account = ACCOUNT;
    let arn = match scenario {
        Scenario::FirstKey => stage.secret(r#"{"UserName":"ci-bot"}"#),
        Scenario::Ordinary | Scenario::RetiredAtOnce => {
            let (key, arn) = stage.adopted();
            known.insert(key.access_key_id, "old".to_owned());
            arn
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
    stage.sim.clear_journal();
    let broken: Arc<Mutex<Option<String>>> = Arc::default();
    let (sim, secret, seen) = (stage.sim.clone(), arn.clone(), broken.clone());
    stage.sim.on_call(move |_| {
        if let Some(found) = broken_current(&sim, &secret) {
            seen.lock().unwrap().get_or_insert(found);
        }
        Box::pin(async {})
    });
    Arranged { scenario, stage, arn, account, known, broken }
}

/// What a run came to.
pub(super) struct Run {
    pub(super) end: End,
    /// AWS calls made, faulted ones included, each with what the service did.
    pub(super) calls: Vec<String>,
    /// How often the whole rotation was run.
    pub(super) attempts: u32,
    /// How often the function was invoked.
    pub(super) invocations: usize,
    /// How many of its calls a fault hit.
    pub(super) hits: usize,
}

impl Arranged {
    pub(super) fn arm(&self, nth: usize, kind: &FaultKind) {
        self.stage.sim.add_fault(Fault::nth_call(u32::try_from(nth).unwrap(), kind.clone()));
    }

    /// Runs a rotation to its end, and checks all that must hold in any run.
    pub(super) async fn conclude(
        &self,
        mut rotation: Rotation,
        faults: &[(usize, FaultKind)],
    ) -> Result<Run, String> {
        let Self { stage, arn, account, known, .. } = self;
        while stage.sim.step(&mut rotation).await {}
        let report = stage.sim.finish(rotation);
        let story = || {
            let calls: Vec<_> = stage
                .sim
                .journal()
                .into_iter()
                .map(|call| format!("{} {:?} {:?}", call.operation, call.outcome, call.fault))
                .collect();
            let steps: Vec<_> =
                report.steps.iter().map(|step| format!("{} {:?}", step.step, step.result)).collect();
            format!("{}\n{}", calls.join("\n"), steps.join("\n"))
        };
        let problem = |what: String| Err(format!("{:?} {faults:?}: {what}\n{}", self.scenario, story()));
        if !report.succeeded {
            return problem("did not converge".into());
        }
        let broken = self.broken.lock().unwrap().take();
        if let Some(found) = broken.or_else(|| broken_current(&stage.sim, arn)) {
            return problem(found);
        }
        let lost = keys_in_no_version(stage, account, USER, arn);
        if !lost.is_empty() {
            return problem(format!("keys in no version: {lost:?}"));
        }
        let leaked = leaks(stage);
        if !leaked.is_empty() {
            return problem(format!("leaked: {leaked:?}"));
        }
        let mails = stage.sim.mails().len();
        let mail_failed = faults.iter().any(|_| stage.log.text().contains("mail could not be sent"));
        if !(1..=1 + faults.len()).contains(&mails) && !mail_failed {
            return problem(format!("{mails} mails"));
        }
        let journal = stage.sim.journal();
        Ok(Run {
            end: End::of(stage, account, USER, arn, known),
            calls: journal.iter().map(|call| format!("{} {:?}", call.operation, call.outcome)).collect(),
            hits: journal.iter().filter(|call| call.fault.is_some()).count(),
            attempts: report.steps.last().map_or(0, |step| step.attempt),
            invocations: report.steps.len(),
        })
    }
}

/// Runs a scenario under faults.
pub(super) async fn run(scenario: Scenario, faults: &[(usize, FaultKind)]) -> Result<Run, String> {
    let arranged = arrange(scenario).await;
    for (nth, kind) in faults {
        arranged.arm(*nth, kind);
    }
    let rotation = arranged.stage.sim.rotation(&arranged.arn);
    arranged.conclude(rotation, faults).await
}
