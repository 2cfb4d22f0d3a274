//! Several actors at once, in an order that a seed decides.
//!
//! Each AWS call waits a random while before it takes effect, so that the calls of a rotation, of
//! its timed-out twin that is still running, of another rotation of the same secret, of a second
//! secret bound to the same user by mistake, of sweeps, and what an administrator does by hand meet
//! in every order. Lists lag, new keys work late, deactivations are slow. A seed is a whole story: the same
//! seed tells it again, word for word.

mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::json;
use simulator::{Options, Simulator};

use self::watch::{Watch, name_of};
use crate::fleet::{SWEEP, deploy_sweep};
use crate::invariants::leaks;
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, USER, days, value_of};

/// How many stories are told unless `SEEDS` says otherwise.
const STORIES: u64 = 200;

/// How long an intent explains keys, and the slack of clocks.
const INTENT_WINDOW: Duration = Duration::from_secs(18);
/// It is dated before it is written, and explains keys from before that by the slack of clocks.
const INTENT_BEFORE: Duration = Duration::from_secs(6);

/// A superseded key has had its time at once, whoever uses it, and is deleted as soon as it is
/// inactive.
const SWEEPS: [(&str, &str); 4] = [
    ("ROTATOR_MODE", "enforce"),
    ("ROTATOR_OVERLAP", "1s"),
    ("ROTATOR_IN_USE", "deactivate"),
    ("ROTATOR_RECOVERY", "0"),
];

#[derive(Clone, Copy, Debug)]
struct Cast {
    /// The superseded key is retired at once.
    retires_at_once: bool,
    /// The same secret is asked to rotate a second time.
    second_rotation: bool,
    /// A second secret is bound to the same user, and rotates too.
    second_secret: bool,
    /// How many things an administrator does.
    admin_acts: usize,
    /// How many sweeps come by, to which every superseded key's time has come.
    sweeps: usize,
}

/// Tells one story and what was wrong in it.
fn story(seed: u64) -> (String, Vec<String>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(tell(seed))
}

/// Who takes part in a story, and in what AWS.
fn drawn(seed: u64, rng: &mut fastrand::Rng, sweeper: &mut fastrand::Rng) -> (Cast, Options) {
    let cast = Cast {
        retires_at_once: rng.bool(),
        second_rotation: rng.bool(),
        second_secret: false,
        admin_acts: rng.usize(0..5).saturating_sub(1),
        sweeps: 0,
    };
    // A second secret shares the key by mistake, and must not see it retired by the first's rotation.
    let cast = Cast { second_secret: rng.bool(), ..cast };
    // Of a user with two secrets a sweep touches nothing.
    let cast = Cast { sweeps: if cast.second_secret { 0 } else { sweeper.usize(0..4) }, ..cast };
    let options = Options {
        seed,
        propagation: Duration::from_millis(rng.u64(0..12_000)),
        revocation: Duration::from_millis(rng.u64(0..4_000)),
        iam_list_lag: Duration::from_millis(rng.u64(0..8_000)),
        secret_read_lag: Duration::from_millis(fastrand::Rng::with_seed(seed ^ 0x1a6).u64(0..6_000)),
        flaky_endpoints: rng.bool(),
        promotion_keeps_pending: rng.bool(),
        function_timeout: Duration::from_secs(rng.u64(8..60)),
        timed_out_keeps_running: rng.bool(),
        rotation_attempts: 4,
        retry_delay: Duration::from_secs(rng.u64(1..30)),
        ..Options::default()
    };
    (cast, options)
}

