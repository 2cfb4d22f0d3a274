//! Faults: what can go wrong between a client and AWS, on demand.

use std::time::Duration;

use serde::Serialize;

use crate::front::journal::CallInfo;
use crate::front::protocol::{ApiError, Service};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum FaultKind {
    /// The service's throttling error, without effect.
    Throttle,
    /// An HTTP 500, without effect.
    Error5xx,
    /// The service's access-denied error, without effect.
    Denied,
    /// This error code with this HTTP status, without effect.
    ErrorCode(&'static str, u16),
    /// This error code with this HTTP status and message, without effect.
    ErrorMessage(&'static str, u16, &'static str),
    /// The effect happens at once; the answer takes this long.
    Latency(Duration),
    /// An I/O error, without effect.
    RequestLost,
    /// The effect happens, then an I/O error.
    ResponseLost,
    /// The running invocation is killed before the effect.
    KillBefore,
    /// The running invocation is killed after the effect.
    KillAfter,
    /// No effect and never an answer.
    Hang,
    /// An I/O error at once; the effect happens this much later.
    EffectLater(Duration),
}

/// A fault and the calls it hits.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The operation's name (`CreateAccessKey`, …); `None`: any.
    pub operation: Option<&'static str>,
    /// Which matching call from now on, from 1; 0: every one.
    pub nth: u32,
    /// What goes wrong.
    pub kind: FaultKind,
    /// Only calls of callers whose ARN contains this.
    pub caller_contains: Option<String>,
    /// Only calls about a target that contains this.
    pub target_contains: Option<String>,
    /// Only calls to this region.
    pub region: Option<String>,
}

impl Fault {
    /// Hits the `nth` call of one operation.
    #[must_use]
    pub fn on(operation: &'static str, nth: u32, kind: FaultKind) -> Self {
        Self { operation: Some(operation), ..Self::nth_call(nth, kind) }
    }

    /// Hits the `nth` call of any operation.
    #[must_use]
    pub fn nth_call(nth: u32, kind: FaultKind) -> Self {
        Self { operation: None, nth, kind, caller_contains: None, target_contains: None, region: None }
    }

    /// Only counts and hits calls of callers whose ARN contains `part`.
    #[must_use]
    pub fn by(mut self, part: impl Into<String>) -> Self {
        self.caller_contains = Some(part.into());
        self
    }

    /// Only counts and hits calls about a user, secret or topic that contains `part`.
    #[must_use]
    pub fn about(mut self, part: impl Into<String>) -> Self {
        self.target_contains = Some(part.into());
        self
    }

    /// Only counts and hits calls to this region.
    #[must_use]
    pub fn to_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    fn matches(&self, call: &CallInfo) -> bool {
        let contains = |part: &Option<String>, whole: Option<&str>| {
            part.as_deref().is_none_or(|part| whole.is_some_and(|whole| whole.contains(part)))
        };
        self.operation.is_none_or(|name| name == call.operation)
            && contains(&self.caller_contains, Some(&call.caller))
            && contains(&self.target_contains, call.target.as_deref())
            && self.region.as_deref().is_none_or(|region| region == call.region)
    }
}

/// The faults that are armed, each with how many matching calls it has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Vec<(Fault, u32)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn armed(&self) -> Vec<Fault> {
        self.0.iter().map(|(fault, _)| fault.clone()).collect()
    }

    /// Counts the call, and answers with the first fault that hits it. One that names a call number
    /// is spent by that.
    pub(crate) fn strike(&mut self, call: &CallInfo) -> Option<FaultKind> {
        let mut hit = None;
        self.0.retain_mut(|(fault, seen)| {
            if !fault.matches(call) {
                return true;
            }
            *seen += 1;
            let strikes = fault.nth == 0 || *seen == fault.nth;
            if strikes && hit.is_none() {
                hit = Some(fault.kind.clone());
            }
            fault.nth == 0 || *seen < fault.nth
        });
        hit
    }
}

impl FaultKind {
    /// The error that this fault makes the service answer, if it is one of those.
    pub(crate) fn error(&self, service: Service, call: &CallInfo) -> Option<ApiError> {
        match self {
            Self::Throttle => Some(service.throttled()),
            Self::Error5xx => Some(service.failed()),
            Self::Denied => Some(service.denied(format!(
                "User: {} is not authorized to perform: {}:{} with an explicit deny",
                call.caller, call.service, call.operation
            ))),
            Self::ErrorCode(code, status) => {
                Some(ApiError::new(*status, *code, "Injected by the simulator."))
            }
            Self::ErrorMessage(code, status, message) => Some(ApiError::new(*status, *code, *message)),
            _ => None,
        }
    }
}
