//! Pairs of faults, without running what comes before the second one again and again: every pair where
//! `PAIRS=all`, else a sample.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use simulator::{FaultKind, Rotation, Snapshot};

use super::scenario::{Arranged, Case, Scenario, arrange};
use super::{Clean, KINDS, Tally, can_hit, clean_runs, each, faulted};

/// How many second faults there are to each of the sample. Coprime to the number of kinds, so that
/// each kind comes up.
const SAMPLE: u64 = 131;

/// A place between two invocations of a run, to go back to.
struct Place {
    snapshot: Snapshot,
    rotation: Rotation,
    /// What the next waits are drawn from.
    waits: u64,
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
            waits: fastrand::get_seed(),
            calls: sim.journal().len(),
            log: self.stage.log.len(),
            metrics: self.stage.metrics.len(),
        }
    }

    /// Back to a place, where a new process of the function goes on.
    fn return_to(&self, place: &Place) -> Rotation {
        fastrand::seed(place.waits);
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
        while self.step(&mut rotation).await {
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

/// Different faults often come to the same: a lost request, a throttle and a server error are each
/// followed by the SDK's retry. First faults after which the same calls were made with the same
/// outcomes and the same end are one first fault.
///
/// What comes before the second fault's invocation is run once and returned to: AWS is all that an
/// invocation finds of the ones before it. The function goes on there as a new process.
#[test]
fn any_two_faults_at_any_two_calls_of_a_rotation_end_where_the_clean_run_ends() {
    let (tally, alike) = (Tally::default(), AtomicUsize::new(0));
    // Of the sample, one scenario is run with reads that lag.
    let in_sample = |case: &Case| case.lagging == (case.scenario == Scenario::Ordinary);
    let cases = Case::all(true).into_iter().filter(|case| every_pair() || in_sample(case)).collect();
    let clean = clean_runs(cases);
    // Of the sample, every other call of each case is hit first.
    let mut jobs = Vec::new();
    for (case, clean) in clean.iter().enumerate() {
        let calls = 1..=clean.run.calls.len();
        jobs.extend(calls.filter(|nth| every_pair() || (case + nth) % 2 == 0).map(|nth| (clean, nth)));
    }
    let second = Mutex::new(BTreeSet::new());
    each(&jobs, async |(clean, nth)| {
        let mut seen = BTreeMap::new();
        for kind in KINDS.into_iter().filter(|kind| can_hit(kind, &clean.run.calls[nth - 1])) {
            let first = faulted(clean, &[(*nth, kind.clone())], &Tally::default()).await?;
            seen.entry((first.calls, first.invocations)).or_insert(kind);
        }
        for ((calls, _), first) in seen {
            let (later, hit) = second_faults(clean, (*nth, first.clone()), &tally).await?;
            second.lock().unwrap().extend(hit);
            if later < calls.len() - nth {
                let case = clean.case;
                return Err(format!("{case:?} {nth} {first:?}: second faults at {later} of {calls:#?}"));
            }
            alike.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    // Each operation was hit second, and by each kind where all pairs are run.
    let second = second.into_inner().unwrap();
    for clean in &clean {
        for call in &clean.run.calls[1..] {
            let operation = operation_of(call);
            let mut kinds = KINDS.iter().filter(|kind| can_hit(kind, call)).map(|kind| format!("{kind:?}"));
            let mut was_second = |kind: String| second.contains(&(operation.clone(), kind));
            let hit = if every_pair() { kinds.all(&mut was_second) } else { kinds.any(&mut was_second) };
            assert!(hit, "{operation} was not hit second: {second:#?}");
        }
    }
    tally.print(&format!("pairs of faults, after {} different first faults", alike.load(Ordering::Relaxed)));
}

fn every_pair() -> bool {
    std::env::var_os("PAIRS").is_some_and(|pairs| pairs == "all")
}

fn operation_of(call: &str) -> String {
    call.split(' ').next().unwrap_or_default().to_owned()
}

/// What can happen to the calls that come after a first fault: how many calls those are, and which
/// operations were hit by which kind.
async fn second_faults(
    clean: &Clean,
    first: (usize, FaultKind),
    tally: &Tally,
) -> Result<(usize, BTreeSet<(String, String)>), String> {
    let arranged = arrange(clean.case).await;
    let every = if every_pair() { 1 } else { SAMPLE };
    // Each first fault has a sample of its own.
    let mut turn =
        fastrand::Rng::with_seed(first.0 as u64).u64(0..every) + format!("{:?}", first.1).len() as u64;
    let (mut later, mut hit) = (0, BTreeSet::new());
    for place in arranged.places(first.0, &first.1).await {
        let calls = arranged.calls_from(&place).await;
        for nth in 1 + first.0.saturating_sub(place.calls)..=calls {
            later += 1;
            for kind in KINDS {
                turn += 1;
                if !turn.is_multiple_of(every) {
                    continue;
                }
                let rotation = arranged.return_to(&place);
                arranged.arm(nth, &kind);
                let faults = [first.clone(), (place.calls + nth, kind)];
                let run = arranged.conclude(rotation, &faults).await?;
                clean.all_hit(&run, &faults)?;
                tally.count(&run);
                clean.compare(&run, &faults)?;
                hit.extend(run.hits.into_iter().map(|(operation, kind)| (operation, format!("{kind:?}"))));
            }
        }
    }
    Ok((later, hit))
}
