//! The way every call takes, from either transport.
//!
//! arrival → hooks → half the latency → fault before → authenticate, authorize, effect, journal
//! (under one lock) → fault after → other half → answer.

use std::time::SystemTime;

use crate::front::auth::{self, Caller, DateWindow};
use crate::front::fault::FaultKind;
use crate::front::journal::{Call, CallInfo, Outcome};
use crate::front::protocol::{ApiError, Reply, Request, Response, Service};
use crate::front::routing::{Params, Routed, named_target, route, unknown_operation};
use crate::front::sigv4::Authorization;
use crate::simulator::{Simulator, State};
use crate::world::Effect;

/// Which door a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// The SDK connector: the client lives in simulated time.
    InProcess,
    /// Loopback HTTP: the client lives in the host's time, unless it follows our `Date` header.
    Http,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Delivery {
    Answer(Response),
    /// The connection breaks.
    Lost,
    /// Nothing ever comes back.
    Never,
}

/// What an operation works on.
pub(crate) struct Context<'a> {
    pub state: &'a mut State,
    pub now: SystemTime,
    pub caller: &'a Caller,
    pub region: &'a str,
}

impl Simulator {
    pub(crate) async fn deliver(&self, request: Request, transport: Transport) -> Delivery {
        let arrived = self.now();
        let Some(authorization) = request.header("authorization").and_then(Authorization::parse) else {
            return self.unsigned();
        };
        let Some(service) = Service::from_scope(&authorization.service) else {
            return self.unknown_service(&authorization.service);
        };
        let routed = match route(service, &request) {
            Ok(routed) => routed,
            Err(error) => return self.answer(service, "Unknown", &Err(error)),
        };
        let info = self.call_info(arrived, &routed, &authorization);
        for hook in self.hooks() {
            hook(&info).await;
        }
        let latency = self.with(|state| state.options.latency);
        tokio::time::sleep(latency / 2).await;
        let fault = self.with(|state| state.faults.strike(&info));
        match fault {
            Some(FaultKind::RequestLost) => {
                self.note(&info, Outcome::NoEffect, fault);
                return Delivery::Lost;
            }
            Some(FaultKind::Hang) => {
                self.note(&info, Outcome::NoEffect, fault);
                return Delivery::Never;
            }
            Some(FaultKind::KillBefore) => {
                self.note(&info, Outcome::NoEffect, fault);
                return self.kill(transport);
            }
            _ => {}
        }
        let (seq, response) = self.effect(&request, &routed, &authorization, info, &fault, transport);
        match fault {
            Some(FaultKind::ResponseLost) => return Delivery::Lost,
            Some(FaultKind::KillAfter) => return self.kill(transport),
            Some(FaultKind::Latency(extra)) => tokio::time::sleep(extra).await,
            _ => {}
        }
        tokio::time::sleep(latency - latency / 2).await;
        self.with(|state| state.end_call(seq));
        Delivery::Answer(response)
    }

    /// The one place where calls change the world.
    fn effect(
        &self,
        request: &Request,
        routed: &Routed,
        authorization: &Authorization,
        info: CallInfo,
        fault: &Option<FaultKind>,
        transport: Transport,
    ) -> (u64, Response) {
        let arrived = info.at;
        let (seq, response, effects) = self.with(|state| {
            let injected = fault.as_ref().and_then(|fault| fault.error(routed.service, &info));
            let outcome = match injected {
                Some(error) => Err(error),
                None => perform(state, request, routed, authorization, arrived, transport),
            };
            let told = match &outcome {
                Ok(_) => Outcome::Ok,
                Err(error) => Outcome::Error(error.code.clone()),
            };
            let seq = state.record_call(info, told, fault.clone());
            let response = state.render(routed.service, &routed.operation, &outcome);
            (seq, response, std::mem::take(&mut state.world.outbox))
        });
        for Effect::Rotate { arn, token } in effects {
            let simulator = self.clone();
            tokio::spawn(async move { simulator.run_rotation(&arn, &token, None).await });
        }
        (seq, response)
    }

