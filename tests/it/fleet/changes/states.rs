//! Every state that a rotation can be in × every change, each once.

use std::time::Duration;

use simulator::{Fault, FaultKind, Options};

use super::change::{Change, Handover};
use super::end::{Pace, compare};
use super::life::Life;
use super::stacks::{Settings, Stack};
use super::{ACCOUNT, USER_TAG};
use crate::stage::{days, hours, setting};

const USER: &str = "app";
const PACE: Pace = Pace { most: 260, gap: 7 };

/// Where a user's rotation, or what it left, is when the change comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// RotateSecret has staged a version, and no step has run.
    Begun,
    /// A step has made a key, and its answer was lost: the key is in no version, and a record explains it.
    Orphaned,
    /// createSecret has run.
    Created,
    /// testSecret has run.
    Tested,
    /// AWSCURRENT has moved, and finishSecret died then.
    Promoted,
    /// The rotation was cancelled after createSecret, and AWSPENDING taken away.
    GivenUp,
    SupersededActive,
    SupersededInactive,
    /// An administrator has moved AWSCURRENT back.
    RolledBack,
}

const STATES: [State; 9] = [
    State::Begun,
    State::Orphaned,
    State::Created,
    State::Tested,
    State::Promoted,
    State::GivenUp,
    State::SupersededActive,
    State::SupersededInactive,
    State::RolledBack,
];

const BASE: [(&str, &str); 6] = [
    ("ROTATOR_MODE", "enforce"),
    ("ROTATOR_SCOPE", "enrolled"),
    ("ROTATOR_OVERLAP", "24h"),
    ("ROTATOR_RECOVERY", "7d"),
    ("ROTATOR_EMAIL_FROM", "keys@example.com"),
    ("ROTATOR_ADMIN_EMAIL", "admin@example.com"),
];

/// Each with what takes it back.
const CHANGES: [(Change, Change); 21] = [
    (Change::Set("ROTATOR_OVERLAP", "0"), Change::Set("ROTATOR_OVERLAP", "24h")),
    (Change::Set("ROTATOR_OVERLAP", "10d"), Change::Set("ROTATOR_OVERLAP", "24h")),
    (Change::Set("ROTATOR_RECOVERY", "0"), Change::Set("ROTATOR_RECOVERY", "7d")),
    (Change::Set("ROTATOR_RECOVERY", "30d"), Change::Set("ROTATOR_RECOVERY", "7d")),
    (Change::Set("ROTATOR_IN_USE", "deactivate"), Change::Set("ROTATOR_IN_USE", "wait")),
    (Change::Set("ROTATOR_UNKNOWN_KEYS", "refuse"), Change::Set("ROTATOR_UNKNOWN_KEYS", "delete-inactive")),
    (
        Change::Set("ROTATOR_UNKNOWN_KEYS", "delete-oldest"),
        Change::Set("ROTATOR_UNKNOWN_KEYS", "delete-inactive"),
    ),
    (Change::Set("ROTATOR_MODE", "audit"), Change::Set("ROTATOR_MODE", "enforce")),
    (Change::Set("ROTATOR_MODE", "retire"), Change::Set("ROTATOR_MODE", "enforce")),
    (Change::Set("ROTATOR_SCOPE", "all"), Change::Set("ROTATOR_SCOPE", "enrolled")),
    (Change::Set("ROTATOR_SCOPE", "secrets/app;"), Change::Set("ROTATOR_SCOPE", "enrolled")),
    (Change::Set("ROTATOR_SCOPE", "secrets/other;"), Change::Set("ROTATOR_SCOPE", "enrolled")),
    (Change::Set("ROTATOR_ROTATE_AFTER", "30d"), Change::Set("ROTATOR_ROTATE_AFTER", "90d")),
    (Change::Set("ROTATOR_SECRET_NAME", "keys/{user}"), Change::Set("ROTATOR_SECRET_NAME", "secrets/{user}")),
    (
        Change::Set("ROTATOR_SECRET_SHAPE", "user_name,access_key_id,secret_access_key"),
        Change::Set("ROTATOR_SECRET_SHAPE", "UserName,AccessKeyId,SecretAccessKey"),
    ),
    (Change::Set("ROTATOR_EXEMPT_USERS", USER), Change::Set("ROTATOR_EXEMPT_USERS", "")),
    (Change::ExemptByTag(USER, true), Change::ExemptByTag(USER, false)),
    (Change::ExemptByGroup(USER, true), Change::ExemptByGroup(USER, false)),
    (Change::Denied(USER, true), Change::Denied(USER, false)),
    (Change::Move(Handover::All), Change::RemoveOld(Handover::All)),
    (Change::Move(Handover::None), Change::RemoveOld(Handover::All)),
];

