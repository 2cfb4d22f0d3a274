//! Every call of a rotation × everything that can happen to it, then every pair of those.
//!
//! A run arranges a scenario, arms the faults, and lets the engine rotate as Secrets Manager does:
//! all four steps, and all of them again with the same token when one fails. Then every invariant
//! is checked, and the end must be the end of the run without faults.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use simulator::{Fault, FaultKind, Options, Rotation, Snapshot};

use crate::invariants::{End, broken_current, keys_in_no_version, leaks};
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, TOPIC, USER, days};

const MEMBER: &str = "444455556666";
/// More than any run needs: one more than the invocations counted below would be a failure to
/// converge.
const ATTEMPTS: u32 = 6;

#[derive(Clone, Copy, Debug)]
enum Scenario {
    FirstKey,
    Ordinary,
    PreviousKeyToRemove,
    RetiredAtOnce,
    CrossAccount,
}

const SCENARIOS: [Scenario; 5] = [
    Scenario::FirstKey,
    Scenario::Ordinary,
    Scenario::PreviousKeyToRemove,
    Scenario::RetiredAtOnce,
    Scenario::CrossAccount,
];

/// Everything that can happen to a call. `Latency` outlasts the function: the effect happens and
/// the invocation ends at its deadline.
const KINDS: [FaultKind; 9] = [
    FaultKind::KillBefore,
    FaultKind::KillAfter,
    FaultKind::RequestLost,
    FaultKind::ResponseLost,
    FaultKind::Throttle,
    FaultKind::Error5xx,
    FaultKind::Denied,
    FaultKind::Hang,
    FaultKind::Latency(Duration::from_secs(70)),
];

/// A secret about to be rotated.
struct Arranged {
    scenario: Scenario,
    stage: Stage,
    arn: String,
    account: &'static str,
    /// The keys that were there before, by name.
    known: BTreeMap<String, String>,
    /// What was found wrong with AWSCURRENT at any call.
    broken: Arc<Mutex<Option<String>>>,
}

async fn arrange(scenario: Scenario) -> Arranged {
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
struct Run {
    end: End,
    /// AWS calls made, faulted ones included, each with what the service did.
    calls: Vec<String>,
    /// How often the whole rotation was run.
    attempts: u32,
    /// How often the function was invoked.
    invocations: usize,
}

impl Arranged {
    fn arm(&self, nth: usize, kind: &FaultKind) {
        self.stage.sim.add_fault(Fault::nth_call(u32::try_from(nth).unwrap(), kind.clone()));
    }

    /// Runs a rotation to its end, and checks all that must hold in any run.
    async fn conclude(&self, mut rotation: Rotation, faults: &[(usize, FaultKind)]) -> Result<Run, String> {
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
        Ok(Run {
            end: End::of(stage, account, USER, arn, known),
            calls: stage
                .sim
                .journal()
                .iter()
                .map(|call| format!("{} {:?}", call.operation, call.outcome))
                .collect(),
            attempts: report.steps.last().map_or(0, |step| step.attempt),
            invocations: report.steps.len(),
        })
    }
}

/// Runs a scenario under faults.
async fn run(scenario: Scenario, faults: &[(usize, FaultKind)]) -> Result<Run, String> {
    let arranged = arrange(scenario).await;
    for (nth, kind) in faults {
        arranged.arm(*nth, kind);
    }
    let rotation = arranged.stage.sim.rotation(&arranged.arn);
    arranged.conclude(rotation, faults).await
}

/// A place between two invocations of a run, to go back to.
struct Place {
    snapshot: Snapshot,
    rotation: Rotation,
    /// Calls made before it, and written to the log and the metrics.
    calls: usize,
    log: usize,
    metrics: usize,
}

impl Arranged {
    fn place(&self, rotation: &Rotation) -> Place {
        let sim = &self.stage.sim;
        Place {
            snapshot: sim.snapshot(),
            rotation: rotation.clone(),
            calls: sim.journal().len(),
            log: self.stage.log.len(),
            metrics: self.stage.metrics.len(),
        }
    }

    /// Back to a place, where a new process of the function goes on.
    fn return_to(&self, place: &Place) -> Rotation {
        self.stage.sim.restore(&place.snapshot);
        self.stage.log.truncate(place.log);
        self.stage.metrics.truncate(place.metrics);
        self.stage.restart();
        place.rotation.clone()
    }

    /// The places of a run under one fault, from the last one before that fault on.
    async fn places(&self, nth: usize, kind: &FaultKind) -> Vec<Place> {
        self.arm(nth, kind);
        let mut rotation = self.stage.sim.rotation(&self.arn);
        let mut places = vec![self.place(&rotation)];
        while self.stage.sim.step(&mut rotation).await {
            let place = self.place(&rotation);
            if place.calls < nth {
                // A fault of an earlier invocation would be the first of its pair.
                places.clear();
            }
            places.push(place);
        }
        places
    }

    /// The calls of the next invocation.
    async fn calls_from(&self, place: &Place) -> usize {
        let mut rotation = self.return_to(place);
        self.stage.sim.step(&mut rotation).await;
        self.stage.sim.journal().len() - place.calls
    }
}

/// The worst of many runs.
#[derive(Default)]
struct Tally {
    runs: AtomicUsize,
    most_attempts: AtomicUsize,
    most_invocations: AtomicUsize,
}

impl Tally {
    fn count(&self, run: &Run) {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.most_attempts.fetch_max(run.attempts as usize, Ordering::Relaxed);
        self.most_invocations.fetch_max(run.invocations, Ordering::Relaxed);
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {} runs, at most {} runs of the rotation and {} invocations until it converged",
            self.runs.load(Ordering::Relaxed),
            self.most_attempts.load(Ordering::Relaxed),
            self.most_invocations.load(Ordering::Relaxed)
        );
    }
}

