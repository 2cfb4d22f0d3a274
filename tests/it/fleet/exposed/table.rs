//! Every event, every setting and every state of the exposed key: what is done, and that it is done in the end
//! whatever call fails.

use simulator::{Fault, FaultKind};

use super::super::{Fleet, SWEEP};
use super::{Value, attack, changes, guard_duty, health, is_active, own};
use crate::stage::hours;

type Event = fn(&str, &str) -> Value;

const EVENTS: [(&str, Event); 4] =
    [("AWS Health", health), ("GuardDuty", guard_duty), ("attack sequence", attack), ("own", own)];
const SETTINGS: [&str; 3] = ["alert", "rotate", "revoke"];

/// What the exposed key is when the event comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Current,
    Superseded,
    Pending,
    /// Beside the keys in the secret.
    Unknown,
    Stranger,
    Exempt,
    Gone,
}

const STATES: [State; 7] = [
    State::Current,
    State::Superseded,
    State::Pending,
    State::Unknown,
    State::Stranger,
    State::Exempt,
    State::Gone,
];

impl State {
    /// Whether the key is the rotator's to change.
    fn is_ours(self) -> bool {
        matches!(self, Self::Current | Self::Superseded | Self::Pending)
    }
}

/// An account with one user whose key is exposed.
struct Scene {
    fleet: Fleet,
    user: &'static str,
    key: String,
}

async fn scene(state: State, setting: &str) -> Scene {
    let fleet = Fleet::new(&[
        ("ROTATOR_MODE", "enforce"),
        ("ROTATOR_EXPOSED", setting),
        ("ROTATOR_OVERLAP", "14d"),
        ("ROTATOR_EXEMPT_USERS", "vendor"),
    ]);
    let user = if state == State::Exempt { "vendor" } else { "ci" };
    let pair = fleet.user(user, if state == State::Superseded { 100 } else { 10 });
    let first = pair.access_key_id.clone();
    if state == State::Stranger {
        return Scene { fleet, user, key: first };
    }
    let secret = fleet.holding(user, &pair);
    let key = match state {
        State::Superseded => {
            fleet.sweep().await;
            fleet.sim.advance(hours(2));
            first
        }
        State::Pending => {
            fleet.sim.add_fault(Fault::on("GetCallerIdentity", 0, FaultKind::Denied));
            fleet.sim.rotate(&secret).await;
            fleet.sim.clear_faults();
            fleet.keys(user)[1].0.clone()
        }
        State::Unknown => fleet.key(user, 3).access_key_id,
        State::Gone => {
            let gone = fleet.key(user, 3).access_key_id;
            fleet.sim.delete_access_key(&gone);
            gone
        }
        _ => first,
    };
    fleet.sim.clear_journal();
    Scene { fleet, user, key }
}

impl Scene {
    fn active(&self) -> Option<bool> {
        is_active(&self.fleet, self.user, &self.key)
    }

    /// How many alerts there were of this key.
    fn told(&self) -> usize {
        let alerts = self.fleet.sim.alerts().into_iter();
        alerts
            .filter(|alert| {
                alert.message.contains(&self.key)
                    && alert.subject.as_ref().is_some_and(|subject| subject.starts_with("Exposed"))
            })
            .count()
    }
}

