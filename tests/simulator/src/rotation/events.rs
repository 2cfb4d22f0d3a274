//! Asynchronous invocations: they run in tasks of their own, and again when they fail.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;

use crate::lambda::Invoke;
use crate::rotation::functions::FunctionError;
use crate::simulator::{Simulator, State};

/// "Lambda waits one minute before the first retry and two minutes before the second."
const RETRY_DELAY: Duration = Duration::from_secs(60);
/// "Lambda returns the event to the queue and attempts to run the function again for up to 6 hours by
/// default. The retry interval increases exponentially from 1 second after the first attempt to a
/// maximum of 5 minutes": of throttled events.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How many reports are kept.
const MOST_REPORTS: usize = 10_000;

/// An asynchronous invocation that is over.
#[derive(Clone, Debug, Serialize)]
pub struct EventReport {
    /// The function.
    pub function_arn: String,
    /// What it was invoked with.
    pub event: Value,
    /// Which invocation of its chain it was, from 1.
    pub chain: u32,
    /// How often it was tried; 0 if it was dropped because its chain was too long.
    pub attempts: u32,
    /// What the last attempt answered.
    pub result: Result<Value, FunctionError>,
    /// When it was over.
    pub ended: SystemTime,
}

/// Those that run, and those that are over.
#[derive(Debug, Default)]
pub(crate) struct Events {
    running: usize,
    reports: VecDeque<EventReport>,
}

impl State {
    /// Counts it from the moment it is accepted, so that nobody overlooks it.
    pub(crate) fn begin_event(&mut self) {
        self.events.running += 1;
    }

    fn end_event(&mut self, report: EventReport) {
        self.events.running -= 1;
        if self.events.reports.len() == MOST_REPORTS {
            self.events.reports.pop_front();
        }
        self.events.reports.push_back(report);
    }
}

impl Simulator {
    /// Waits until every asynchronous invocation is over, and those that they make.
    pub async fn events_finished(&self) {
        let mut ended = self.ended_events().subscribe();
        // The sender lives as long as this handle.
        while self.with(|state| state.events.running > 0) && ended.changed().await.is_ok() {}
    }

    /// The asynchronous invocations that are over (the last 10,000), oldest first.
    #[must_use]
    pub fn event_reports(&self) -> Vec<EventReport> {
        self.with(|state| state.events.reports.iter().cloned().collect())
    }

    /// Runs what `begin_event` counted.
    pub(crate) async fn run_event(&self, invoke: Invoke, dropped: bool) {
        let attempts = if dropped { 0 } else { 1 + self.options().event_retries };
        let mut result = Err(FunctionError::answered(
            "RecursiveInvocationException",
            "Lambda stopped the invocation: its chain is too long.",
        ));
        let mut tried = 0;
        while tried < attempts && result.as_ref().is_err_and(|error| !error.is_throttled()) {
            tokio::time::sleep(RETRY_DELAY * tried).await;
            result = self.invoke_once_free(&invoke).await;
            tried += 1;
        }
        self.with(|state| {
            let ended = state.clock.now();
            let Invoke { function_arn, event, chain } = invoke;
            state.end_event(EventReport { function_arn, event, chain, attempts: tried, result, ended });
        });
        self.ended_events().send_modify(|count| *count += 1);
    }

    /// Invokes a function once it is not throttled, or when the event has waited for too long.
    async fn invoke_once_free(&self, invoke: &Invoke) -> Result<Value, FunctionError> {
        let (mut waited, mut pause) = (Duration::ZERO, SHORTEST_PAUSE);
        loop {
            let result = self.invoke_in_chain(&invoke.function_arn, invoke.event.clone(), invoke.chain).await;
            let is_throttled = result.as_ref().is_err_and(FunctionError::is_throttled);
            if !is_throttled || waited >= LONGEST_WAIT {
                return result;
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
