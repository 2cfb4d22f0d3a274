//! Lambda functions: invocation, timeout, sudden death.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;

use crate::rotation::runtime_api::RuntimeQueue;
use crate::simulator::{BoxFuture, Simulator};

tokio::task_local! {
    /// The in-process invocation that this task is, so that a kill fault finds its victim.
    static CURRENT: u64;
    /// Which invocation of its chain it is, so that a loop ends.
    static CHAIN: u32;
}

const THROTTLED: &str = "TooManyRequestsException";

/// How an invocation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum FunctionErrorKind {
    /// The function answered with an error.
    Answered,
    /// It ran into the function's timeout.
    TimedOut,
    /// A fault killed it, or its process exited.
    Killed,
}

/// A failed invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionError {
    /// Lambda's `errorType`.
    pub error_type: String,
    /// Lambda's `errorMessage`.
    pub message: String,
    /// How it failed.
    pub kind: FunctionErrorKind,
}

impl FunctionError {
    /// An error that the function itself answered.
    #[must_use]
    pub fn answered(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self { error_type: error_type.into(), message: message.into(), kind: FunctionErrorKind::Answered }
    }

    pub(crate) fn timed_out() -> Self {
        Self {
            error_type: "Sandbox.Timedout".to_owned(),
            message: "Task timed out".to_owned(),
            kind: FunctionErrorKind::TimedOut,
        }
    }

    /// The function's reserved concurrency is 0: it was never started.
    pub(crate) fn throttled() -> Self {
        Self::answered(THROTTLED, "Rate Exceeded. (ReservedFunctionConcurrentInvocationLimitExceeded)")
    }

    pub(crate) fn is_throttled(&self) -> bool {
        self.error_type == THROTTLED
    }

    pub(crate) fn killed(message: &str) -> Self {
        Self {
            error_type: "Runtime.ExitError".to_owned(),
            message: message.to_owned(),
            kind: FunctionErrorKind::Killed,
        }
    }
}

impl std::fmt::Display for FunctionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.error_type, self.message)
    }
}

impl std::error::Error for FunctionError {}

/// What an in-process function learns about its invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's request id.
    pub request_id: String,
    /// The function's ARN.
    pub function_arn: String,
    /// When it will be killed, in simulated time.
    pub deadline: SystemTime,
    /// Which invocation of its chain it is, from 1.
    pub chain: u32,
}

type Handler =
    Arc<dyn Fn(Value, Invocation) -> BoxFuture<'static, Result<Value, FunctionError>> + Send + Sync>;

/// A function that can be invoked.
#[derive(Clone)]
pub(crate) enum Function {
    InProcess(Handler),
    Runtime(Arc<RuntimeQueue>),
}

/// Which invocation of its chain this task is; `None` if it is none.
pub(crate) fn current_chain() -> Option<u32> {
    CHAIN.try_with(|chain| *chain).ok()
}

/// The invocations that run now, each with the bell that kills it.
#[derive(Debug, Default)]
pub(crate) struct Invocations {
    next: u64,
    running: BTreeMap<u64, Arc<Notify>>,
}

/// Takes the invocation off the list however it ends.
struct Registered {
    simulator: Simulator,
    id: u64,
    killed: Arc<Notify>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let id = self.id;
        self.simulator.with(|state| state.invocations.running.remove(&id));
    }
}

impl Simulator {
    /// Makes a Rust closure a Lambda function.
    pub fn add_function(
        &self,
        arn: &str,
        f: impl Fn(Value, Invocation) -> BoxFuture<'static, Result<Value, FunctionError>> + Send + Sync + 'static,
    ) {
        let function = Function::InProcess(Arc::new(f));
        self.with(|state| state.functions.insert(arn.to_owned(), function));
    }

    /// Invokes a function, under its timeout and the kill faults.
    ///
    /// # Errors
    /// What the function answered, that it timed out, or that it was killed.
    pub async fn invoke(&self, function_arn: &str, event: Value) -> Result<Value, FunctionError> {
        self.invoke_in_chain(function_arn, event, 1).await
    }

    pub(crate) async fn invoke_in_chain(
        &self,
        function_arn: &str,
        event: Value,
        chain: u32,
    ) -> Result<Value, FunctionError> {
        let (function, invocation, throttled) = self.with(|state| {
            let invocation = Invocation {
                request_id: state.world.ids.uuid("invocation"),
                function_arn: function_arn.to_owned(),
                deadline: state.clock.now() + state.options.function_timeout,
                chain,
            };
            let throttled = state.world.deployment.is_throttled(function_arn);
            (state.functions.get(function_arn).cloned(), invocation, throttled)
        });
        match function {
            Some(_) if throttled => Err(FunctionError::throttled()),
            None => Err(FunctionError::answered(
                "ResourceNotFoundException",
                format!("Function not found: {function_arn}"),
            )),
            Some(Function::InProcess(handler)) => {
                self.run_in_chain(handler(event, invocation), chain).await?
            }
            Some(Function::Runtime(queue)) => {
                let registered = self.register();
                queue.invoke(&invocation, &event, self.options().function_timeout, &registered.killed).await
            }
        }
    }

    /// Runs anything as if it were an invocation: under the function timeout, killed by kill faults
    /// that its own calls meet.
    ///
    /// # Errors
    /// That it timed out, was killed, or panicked.
    pub async fn run_killable<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, FunctionError> {
        self.run_in_chain(work, 1).await
    }

    async fn run_in_chain<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        chain: u32,
    ) -> Result<T, FunctionError> {
        let registered = self.register();
        let (timeout, keeps_running) = self.with(|state| {
            let options = &state.options;
            (options.function_timeout, options.timed_out_keeps_running)
        });
        let mut task = tokio::spawn(CURRENT.scope(registered.id, CHAIN.scope(chain, work)));
        let error = tokio::select! {
            joined = &mut task => return joined.map_err(|error| {
                FunctionError::answered("Runtime.Panic", error.to_string())
            }),
            () = registered.killed.notified() => FunctionError::killed("killed by a fault"),
            () = tokio::time::sleep(timeout) => FunctionError::timed_out(),
        };
        if error.kind == FunctionErrorKind::Killed || !keeps_running {
            task.abort();
        }
        Err(error)
    }

    fn register(&self) -> Registered {
        let killed = Arc::new(Notify::new());
        let bell = killed.clone();
        let id = self.with(|state| {
            let invocations = &mut state.invocations;
            invocations.next += 1;
            invocations.running.insert(invocations.next, bell);
            invocations.next
        });
        Registered { simulator: self.clone(), id, killed }
    }

    /// Kills the invocation that makes the present call; where that is not known (HTTP, tasks that
    /// the function spawned), every running one.
    pub(crate) fn kill_invocations(&self) {
        let current = CURRENT.try_with(|id| *id).ok();
        self.with(|state| {
            let running = &state.invocations.running;
            match current.and_then(|id| running.get(&id)) {
                Some(bell) => bell.notify_one(),
                None => running.values().for_each(|bell| bell.notify_one()),
            }
        });
    }
}