async fn arrange(state: State) -> Life {
    let settings: Settings = BASE.into_iter().collect();
    let settings = settings.into_iter().chain([("ROTATOR_SECRET_NAME", "secrets/{user}")]).collect();
    let options = Options {
        latency: Duration::from_millis(300),
        retry_delay: Duration::from_secs(10),
        ..Options::default()
    };
    let mut life = Life::new(options, &[USER], vec![Stack::new(0, settings)]);
    let arn = life.enroll(USER, 88);
    life.sim().set_rotation_days(&arn, 90);
    let due = life.sim().now() + days(2);
    life.sim().set_next_rotation(&arn, Some(due));
    life.tell(&format!("{state:?}"));
    let sim = life.sim().clone();
    let dies = |operation, nth, kind| sim.add_fault(Fault::on(operation, nth, kind).by("stack-0-rotation"));
    let mut rotation = sim.rotation(&arn);
    let steps = match state {
        State::Begun => 0,
        State::Orphaned => {
            dies("CreateAccessKey", 1, FaultKind::KillAfter);
            1
        }
        State::Created | State::GivenUp => 1,
        State::Tested => 3,
        State::Promoted => {
            dies("UpdateSecretVersionStage", 1, FaultKind::KillAfter);
            4
        }
        State::SupersededActive | State::SupersededInactive | State::RolledBack => 4,
    };
    for _ in 0..steps {
        sim.step(&mut rotation).await;
    }
    let report = sim.finish(rotation);
    life.arm_denials();
    let secret = sim.secret(&arn);
    match state {
        State::GivenUp => sim.remove_label(&arn, &report.token, "AWSPENDING"),
        State::SupersededActive => sim.advance(hours(6)),
        State::SupersededInactive => {
            for _ in 0..3 {
                life.pass(1).await;
            }
        }
        State::RolledBack => {
            sim.advance(hours(6));
            let previous = secret.stage("AWSPREVIOUS").unwrap().id.clone();
            sim.set_label(&arn, &previous, "AWSCURRENT");
        }
        _ => {}
    }
    life.watch().accept();
    life
}

impl Life {
    /// Gives a user a key of this age and a secret that holds it, labelled as by a rotation.
    pub(super) fn enroll(&mut self, user: &'static str, age: u64) -> String {
        let sim = self.sim();
        let key = sim.create_access_key_at(ACCOUNT, user, sim.now() - days(age));
        let value = serde_json::json!({"UserName": user, "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key});
        let arn =
            sim.create_secret(&format!("secrets/{user}"), Some(&value.to_string()), &[(USER_TAG, user)]);
        let version = sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
        sim.set_label(&arn, &version, &key.access_key_id);
        sim.set_rotation(&arn, self.newest().rotation());
        self.watch().by_hand.insert(key.access_key_id);
        self.watch().accept();
        arn
    }
}

/// The change comes, and stays.
async fn once(state: State, change: Change) -> Result<(), String> {
    let mut life = arrange(state).await;
    change.apply(&mut life).await;
    compare(&mut life, PACE).await
}

/// The change comes, and is taken back after some days.
async fn there_and_back(state: State, change: Change, back: Change) -> Result<(), String> {
    let mut life = arrange(state).await;
    change.apply(&mut life).await;
    for _ in 0..4 {
        life.pass(1).await;
    }
    back.apply(&mut life).await;
    compare(&mut life, PACE).await
}

/// Each pair of a state and a change, or each so many'th as `CHANGES` says.
fn each(sample: u64, case: impl AsyncFn(State, Change, Change) -> Result<(), String>) {
    let sample = usize::try_from(setting("CHANGES").unwrap_or(sample)).unwrap();
    let pairs = STATES.into_iter().flat_map(|state| CHANGES.map(|(change, back)| (state, change, back)));
    let (mut wrong, mut run) = (Vec::new(), 0);
    for (state, change, back) in pairs.step_by(sample) {
        run += 1;
        let ended = super::simulated(case(state, change, back));
        wrong.extend(ended.err().map(|problem| format!("{state:?}, {change:?}:\n{problem}")));
    }
    assert!(wrong.is_empty(), "{}\n{} of {run}", wrong.join("\n\n"), wrong.len());
    println!("changes in a state of a rotation: {run} of {} pairs", STATES.len() * CHANGES.len());
}

#[test]
fn any_change_in_any_state_of_a_rotation_ends_as_under_a_fresh_deployment() {
    each(5, async |state, change, _| once(state, change).await);
}

#[test]
fn any_change_in_any_state_of_a_rotation_that_is_taken_back_ends_as_if_it_had_not_been() {
    each(10, async |state, change, back| there_and_back(state, change, back).await);
}
