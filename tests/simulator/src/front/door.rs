//! The way every call takes, from either transport.
//!
//! arrival → hooks → half the latency → fault before → authenticate, authorize, effect, journal
//! (under one lock) → fault after → other half → answer.

use std::time::{Duration, SystemTime};

use crate::front::access::{Access, access};
use crate::front::auth::{self, Caller, DateWindow};
use crate::front::fault::FaultKind;
use crate::front::journal::{Call, CallInfo, Outcome};
use crate::front::protocol::{ApiError, Reply, Request, Response, Service};
use crate::front::routing::{Params, Routed, named_target, route, unknown_operation};
use crate::front::sigv4::Authorization;
use crate::lambda::{self, Invoke};
use crate::rotation::functions::current_chain;
use crate::rotation::runtime_api::chain_of;
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
    pub access: &'a Access,
}

/// A call whose effect is still to come, and whose client has given up.
#[derive(Clone, Debug)]
pub(crate) struct LateCall {
    due: SystemTime,
    request: Request,
    routed: Routed,
    authorization: Authorization,
    info: CallInfo,
    transport: Transport,
}

/// What a call came to.
enum Answered {
    Now(Response),
    /// Once this function has answered.
    Later(Invoke),
}

impl Simulator {
    pub(crate) async fn deliver(&self, request: Request, transport: Transport) -> Delivery {
        self.land_late_calls();
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
        pause(latency / 2).await;
        let fault = self.with(|state| state.faults.strike(&info));
        match fault {
            Some(FaultKind::EffectLater(after)) => {
                let call =
                    LateCall { due: self.now() + after, request, routed, authorization, info, transport };
                self.with(|state| state.late.push(call));
                return Delivery::Lost;
            }
            Some(FaultKind::RequestLost) => {
                self.note(&info, &routed, &authorization, fault);
                return Delivery::Lost;
            }
            Some(FaultKind::Hang) => {
                self.note(&info, &routed, &authorization, fault);
                return Delivery::Never;
            }
            Some(FaultKind::KillBefore) => {
                self.note(&info, &routed, &authorization, fault);
                return self.kill(transport);
            }
            _ => {}
        }
        let (seq, answered) =
            self.effect(&request, &routed, &authorization, info, &fault, transport, self.now());
        let response = match answered {
            Answered::Now(response) => response,
            Answered::Later(Invoke { function_arn, event, chain }) => {
                let result = self.invoke_in_chain(&function_arn, event, chain).await;
                let outcome = Ok(Reply::Raw(lambda::answer(result)));
                self.with(|state| state.render(service, "Invoke", &outcome))
            }
        };
        match fault {
            Some(FaultKind::ResponseLost) => return Delivery::Lost,
            Some(FaultKind::KillAfter) => return self.kill(transport),
            Some(FaultKind::Latency(extra)) => tokio::time::sleep(extra).await,
            _ => {}
        }
        pause(latency - latency / 2).await;
        self.with(|state| state.end_call(seq));
        Delivery::Answer(response)
    }

    /// Lets the calls take effect whose time has come, each at its own time.
    pub fn land_late_calls(&self) {
        let due = self.with(|state| {
            let now = state.clock.now();
            let (mut due, later): (Vec<_>, Vec<_>) = state.late.drain(..).partition(|call| call.due <= now);
            state.late = later;
            due.sort_by_key(|call| call.due);
            due
        });
        for call in due {
            let LateCall { due, request, routed, authorization, info, transport } = call;
            let fault = Some(FaultKind::EffectLater(due.duration_since(info.at).unwrap_or_default()));
            self.effect(&request, &routed, &authorization, info, &fault, transport, due);
        }
    }