async fn tell(seed: u64) -> (String, Vec<String>) {
    fastrand::seed(seed);
    let (mut rng, mut sweeper) = (fastrand::Rng::with_seed(seed), fastrand::Rng::with_seed(!seed));
    let (cast, options) = drawn(seed, &mut rng, &mut sweeper);
    let stage = Stage::new(options, if cast.retires_at_once { &[("ROTATOR_OVERLAP", "0")] } else { &[] });
    let (key, arn) = stage.adopted();
    let second = stage.sim.create_secret("keys/by-mistake", Some(&value_of(&key)), &[TAG]);
    stage.sim.set_rotation(&second, FUNCTION);
    if !cast.second_secret {
        stage.sim.delete_secret(&second);
    }
    if cast.sweeps > 0 {
        deploy_sweep(&stage.sim, &SWEEPS, &stage.metrics);
    }
    let watch = Arc::new(Mutex::new(Watch {
        sim: stage.sim.clone(),
        secrets: vec![arn.clone(), second.clone()],
        started: stage.sim.now(),
        active: BTreeSet::new(),
        by_hand: BTreeMap::new(),
        last_intent: SystemTime::UNIX_EPOCH,
        current: BTreeMap::new(),
        story: format!("seed {seed} {cast:?}\n"),
        wrongs: Vec::new(),
    }));
    watch.lock().unwrap().accept();
    slow_down(&stage.sim, &watch, rng.u64(..), if rng.bool() { 500 } else { 3_000 });

    let (later, at_second) = (rng.u64(0..60_000), rng.u64(0..60_000));
    let rotate = async |when: u64, wanted: bool, secret: &str| {
        tokio::time::sleep(Duration::from_millis(when)).await;
        if wanted {
            watch.lock().unwrap().tell(&format!("rotate {}", name_of(secret)));
            let report = stage.sim.rotate(secret).await;
            let ended = report.error().map_or("well".to_owned(), |error| error.error_type.clone());
            watch.lock().unwrap().tell(&format!("rotation of {} ended {ended}", name_of(secret)));
        }
    };
    tokio::join!(
        rotate(0, true, &arn),
        rotate(later, cast.second_rotation, &arn),
        rotate(at_second, cast.second_secret, &second),
        administrate(&stage, &watch, &arn, rng.fork(), cast.admin_acts),
        sweep(&stage, &watch, sweeper, cast.sweeps),
    );
    // Whatever was timed out and still runs comes to its end.
    tokio::time::sleep(Duration::from_secs(600)).await;
    stage.sim.clear_hooks();
    slow_down(&stage.sim, &watch, 0, 1);
    aftermath(&stage, &watch, &arn, cast).await;
    let leaked = leaks(&stage);
    let mut watch = watch.lock().unwrap();
    if !leaked.is_empty() {
        watch.wrongs.push(format!("leaked {leaked:?}"));
    }
    (std::mem::take(&mut watch.story), std::mem::take(&mut watch.wrongs))
}

/// Each call waits a random while, tells its line, and then takes effect.
fn slow_down(sim: &Simulator, watch: &Arc<Mutex<Watch>>, seed: u64, longest_ms: u64) {
    let rng = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
    let watch = watch.clone();
    sim.on_call(move |call| {
        let wait = Duration::from_millis(rng.lock().unwrap().u64(0..longest_ms));
        let line = format!("{} {}", call.operation, call.target.as_deref().map_or("", name_of));
        let (watch, tags) =
            (watch.clone(), call.operation == "TagResource" && !call.caller.contains("sweep"));
        Box::pin(async move {
            tokio::time::sleep(wait).await;
            watch.lock().unwrap().look();
            watch.lock().unwrap().tell(&line);
            if tags {
                let mut watch = watch.lock().unwrap();
                let now = watch.sim.now();
                watch.last_intent = now;
                watch
                    .by_hand
                    .retain(|_, made| now.duration_since(*made).is_ok_and(|ago| ago > INTENT_BEFORE));
            }
            // What the call does is seen at once, and not when the next one comes.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                watch.lock().unwrap().look();
            });
        })
    });
}

/// Sweeps come by, each when it likes.
async fn sweep(stage: &Stage, watch: &Mutex<Watch>, mut rng: fastrand::Rng, sweeps: usize) {
    for _ in 0..sweeps {
        tokio::time::sleep(Duration::from_millis(rng.u64(0..60_000))).await;
        watch.lock().unwrap().tell("a sweep");
        let answer = stage.sim.invoke(SWEEP, json!({})).await;
        let ended = answer.map_or_else(|error| error.error_type, |answer| answer["actions"].to_string());
        watch.lock().unwrap().tell(&format!("the sweep ended {ended}"));
    }
}

