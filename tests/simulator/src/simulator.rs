//! The handle: one world, one lock, one clock.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::SharedTimeSource;
use tokio::sync::watch;

use crate::Options;
use crate::clock::{Clock, SimulatedTime, SkewedTime};
use crate::front::door::LateCall;
use crate::front::fault::{Fault, Faults};
use crate::front::journal::{Call, CallInfo};
use crate::rotation::events::Events;
use crate::rotation::functions::{Function, Invocations};
use crate::world::World;

/// A boxed future, as `futures` has it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

type Hook = Arc<dyn Fn(&CallInfo) -> BoxFuture<'static, ()> + Send + Sync>;

/// A simulated AWS. Clones share it.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

struct Inner {
    /// Never held over an await.
    state: Mutex<State>,
    /// Bumped whenever a rotation ends.
    ended_rotations: watch::Sender<u64>,
    /// Bumped whenever an asynchronous invocation is over.
    ended_events: watch::Sender<u64>,
}

/// Everything behind the lock.
pub(crate) struct State {
    pub options: Options,
    pub clock: Clock,
    pub world: World,
    pub faults: Faults,
    /// Calls whose effect is still to come.
    pub late: Vec<LateCall>,
    pub journal: Vec<Call>,
    pub calls: u64,
    pub hooks: Vec<Hook>,
    pub functions: BTreeMap<String, Function>,
    pub invocations: Invocations,
    pub events: Events,
}

/// A moment between two calls, to go back to: the world, what was called, the faults still armed.
pub struct Snapshot {
    at: SystemTime,
    world: World,
    faults: Faults,
    late: Vec<LateCall>,
    journal: Vec<Call>,
    calls: u64,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Simulator")
    }
}

impl Simulator {
    /// An empty AWS.
    ///
    /// Inside a tokio runtime with paused time, its clock stands still except for sleeps.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let state = State {
            clock: Clock::new(options.start),
            world: World::new(&options.account, options.seed),
            faults: Faults::default(),
            late: Vec::new(),
            journal: Vec::new(),
            calls: 0,
            hooks: Vec::new(),
            functions: BTreeMap::new(),
            invocations: Invocations::default(),
            events: Events::default(),
            options,
        };
        Self {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                ended_rotations: watch::Sender::new(0),
                ended_events: watch::Sender::new(0),
            }),
        }
    }

    /// Runs `f` with everything locked.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        f(&mut state)
    }

    pub(crate) fn ended_rotations(&self) -> &watch::Sender<u64> {
        &self.inner.ended_rotations
    }

    pub(crate) fn ended_events(&self) -> &watch::Sender<u64> {
        &self.inner.ended_events
    }

    /// Changes switches while running.
    pub fn update(&self, f: impl FnOnce(&mut Options)) {
        self.with(|state| f(&mut state.options));
    }

    /// The switches as they are.
    #[must_use]
    pub fn options(&self) -> Options {
        self.with(|state| state.options.clone())
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.with(|state| state.clock.now())
    }

    /// Moves the simulated time forward. Starts nothing by itself: see
    /// [`Simulator::run_due_rotations`].
    pub fn advance(&self, by: Duration) {
        self.with(|state| state.clock.advance(by));
    }

    /// The simulated time for SDK configurations, which sign with it.
    #[must_use]
    pub fn time_source(&self) -> SharedTimeSource {
        SharedTimeSource::new(SimulatedTime(self.clone()))
    }

    /// The same, by a clock that is wrong by this many seconds.
    #[must_use]
    pub fn skewed_time_source(&self, seconds: i64) -> SharedTimeSource {
        SharedTimeSource::new(SkewedTime(self.clone(), seconds))
    }

    /// Arms a fault.
    pub fn add_fault(&self, fault: Fault) {
        self.with(|state| state.faults.add(fault));
    }

    /// The faults that are still armed.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.with(|state| state.faults.armed())
    }

    /// Disarms every fault.
    pub fn clear_faults(&self) {
        self.with(|state| state.faults.clear());
    }

    /// Runs `f` before each call's effect, so that tests can hold calls at their boundaries or
    /// change the world between two of them.
    ///
    /// Nothing is locked meanwhile, and the call's own credentials are checked after it.
    pub fn on_call(&self, f: impl Fn(&CallInfo) -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        self.with(|state| state.hooks.push(Arc::new(f)));
    }

    /// Removes every hook of [`Simulator::on_call`].
    pub fn clear_hooks(&self) {
        self.with(|state| state.hooks.clear());
    }

    /// Lets go of every function and hook. They hold this simulator as it holds them, so that one
    /// of which this is never asked is never freed.
    pub fn close(&self) {
        let held =
            self.with(|state| (std::mem::take(&mut state.functions), std::mem::take(&mut state.hooks)));
        drop(held);
    }

    /// This moment. Nothing may be under way.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.with(|state| Snapshot {
            at: state.clock.now(),
            world: state.world.clone(),
            faults: state.faults.clone(),
            late: state.late.clone(),
            journal: state.journal.clone(),
            calls: state.calls,
        })
    }

    /// Back to that moment. Functions, hooks and options stay as they are now.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.with(|state| {
            state.clock.turn(snapshot.at);
            state.world = snapshot.world.clone();
            state.faults = snapshot.faults.clone();
            state.late = snapshot.late.clone();
            state.journal = snapshot.journal.clone();
            state.calls = snapshot.calls;
        });
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.with(|state| state.hooks.clone())
    }

    /// Every call so far, in the order of their effects.
    #[must_use]
    pub fn journal(&self) -> Vec<Call> {
        self.with(|state| state.journal.clone())
    }

    /// Forgets the calls so far.
    pub fn clear_journal(&self) {
        self.with(|state| state.journal.clear());
    }
}
