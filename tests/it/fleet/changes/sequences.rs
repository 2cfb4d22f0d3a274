//! Drawn sequences of changes, with rotations that die, days that pass and administrators in between.

use std::time::Duration;

use fastrand::Rng;
use simulator::{Fault, FaultKind, Options};

use super::ACCOUNT;
use super::change::{Change, Handover};
use super::end::{Pace, compare};
use super::life::Life;
use super::stacks::{MOST, Settings, Stack};
use crate::stage::{days, hours, setting};

/// How many sequences are drawn unless `SEQUENCES` says otherwise.
const SEQUENCES: u64 = 6;
const PACE: Pace = Pace { most: 330, gap: 6 };

/// The user whose secret has a schedule, the late one whose secret has none, and the one who has no secret.
const USERS: [&str; 3] = ["app", "batch", "nova"];

/// What each setting is drawn from.
const VALUES: [(&str, &[&str]); 9] = [
    ("ROTATOR_OVERLAP", &["24h", "0", "10d"]),
    ("ROTATOR_RECOVERY", &["7d", "0", "30d"]),
    ("ROTATOR_IN_USE", &["wait", "deactivate"]),
    ("ROTATOR_UNKNOWN_KEYS", &["delete-inactive", "refuse", "delete-oldest"]),
    ("ROTATOR_MODE", &["audit", "retire", "enforce", "enforce"]),
    ("ROTATOR_SCOPE", &["enrolled", "all", "all", "secrets/app;"]),
    ("ROTATOR_SECRET_NAME", &["secrets/{user}", "keys/{user}"]),
    (
        "ROTATOR_SECRET_SHAPE",
        &["UserName,AccessKeyId,SecretAccessKey", "user_name,access_key_id,secret_access_key"],
    ),
    ("ROTATOR_ROTATE_AFTER", &["90d", "65d", "120d"]),
];
const KINDS: [FaultKind; 4] =
    [FaultKind::KillBefore, FaultKind::KillAfter, FaultKind::ResponseLost, FaultKind::Denied];

fn draw<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(0..from.len())]
}

fn begin(rng: &mut Rng, seed: u64) -> Life {
    let mut settings: Settings = VALUES.into_iter().map(|(name, values)| (name, draw(rng, values))).collect();
    if rng.bool() {
        settings.extend([
            ("ROTATOR_EMAIL_FROM", "keys@example.com"),
            ("ROTATOR_ADMIN_EMAIL", "admin@example.com"),
        ]);
    }
    let options = Options {
        seed,
        latency: Duration::from_millis(300),
        retry_delay: Duration::from_secs(10),
        promotion_keeps_pending: rng.bool(),
        ..Options::default()
    };
    let mut life = Life::new(options, &USERS, vec![Stack::new(0, settings)]);
    life.late = vec!["batch"];
    let scheduled = life.enroll("app", rng.u64(0..90));
    life.sim().set_rotation_days(&scheduled, 90);
    life.enroll("batch", rng.u64(0..110));
    let sim = life.sim().clone();
    let key = sim.create_access_key_at(ACCOUNT, "nova", sim.now() - days(rng.u64(0..110)));
    life.watch().by_hand.insert(key.access_key_id);
    if rng.u8(0..3) == 0 {
        // A key that nobody uses any more.
        let left = sim.create_access_key_at(ACCOUNT, draw(rng, &USERS), sim.now() - days(200));
        sim.set_key_status(&left.access_key_id, false);
        life.watch().by_hand.insert(left.access_key_id);
    }
    life.watch().accept();
    let told = format!("seed {seed}: {:?}", life.newest().settings);
    life.tell(&told);
    life
}

/// A rotation that begins, and may die.
async fn rotate(life: &mut Life, rng: &mut Rng) {
    let user = draw(rng, &USERS);
    let Some(secret) = life.secret_of(user).filter(|secret| secret.rotation_function.is_some()) else {
        return;
    };
    let sim = life.sim().clone();
    if rng.bool() {
        let (nth, kind) = (rng.u32(1..22), KINDS[rng.usize(0..KINDS.len())].clone());
        life.tell(&format!("call {nth} of a rotation of {user}: {kind:?}"));
        sim.add_fault(Fault::nth_call(nth, kind).by("rotation"));
    }
    let mut rotation = sim.rotation(&secret.arn);
    let steps = rng.u32(0..6);
    for _ in 0..steps {
        sim.step(&mut rotation).await;
    }
    let report = sim.finish(rotation);
    life.arm_denials();
    life.tell(&format!("{user} is rotated for {steps} steps: {} {:?}", report.succeeded, report.error()));
    life.watch().check_at_rest();
}

