//! Every call of a rotation × everything that can happen to it, then every pair of those.
//!
//! A run arranges a scenario, arms the faults, and lets the engine rotate as Secrets Manager does:
//! all four steps, and all of them again with the same token when one fails. Then every invariant
//! is checked, and the end must be the end of the run without faults.

mod pairs;
mod scenario;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use scenario::{Case, Run, run};
use simulator::FaultKind;

/// Everything that can happen to a call. `Latency` outlasts the function: the effect happens and
/// the invocation ends at its deadline.
const KINDS: [FaultKind; 11] = [
    FaultKind::KillBefore,
    FaultKind::KillAfter,
    FaultKind::RequestLost,
    FaultKind::ResponseLost,
    FaultKind::Throttle,
    FaultKind::Error5xx,
    FaultKind::Denied,
    FaultKind::Hang,
    FaultKind::Latency(Duration::from_secs(70)),
    // In the same invocation, and in the one after it.
    FaultKind::EffectLater(Duration::from_secs(4)),
    FaultKind::EffectLater(Duration::from_secs(12)),
];

/// Whether a kind is of its own at a call: a read that takes effect later is a request that was lost.
fn can_hit(kind: &FaultKind, call: &str) -> bool {
    let reads = ["Describe", "Get", "List"].iter().any(|verb| call.starts_with(verb));
    !reads || !matches!(kind, FaultKind::EffectLater(_))
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
    case: Case,
    run: Run,
}

impl Clean {
    fn compare(&self, run: &Run, faults: &[(usize, FaultKind)]) -> Result<(), String> {
        let next = run.end_of_next.is_none() || run.end_of_next == self.run.end_of_next;
        // What a late call did is only cleaned up by the next rotation.
        if next && (run.end == self.run.end || run.end_of_next.is_some()) {
            return Ok(());
        }
        Err(format!(
            "{:?} {faults:?}: ended in {:?} instead of {:?}",
            self.case,
            (&run.end, &run.end_of_next),
            (&self.run.end, &self.run.end_of_next)
        ))
    }

    /// Each of the faults came: what they do is what was run.
    fn all_hit(&self, run: &Run, faults: &[(usize, FaultKind)]) -> Result<(), String> {
        if run.hits.len() == faults.len() {
            return Ok(());
        }
        Err(format!("{:?} {faults:?}: hit {:?} of {:#?}", self.case, run.hits, run.calls))
    }
}

fn clean_runs(cases: Vec<Case>) -> Vec<Clean> {
    let clean = |case| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        Clean { case, run: runtime.block_on(run(case, &[])).unwrap() }
    };
    cases.into_iter().map(clean).collect()
}

/// A faulted run, which must end where the clean one ends. It may end before a fault comes.
async fn faulted(clean: &Clean, faults: &[(usize, FaultKind)], tally: &Tally) -> Result<Run, String> {
    let run = run(clean.case, faults).await?;
    tally.count(&run);
    clean.compare(&run, faults)?;
    Ok(run)
}

#[test]
fn any_one_fault_at_any_call_of_a_rotation_ends_where_the_clean_run_ends() {
    let (clean, tally) = (clean_runs(Case::all(false)), Tally::default());
    let jobs: Vec<_> = clean
        .iter()
        .flat_map(|clean| {
            (1..=clean.run.calls.len()).flat_map(move |nth| KINDS.map(|kind| (clean, nth, kind)))
        })
        .filter(|(clean, nth, kind)| can_hit(kind, &clean.run.calls[nth - 1]))
        .collect();
    each(&jobs, async |(clean, nth, kind)| {
        let faults = [(*nth, kind.clone())];
        clean.all_hit(&faulted(clean, &faults, &tally).await?, &faults)
    });
    tally.print("single faults");
}

/// How many triples are drawn unless `TRIPLES` says otherwise. There are millions of them.
const DRAWN_TRIPLES: u64 = 500;

#[test]
fn three_faults_drawn_at_random_end_where_the_clean_run_ends() {
    let (clean, tally) = (clean_runs(Case::all(false)), Tally::default());
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
