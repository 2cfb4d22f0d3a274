//! The Lambda Runtime API for one function, so that the engine invokes a real `bootstrap`.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::rotation::functions::{Function, FunctionError, Invocation};
use crate::server::listener::{Answer, Listener, Received};
use crate::simulator::Simulator;

type Outcome = Result<Value, FunctionError>;

struct Job {
    request_id: String,
    function_arn: String,
    event: Vec<u8>,
    chain: u32,
    /// In the host's time: the process lives in it.
    deadline: SystemTime,
}

/// What passes between the engine and the process.
pub(crate) struct RuntimeQueue {
    send: mpsc::UnboundedSender<Job>,
    /// Locked over an await on purpose: one `next` waits at a time, others line up.
    receive: tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    /// Rung when a supervised process must be replaced.
    pub(super) restart: Notify,
    /// How many supervised processes have ended; nothing where the process is not supervised.
    pub(super) ended: watch::Sender<Option<u64>>,
}

/// A running Runtime API. Stops when dropped, with the process it supervises.
pub struct RuntimeApi {
    /// For the process's environment: `AWS_LAMBDA_RUNTIME_API=<addr>`.
    pub addr: SocketAddr,
    pub(super) queue: Arc<RuntimeQueue>,
    pub(super) supervisors: Mutex<Vec<tokio::task::JoinHandle<()>>>,
    _listener: Listener,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        let supervisors = self.supervisors.get_mut().unwrap_or_else(PoisonError::into_inner);
        for supervisor in supervisors {
            supervisor.abort();
        }
    }
}

impl Simulator {
    /// Registers a function whose code runs in a process of its own, and serves the Lambda Runtime
    /// API for it on a loopback port. Needs real, not paused, time.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn add_runtime_function(&self, arn: &str) -> std::io::Result<RuntimeApi> {
        let (send, receive) = mpsc::unbounded_channel();
        let queue = Arc::new(RuntimeQueue {
            send,
            receive: tokio::sync::Mutex::new(receive),
            waiting: Mutex::default(),
            restart: Notify::new(),
            ended: watch::Sender::new(None),
        });
        let serving = queue.clone();
        let listener = Listener::start(0, move |received| {
            let queue = serving.clone();
            Box::pin(async move { Some(queue.answer(received).await) })
        })
        .await?;
        let function = Function::Runtime(queue.clone());
        self.with(|state| state.functions.insert(arn.to_owned(), function));
        Ok(RuntimeApi { addr: listener.addr, queue, supervisors: Mutex::default(), _listener: listener })
    }
}

impl RuntimeQueue {
    pub(crate) async fn invoke(
        &self,
        invocation: &Invocation,
        event: &Value,
        timeout: Duration,
        killed: &Notify,
    ) -> Outcome {
        let (tell, told) = oneshot::channel();
        self.waiting().insert(invocation.request_id.clone(), tell);
        let job = Job {
            request_id: invocation.request_id.clone(),
            function_arn: invocation.function_arn.clone(),
            event: event.to_string().into_bytes(),
            chain: invocation.chain,
            deadline: crate::clock::host_now() + timeout,
        };
        if self.send.send(job).is_err() {
            return Err(FunctionError::killed("the Runtime API is gone"));
        }
        let outcome = tokio::select! {
            outcome = told => outcome.unwrap_or_else(|_| Err(FunctionError::killed("process exited"))),
            () = killed.notified() => Err(FunctionError::killed("killed by a fault")),
            () = tokio::time::sleep(timeout) => Err(FunctionError::timed_out()),
        };
        // One that is still waited for was not answered.
        if self.waiting().remove(&invocation.request_id).is_some() {
            self.replace_process().await;
        }
        outcome
    }

    /// Has a supervised process replaced, and waits for its end: it takes no later invocation.
    async fn replace_process(&self) {
        let mut ended = self.ended.subscribe();
        let before = *ended.borrow_and_update();
        self.restart.notify_one();
        if before.is_some() {
            // An error means that the Runtime API is gone, and the process with it.
            let _ = ended.changed().await;
        }
    }

    /// Fails what the process was working on: it exited.
    pub(super) fn process_exited(&self) {
        self.waiting().clear();
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, received: Received) -> Answer {
        let segments: Vec<&str> = received.path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["2018-06-01", "runtime", "invocation", "next"] => self.next().await,
            ["2018-06-01", "runtime", "invocation", id, "response"] => {
                let value = serde_json::from_slice(&received.body).unwrap_or(Value::Null);
                self.finish(id, Ok(value))
            }
            ["2018-06-01", "runtime", "invocation", id, "error"] => {
                self.finish(id, Err(function_error(&received.body)))
            }
            ["2018-06-01", "runtime", "init", "error"] => {
                let error = function_error(&received.body);
                for (_, tell) in self.waiting().drain() {
                    // Nobody waits any more: the invocation timed out meanwhile.
                    let _ = tell.send(Err(error.clone()));
                }
                accepted()
            }
            _ => Answer::json(StatusCode::NOT_FOUND, &json!({"errorType": "NotFound"})),
        }
    }

    async fn next(&self) -> Answer {
        let asked = *self.ended.borrow();
        let job = loop {
            let Some(job) = self.receive.lock().await.recv().await else {
                return Answer::json(StatusCode::GONE, &json!({"errorType": "Gone"}));
            };
            // A job whose invocation is over already (timed out before anybody asked) is skipped.
            if !self.waiting().contains_key(&job.request_id) {
                continue;
            }
            if *self.ended.borrow() == asked {
                break job;
            }
            // The process that asked has ended since: the job is for the one after it. An error means that the
            // Runtime API is gone.
            let _ = self.send.send(job);
            return Answer::json(StatusCode::GONE, &json!({"errorType": "Gone"}));
        };
        let deadline = job.deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        Answer {
            status: StatusCode::OK,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("lambda-runtime-aws-request-id", job.request_id),
                ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
                ("lambda-runtime-invoked-function-arn", job.function_arn),
                ("lambda-runtime-trace-id", trace_id(job.chain)),
            ],
            body: Bytes::from(job.event),
        }
    }

    fn finish(&self, id: &str, outcome: Outcome) -> Answer {
        match self.waiting().remove(id) {
            Some(tell) => {
                // Nobody waits any more: the invocation timed out this very moment.
                let _ = tell.send(outcome);
                accepted()
            }
            None => Answer::json(
                StatusCode::BAD_REQUEST,
                &json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}),
            ),
        }
    }
}

/// SDKs send it along with what they call, so that Lambda detects loops
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>).
fn trace_id(chain: u32) -> String {
    format!("Root=1-00000000-000000000000000000000000;Sampled=0;Lineage=1:00000000:{chain}")
}

/// The invocation of its chain that such a trace id comes from.
pub(crate) fn chain_of(trace_id: &str) -> Option<u32> {
    let lineage = trace_id.split(';').find_map(|part| part.trim().strip_prefix("Lineage="))?;
    lineage.rsplit(':').next()?.parse().ok()
}

fn accepted() -> Answer {
    Answer::json(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn function_error(body: &[u8]) -> FunctionError {
    let error: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    FunctionError::answered(text("errorType"), text("errorMessage"))
}
