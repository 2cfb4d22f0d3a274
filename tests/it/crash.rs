//! Every call of a rotation × everything that can happen to it, then every pair of those.
//!
//! A run arranges a scenario, arms the faults, and lets the engine rotate as Secrets Manager does:
//! all four steps, and all of them again with the same token when one fails. Then every invariant
//! is checked, and the end must be the end of the run without faults.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use simulator::{Fault, FaultKind, Options};

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
    stage: Stage,
    arn: String,
    account: &'static str,
    /// The keys that were there before, by name.
    known: BTreeMap<String, String>,
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
    Arranged { stage, arn, account, known }
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

/// Runs a scenario under faults, and checks all that must hold in any run.
async fn run(scenario: Scenario, faults: &[(usize, FaultKind)]) -> Result<Run, String> {
    let Arranged { stage, arn, account, known } = arrange(scenario).await;
    for (nth, kind) in faults {
        stage.sim.add_fault(Fault::nth_call(u32::try_from(*nth).map_err(|e| e.to_string())?, kind.clone()));
    }
    let broken: Arc<Mutex<Option<String>>> = Arc::default();
    let (sim, secret, seen) = (stage.sim.clone(), arn.clone(), broken.clone());
    stage.sim.on_call(move |_| {
        if let Some(found) = broken_current(&sim, &secret) {
            seen.lock().unwrap().get_or_insert(found);
        }
        Box::pin(async {})
    });
    let report = stage.sim.rotate(&arn).await;
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
    let problem = |what: String| Err(format!("{scenario:?} {faults:?}: {what}\n{}", story()));
    if !report.succeeded {
        return problem("did not converge".into());
    }
    if let Some(found) = broken.lock().unwrap().take().or_else(|| broken_current(&stage.sim, &arn)) {
        return problem(found);
    }
    let lost = keys_in_no_version(&stage, account, USER, &arn);
    if !lost.is_empty() {
        return problem(format!("keys in no version: {lost:?}"));
    }
    let leaked = leaks(&stage);
    if !leaked.is_empty() {
        return problem(format!("leaked: {leaked:?}"));
    }
    let mails = stage.sim.mails().len();
    let mail_failed = faults.iter().any(|_| stage.log.text().contains("mail could not be sent"));
    if !(1..=1 + faults.len()).contains(&mails) && !mail_failed {
        return problem(format!("{mails} mails"));
    }
    Ok(Run {
        end: End::of(&stage, account, USER, &arn, &known),
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
    if run.end == clean.run.end {
        return Ok(run);
    }
    Err(format!("{:?} {faults:?}: ended in {:?} instead of {:?}", clean.scenario, run.end, clean.run.end))
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
        for ((calls, _), first) in seen {
            let pairs = (nth + 1..=calls.len()).flat_map(|second| KINDS.map(|kind| (second, kind)));
            for second in pairs {
                faulted(clean, &[(*nth, first.clone()), second], &tally).await?;
            }
            alike.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    tally.print(&format!("pairs of faults, after {} different first faults", alike.load(Ordering::Relaxed)));
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