/// Somebody at the console, who means well and knows nothing of the rotation.
async fn administrate(stage: &Stage, watch: &Mutex<Watch>, arn: &str, mut rng: fastrand::Rng, acts: usize) {
    for _ in 0..acts {
        tokio::time::sleep(Duration::from_millis(rng.u64(0..30_000))).await;
        let what = rng.u8(0..7);
        if what == 4 {
            watch.lock().unwrap().tell("the administrator cancels the rotation");
            let cancel = json!({"SecretId": arn});
            let root = stage.sim.root(ACCOUNT);
            // Refused while nothing rotates, which an administrator would shrug at.
            let _ = stage.sim.call_as(&root, "secretsmanager", "CancelRotateSecret", cancel).await;
            stage.sim.set_rotation(arn, FUNCTION);
            continue;
        }
        let mut watch = watch.lock().unwrap();
        watch.look();
        let keys = stage.keys();
        let any = keys.get(rng.usize(0..keys.len().max(1))).cloned();
        let act = match (what, any) {
            (0, _) if keys.len() < 2 => {
                let key = stage.sim.create_access_key(ACCOUNT, USER).access_key_id;
                let since_intent = stage.sim.now().duration_since(watch.last_intent).unwrap_or_default();
                if since_intent > INTENT_WINDOW {
                    let made = stage.sim.now();
                    watch.by_hand.insert(key.clone(), made);
                }
                format!("creates {key}")
            }
            (1, Some((key, active))) => {
                stage.sim.set_key_status(&key, !active);
                format!("makes {key} {}", if active { "inactive" } else { "active" })
            }
            (2, Some((key, _))) => {
                stage.sim.delete_access_key(&key);
                format!("deletes {key}")
            }
            (3, _) => {
                let value = stage
                    .sim
                    .secret(arn)
                    .stage("AWSCURRENT")
                    .and_then(|version| version.text().map(str::to_owned));
                let value = value.unwrap_or_else(|| json!({"UserName": USER}).to_string());
                stage.sim.put_secret_value(arn, &value);
                "saves the secret again".to_owned()
            }
            (5, _) => {
                let secret = stage.sim.secret(arn);
                match secret.stage("AWSPREVIOUS") {
                    Some(previous) => {
                        stage.sim.set_label(arn, &previous.id, "AWSCURRENT");
                        "moves AWSCURRENT back".to_owned()
                    }
                    None => "looks".to_owned(),
                }
            }
            _ => "looks".to_owned(),
        };
        watch.tell(&format!("the administrator {act}"));
        watch.accept();
    }
}

/// When all is quiet: an operator clears a stuck AWSPENDING, and the next rotation must end well,
/// unless somebody's hand is in it.
async fn aftermath(stage: &Stage, watch: &Mutex<Watch>, arn: &str, cast: Cast) {
    stage.sim.update(|options| {
        options.iam_list_lag = Duration::ZERO;
        options.secret_read_lag = Duration::ZERO;
        options.propagation = Duration::ZERO;
        options.function_timeout = Duration::from_secs(60);
    });
    let secret = stage.sim.secret(arn);
    if let Some(stuck) = secret.stage("AWSPENDING").filter(|version| !version.stages.contains("AWSCURRENT")) {
        stage.sim.remove_label(arn, &stuck.id, "AWSPENDING");
    }
    stage.sim.advance(days(2));
    let report = stage.sim.rotate(arn).await;
    let mut watch = watch.lock().unwrap();
    watch.look();
    let error = report.error().map(|error| format!("{}: {}", error.error_type, error.message));
    watch.tell(&format!("in the end: {}", error.as_deref().unwrap_or("well")));
    let alone = cast.admin_acts == 0 && !cast.second_secret;
    if !report.succeeded && alone {
        watch.wrongs.push("with nobody's hand in it the next rotation failed".to_owned());
    }
    if report.succeeded {
        stage.working_key(arn);
        let secret = stage.sim.secret(arn);
        for (key, _) in stage.keys() {
            if alone && secret.stage(&key).is_none() {
                watch.wrongs.push(format!("{key} is in no version"));
            }
        }
    }
}

#[test]
fn actors_in_any_order_break_no_key_and_the_next_rotation_ends_well() {
    let stories = crate::stage::setting("SEEDS").unwrap_or(STORIES);
    for seed in 0..stories {
        let (story, wrongs) = story(seed);
        assert!(wrongs.is_empty(), "{story}\n{wrongs:#?}");
    }
    println!("interleavings: {stories} seeds told, no key broken");
}

#[test]
fn the_same_seed_tells_the_same_story_to_the_letter() {
    for seed in [3, 14, 15] {
        assert_eq!(story(seed), story(seed));
    }
}