    fn call_info(&self, at: SystemTime, routed: &Routed, authorization: &Authorization) -> CallInfo {
        self.with(|state| {
            let id = &authorization.access_key_id;
            let caller = auth::owner(&mut state.world, id);
            let account = caller.as_ref().map(|caller| caller.account.clone()).unwrap_or_default();
            let target = named_target(&routed.params).map(|named| {
                if routed.service != Service::SecretsManager {
                    return named;
                }
                let store = state.world.store(&account, &authorization.region);
                store.find(&named).map_or(named, |secret| secret.arn.clone())
            });
            CallInfo {
                at,
                service: routed.service.name(),
                operation: routed.operation.clone(),
                account,
                region: authorization.region.clone(),
                caller: caller.map_or_else(|| format!("unknown:{id}"), |caller| caller.arn),
                target,
            }
        })
    }

    fn note(&self, info: &CallInfo, outcome: Outcome, fault: Option<FaultKind>) {
        self.with(|state| state.record_call(info.clone(), outcome, fault));
    }

    fn kill(&self, transport: Transport) -> Delivery {
        self.kill_invocations();
        match transport {
            Transport::InProcess => Delivery::Never,
            Transport::Http => Delivery::Lost,
        }
    }

    fn answer(&self, service: Service, operation: &str, outcome: &Result<Reply, ApiError>) -> Delivery {
        Delivery::Answer(self.with(|state| state.render(service, operation, outcome)))
    }

    fn unsigned(&self) -> Delivery {
        let error = ApiError::new(403, "MissingAuthenticationToken", "Missing Authentication Token");
        self.answer(Service::Iam, "Unknown", &Err(error))
    }

    fn unknown_service(&self, name: &str) -> Delivery {
        let error = ApiError::new(
            403,
            "SignatureDoesNotMatch",
            format!("The simulator has no service '{name}' (from the credential scope)."),
        );
        self.answer(Service::Iam, "Unknown", &Err(error))
    }
}

impl State {
    fn record_call(&mut self, info: CallInfo, outcome: Outcome, fault: Option<FaultKind>) -> u64 {
        self.calls += 1;
        let call = Call::new(self.calls, info, outcome, fault);
        self.journal.push(call);
        self.calls
    }

    fn end_call(&mut self, seq: u64) {
        let now = self.clock.now();
        if let Some(call) = self.journal.iter_mut().rev().find(|call| call.seq == seq) {
            call.ended = Some(now);
        }
    }

    fn render(&mut self, service: Service, operation: &str, outcome: &Result<Reply, ApiError>) -> Response {
        let request_id = self.world.ids.uuid("request-id");
        let mut response = service.protocol().render(operation, &request_id, outcome);
        let date = crate::clock::http_date(self.clock.now());
        response.headers.push(("date", date));
        response
    }
}

fn perform(
    state: &mut State,
    request: &Request,
    routed: &Routed,
    authorization: &Authorization,
    arrived: SystemTime,
    transport: Transport,
) -> Result<Reply, ApiError> {
    let window = date_window(arrived, transport);
    let service = routed.service;
    let caller = auth::authenticate(state, service, request, authorization, window)?;
    auth::authorize(service, &routed.operation, &caller)?;
    let now = state.clock.now();
    let mut context = Context { state, now, caller: &caller, region: &authorization.region };
    let operation = routed.operation.as_str();
    match (service, &routed.params) {
        (Service::Iam, Params::Form(form)) => crate::iam::call(&mut context, operation, form),
        (Service::Sts, Params::Form(form)) => crate::sts::call(&mut context, operation, form),
        (Service::Sns, Params::Form(form)) => crate::sns::call(&mut context, operation, form),
        (Service::SecretsManager, Params::Json(body)) => {
            crate::secretsmanager::call(&mut context, operation, body)
        }
        (Service::Ses, Params::Json(body)) => crate::ses::call(&mut context, operation, body),
        _ => Err(unknown_operation(service, operation)),
    }
}

/// In-process clients sign with simulated time. Clients over HTTP sign with the host's, but SDKs
/// that measure the skew of our `Date` header follow the simulated clock, possibly as it was before
/// the last `advance`: anything between the two clocks is fine.
fn date_window(arrived: SystemTime, transport: Transport) -> DateWindow {
    match transport {
        Transport::InProcess => DateWindow { from: arrived, until: arrived },
        Transport::Http => {
            let host = crate::clock::host_now();
            DateWindow { from: arrived.min(host), until: arrived.max(host) }
        }
    }
}