#[tokio::test(start_paused = true)]
async fn every_event_setting_and_state_has_its_answer_and_its_repetition_changes_nothing() {
    for state in STATES {
        for setting in SETTINGS {
            for (name, event) in EVENTS {
                let at = format!("{state:?}, {setting}, {name}");
                let scene = scene(state, setting).await;
                let answer = scene.fleet.send(event(&scene.key, scene.user)).await.unwrap();
                let acts = setting != "alert" && state.is_ours();
                let expected: &[&str] = match (acts, state) {
                    (false, _) => &[],
                    (true, State::Current) => &["RotateSecret", "UpdateAccessKey"],
                    (true, _) => &["UpdateAccessKey"],
                };
                assert_eq!(changes(&scene.fleet), expected, "{at}: {answer:#}");
                let works = scene.active() == Some(true);
                assert_eq!(works, !acts && state != State::Gone, "{at}");
                assert_eq!(
                    answer["keys"][0]["end"],
                    if works { "works" } else { "over" },
                    "{at}: {answer:#}"
                );
                assert_eq!(answer["keys"][0]["cutOff"], Value::Null, "{at}");
                assert_eq!(scene.told(), 1, "{at}: {:?}", scene.fleet.alerts());
                // The same report in AWS's other forms.
                for (_, again) in EVENTS {
                    scene.fleet.send(again(&scene.key, scene.user)).await.unwrap();
                }
                assert_eq!(changes(&scene.fleet), expected, "{at}, again");
                let calls = scene.fleet.sweep_calls();
                assert!(
                    ["RotateSecret", "UpdateAccessKey"].iter().all(|call| calls
                        .get(*call)
                        .copied()
                        .unwrap_or(0)
                        <= 1)
                );
                // As long as the key works, people are told each time. Of a key that is in no secret nobody remembers that
                // they were told.
                let times = if acts { 1 } else { 5 };
                assert_eq!(scene.told(), times, "{at}, again: {:?}", scene.fleet.alerts());
            }
        }
    }
}

/// Lambda repeats a failed invocation, AWS sends the event again, and sweeps follow. All of it with `EXPOSED=all`; else
/// without the faults that the SDK answers by itself and the kill that is much like the one after the call before, and of
/// what is never touched the strongest setting alone.
#[tokio::test(start_paused = true)]
async fn whatever_call_fails_or_crashes_it_converges_and_is_told_of() {
    let kinds = [
        FaultKind::Error5xx,
        FaultKind::Throttle,
        FaultKind::KillBefore,
        FaultKind::Denied,
        FaultKind::ResponseLost,
        FaultKind::KillAfter,
    ];
    let all = std::env::var_os("EXPOSED").is_some_and(|exposed| exposed == "all");
    let kinds = if all { &kinds[..] } else { &kinds[3..] };
    for state in STATES {
        for setting in SETTINGS.into_iter().filter(|setting| all || state.is_ours() || *setting == "revoke") {
            for (kind, fault) in kinds.iter().enumerate() {
                let mut nth = 0;
                loop {
                    nth += 1;
                    // The events differ before the first call alone. Each of them has some fault at each call.
                    let (name, event) = EVENTS[(kind + nth as usize) % EVENTS.len()];
                    let at = format!("{state:?}, {setting}, {name}: {fault:?} at call {nth}");
                    let scene = scene(state, setting).await;
                    if !survives(&at, scene, (state, setting), event, Fault::nth_call(nth, fault.clone()))
                        .await
                    {
                        break;
                    }
                }
                assert!(nth > 3, "{state:?}, {setting}: {fault:?}");
            }
        }
    }
}

/// One run. Answers whether the fault struck.
async fn survives(
    at: &str,
    scene: Scene,
    (state, setting): (State, &str),
    event: Event,
    fault: Fault,
) -> bool {
    let fleet = &scene.fleet;
    fleet.sim.add_fault(fault.by("sweep-function"));
    let first = fleet.sim.invoke(SWEEP, event(&scene.key, scene.user)).await;
    let struck = fleet.sim.faults().is_empty();
    fleet.sim.clear_faults();
    fleet.settle().await;
    if first.is_err() {
        fleet.send(event(&scene.key, scene.user)).await.unwrap_or_else(|error| panic!("{at}: {error:?}"));
    }
    let acts = setting != "alert" && state.is_ours();
    assert!(scene.told() > 0, "{at}: {:?}", fleet.alerts());
    if !acts {
        assert!(changes(fleet).is_empty(), "{at}: {:?}", changes(fleet));
    }
    // One sweep asks for a successor that is missing, the next one ends the exposed key.
    for _ in 0..2 {
        fleet.day().await;
    }
    if acts {
        assert_eq!(scene.active(), Some(false), "{at}: {:?}", fleet.alerts());
    } else {
        let works = if state == State::Gone { None } else { Some(true) };
        assert_eq!(scene.active(), works, "{at}");
    }
    // `rotate` cuts nobody off, nor does `revoke` while the fault is not in the way of the successor.
    if setting == "rotate" && state != State::Stranger {
        fleet.working_key(scene.user);
    }
    struck
}