    /// The one place where calls change the world, at the time `now`.
    #[expect(clippy::too_many_arguments, reason = "all that makes up a call")]
    fn effect(
        &self,
        request: &Request,
        routed: &Routed,
        authorization: &Authorization,
        info: CallInfo,
        fault: &Option<FaultKind>,
        transport: Transport,
        now: SystemTime,
    ) -> (u64, Answered) {
        let arrived = info.at;
        let (seq, answered, effects) = self.with(|state| {
            let caller = auth::owner(&mut state.world, &authorization.access_key_id);
            let access = access(&state.world, routed, caller.as_ref(), &authorization.region);
            let injected = fault.as_ref().and_then(|fault| fault.error(routed.service, &info));
            let outcome = match injected {
                Some(error) => Err(error),
                None => perform(
                    state,
                    request,
                    routed,
                    authorization,
                    &access,
                    DateWindow::of(arrived, transport),
                    now,
                ),
            };
            let told = match &outcome {
                Ok(_) => Outcome::Ok,
                Err(error) => Outcome::Error(error.code.clone()),
            };
            let seq = state.record_call(info, access, told, fault.clone());
            let answered = match outcome {
                Ok(Reply::Invoke(invoke)) => Answered::Later(invoke),
                outcome => Answered::Now(state.render(routed.service, &routed.operation, &outcome)),
            };
            (seq, answered, std::mem::take(&mut state.world.outbox))
        });
        for effect in effects {
            let simulator = self.clone();
            tokio::spawn(async move {
                match effect {
                    Effect::Rotate { arn, token } => {
                        simulator.run_rotation(simulator.begun(&arn, &token, None)).await;
                    }
                    Effect::Invoke { invoke, dropped } => simulator.run_event(invoke, dropped).await,
                }
            });
        }
        (seq, answered)
    }

    fn call_info(&self, at: SystemTime, routed: &Routed, authorization: &Authorization) -> CallInfo {
        self.with(|state| {
            let id = &authorization.access_key_id;
            let caller = auth::owner(&mut state.world, id);
            let account = caller.as_ref().map(|caller| caller.account.clone()).unwrap_or_default();
            let region = &authorization.region;
            let target = named_target(&routed.params).map(|named| match routed.service {
                Service::SecretsManager => {
                    let store = state.world.stores.get(&(account.clone(), region.clone()));
                    let known = store.and_then(|store| store.get(&named));
                    known.map_or(named, |secret| secret.arn.clone())
                }
                Service::Lambda => lambda::function_arn(&named, &account, region),
                _ => named,
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

    /// A call that never reached the service.
    fn note(
        &self,
        info: &CallInfo,
        routed: &Routed,
        authorization: &Authorization,
        fault: Option<FaultKind>,
    ) {
        self.with(|state| {
            let caller = auth::owner(&mut state.world, &authorization.access_key_id);
            let access = access(&state.world, routed, caller.as_ref(), &info.region);
            state.record_call(info.clone(), access, Outcome::NoEffect, fault)
        });
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
    fn record_call(
        &mut self,
        info: CallInfo,
        access: Access,
        outcome: Outcome,
        fault: Option<FaultKind>,
    ) -> u64 {
        self.calls += 1;
        let call = Call::new(self.calls, info, access, outcome, fault);
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
    access: &Access,
    window: DateWindow,
    now: SystemTime,
) -> Result<Reply, ApiError> {
    let service = routed.service;
    let caller = auth::authenticate(state, service, request, authorization, window)?;
    auth::authorize(service, &routed.operation, &caller)?;
    let mut context = Context { state, now, caller: &caller, region: &authorization.region, access };
    let operation = routed.operation.as_str();
    match (service, &routed.params) {
        (Service::Iam, Params::Form(form)) => crate::iam::call(&mut context, operation, form),
        (Service::Sts, Params::Form(form)) => crate::sts::call(&mut context, operation, form),
        (Service::Sns, Params::Form(form)) => crate::sns::call(&mut context, operation, form),
        (Service::Organizations, Params::Json(body)) => {
            crate::organizations::call(&mut context, operation, body)
        }
        (Service::SecretsManager, Params::Json(body)) => {
            crate::secretsmanager::call(&mut context, operation, body)
        }
        (Service::Ses, Params::Json(body)) => crate::ses::call(&mut context, operation, body),
        (Service::Lambda, Params::Raw { .. }) => {
            let traced = request.header("x-amzn-trace-id").and_then(chain_of);
            lambda::call(&mut context, routed, current_chain().or(traced).unwrap_or(0))
        }
        (Service::Lambda, Params::Json(body)) => crate::functions::call(&mut context, operation, body),
        (Service::Kms, Params::Json(body)) => crate::kms::call(&mut context, operation, body),
        (Service::Logs, Params::Json(body)) => crate::logs::call(&mut context, operation, body),
        (Service::CloudTrail, Params::Json(body)) => crate::cloudtrail::call(&mut context, operation, body),
        _ => Err(unknown_operation(service, operation)),
    }
}

/// Others go on meanwhile, also where no time passes: a timer would round nothing up to a millisecond.
async fn pause(time: Duration) {
    if time.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(time).await;
    }
}