/// Something that an administrator does by hand.
fn administrate(life: &mut Life, rng: &mut Rng) {
    let user = draw(rng, &USERS);
    let Some(secret) = life.secret_of(user) else { return };
    let sim = life.sim().clone();
    // To a value that holds a key which works; the first value of a secret that the sweep made holds none.
    let previous = secret.stage("AWSPREVIOUS").filter(|version| {
        let holds = |id: &str| version.text().is_some_and(|text| text.contains(id));
        sim.keys(ACCOUNT, user).iter().any(|key| key.active && holds(&key.id))
    });
    match (rng.u8(0..4), previous, secret.stage("AWSPENDING")) {
        (0, Some(previous), _) => {
            life.tell(&format!("AWSCURRENT of {user} is moved back"));
            sim.set_label(&secret.arn, &previous.id, "AWSCURRENT");
        }
        (1, _, Some(pending)) if !pending.stages.contains("AWSCURRENT") => {
            life.tell(&format!("the rotation of {user} is given up"));
            sim.remove_label(&secret.arn, &pending.id, "AWSPENDING");
        }
        (2, ..) => {
            let held = sim.keys(ACCOUNT, user).into_iter();
            let inactive = held.filter(|key| !key.active && secret.stage(&key.id).is_some());
            for key in inactive {
                life.tell(&format!("{} of {user} is made active again", key.id));
                sim.set_key_status(&key.id, true);
            }
        }
        _ => {}
    }
    life.watch().accept();
}

async fn change(life: &mut Life, rng: &mut Rng) {
    let user = draw(rng, &USERS);
    let stacks = life.watch().stacks.len();
    let newest = life.newest();
    let handover = draw(rng, &[Handover::All, Handover::First, Handover::None]);
    let (name, values) = draw(rng, &VALUES);
    let is_denied = life.watch().denied.contains(user);
    let in_group = life.watch().group.contains(user);
    let is_tagged = life.sim().user_tags(ACCOUNT, user).contains_key(super::EXEMPT_TAG);
    let named = if newest.settings.get("ROTATOR_EXEMPT_USERS") == Some(&user) { "" } else { user };
    let change = match rng.u8(0..20) {
        0 => Change::Denied(user, !is_denied),
        1 => Change::ExemptByGroup(user, !in_group),
        2 | 3 => Change::ExemptByTag(user, !is_tagged),
        4 => Change::Set("ROTATOR_EXEMPT_USERS", named),
        5 | 6 if stacks > 1 => Change::RemoveOld(handover),
        5 | 6 if newest.nth() + 1 < MOST => Change::Move(handover),
        _ => Change::Set(name, draw(rng, values)),
    };
    change.apply(life).await;
}

async fn sequence(seed: u64) -> Result<(), String> {
    fastrand::seed(seed);
    let mut rng = Rng::with_seed(seed);
    let mut life = begin(&mut rng, seed);
    for _ in 0..rng.u32(3..7) {
        if rng.u8(0..3) > 0 {
            rotate(&mut life, &mut rng).await;
        }
        life.sim().advance(hours(rng.u64(0..10)));
        for _ in 0..rng.u32(1..3) {
            change(&mut life, &mut rng).await;
        }
        for _ in 0..rng.u32(0..6) {
            life.pass(rng.u64(1..4)).await;
            if rng.u8(0..5) == 0 {
                administrate(&mut life, &mut rng);
            }
        }
    }
    // In the end nobody is torn between two stacks.
    Change::RemoveOld(Handover::All).apply(&mut life).await;
    compare(&mut life, PACE).await
}

#[test]
fn any_sequence_of_changes_ends_as_under_a_fresh_deployment_with_the_last_settings() {
    let sequences = setting("SEQUENCES").unwrap_or(SEQUENCES);
    let first = setting("FIRST_SEQUENCE").unwrap_or(0);
    for seed in first..first + sequences {
        if let Err(wrong) = super::simulated(sequence(seed)) {
            panic!("{wrong}");
        }
    }
    println!("sequences of changes: {sequences}");
}