/// Does each of `jobs`, on every core; the first few failures end the test with their stories.
fn each<J: Sync>(jobs: &[J], job: impl AsyncFn(&J) -> Result<(), String> + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(found) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .start_paused(true)
                        .build()
                        .unwrap();
                    if let Err(failure) = runtime.block_on(job(found)) {
                        let mut failures = failures.lock().unwrap();
                        failures.push(failure);
                        if failures.len() >= 5 {
                            return;
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// What a scenario ends in when nothing goes wrong.
struct Clean {
    scenario: Scenario,
    run: Run,
}

impl Clean {
    fn compare(&self, run: &Run, faults: &[(usize, FaultKind)]) -> Result<(), String> {
        if run.end == self.run.end {
            return Ok(());
        }
        Err(format!("{:?} {faults:?}: ended in {:?} instead of {:?}", self.scenario, run.end, self.run.end))
    }
}

fn clean_runs() -> Vec<Clean> {
    let clean = |scenario| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        Clean { scenario, run: runtime.block_on(run(scenario, &[])).unwrap() }
    };
    SCENARIOS.map(clean).into()
}

/// A faulted run, which must end where the clean one ends.
async fn faulted(clean: &Clean, faults: &[(usize, FaultKind)], tally: &Tally) -> Result<Run, String> {
    let run = run(clean.scenario, faults).await?;
    tally.count(&run);
    clean.compare(&run, faults)?;
    Ok(run)
}

#[test]
fn any_one_fault_at_any_call_of_a_rotation_ends_where_the_clean_run_ends() {
    let (clean, tally) = (clean_runs(), Tally::default());
    let jobs: Vec<_> = clean
        .iter()
        .flat_map(|clean| {
            (1..=clean.run.calls.len()).flat_map(move |nth| KINDS.map(|kind| (clean, nth, kind)))
        })
        .collect();
    each(&jobs, async |(clean, nth, kind)| faulted(clean, &[(*nth, kind.clone())], &tally).await.map(drop));
    tally.print("single faults");
}

/// Different faults often come to the same: a lost request, a throttle and a server error are each
/// followed by the SDK's retry. First faults after which the same calls were made with the same
/// outcomes and the same end are one first fault.
///
/// What comes before the second fault's invocation is run once and returned to: AWS is all that an
/// invocation finds of the ones before it. The function goes on there as a new process.
#[test]
fn any_two_faults_at_any_two_calls_of_a_rotation_end_where_the_clean_run_ends() {
    let (clean, tally, alike) = (clean_runs(), Tally::default(), AtomicUsize::new(0));
    let jobs: Vec<_> =
        clean.iter().flat_map(|clean| (1..=clean.run.calls.len()).map(move |nth| (clean, nth))).collect();
    each(&jobs, async |(clean, nth)| {
        let mut seen = BTreeMap::new();
        for kind in KINDS {
            let first = faulted(clean, &[(*nth, kind.clone())], &Tally::default()).await?;
            seen.entry((first.calls, first.invocations)).or_insert(kind);
        }
        for first in seen.into_values() {
            second_faults(clean, (*nth, first), &tally).await?;
            alike.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    tally.print(&format!("pairs of faults, after {} different first faults", alike.load(Ordering::Relaxed)));
}

/// Everything that can happen to every call that comes after a first fault.
async fn second_faults(clean: &Clean, first: (usize, FaultKind), tally: &Tally) -> Result<(), String> {
    let arranged = arrange(clean.scenario).await;
    for place in arranged.places(first.0, &first.1).await {
        let calls = arranged.calls_from(&place).await;
        for nth in 1 + first.0.saturating_sub(place.calls)..=calls {
            for kind in KINDS {
                let rotation = arranged.return_to(&place);
                arranged.arm(nth, &kind);
                let faults = [first.clone(), (place.calls + nth, kind)];
                let run = arranged.conclude(rotation, &faults).await?;
                tally.count(&run);
                clean.compare(&run, &faults)?;
            }
        }
    }
    Ok(())
}

/// How many triples are drawn unless `TRIPLES` says otherwise. There are millions of them.
const DRAWN_TRIPLES: u64 = 2_000;

#[test]
fn three_faults_drawn_at_random_end_where_the_clean_run_ends() {
    let (clean, tally) = (clean_runs(), Tally::default());
    let mut rng = fastrand::Rng::with_seed(3);
    let drawn = crate::stage::setting("TRIPLES").unwrap_or(DRAWN_TRIPLES);
    let jobs: Vec<_> = (0..drawn)
        .map(|_| {
            let clean = &clean[rng.usize(0..clean.len())];
            let fault =
                |_| (rng.usize(1..2 * clean.run.calls.len()), KINDS[rng.usize(0..KINDS.len())].clone());
            (clean, [1, 2, 3].map(fault))
        })
        .collect();
    each(&jobs, async |(clean, faults)| faulted(clean, faults, &tally).await.map(drop));
    tally.print("triples of faults");
}
