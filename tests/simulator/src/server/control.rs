//! The control surface: what people and tests in other languages see and steer, unsigned.
//!
//! | request | what |
//! |---|---|
//! | `GET /_simulator/journal` | every call |
//! | `GET /_simulator/mails` | every mail |
//! | `GET /_simulator/alerts` | every SNS message |
//! | `GET /_simulator/rotations?secret=ARN` | reports and events of a secret |
//! | `GET /_simulator/clock` | the simulated time |
//! | `POST /_simulator/clock` `{"advance_seconds": n}` | moves it, and starts due rotations |
//! | `POST /_simulator/faults` `{"operation", "nth", "kind", …}` | arms a fault |
//! | `DELETE /_simulator/faults` | disarms them all |
//!
//! `kind`: `Throttle`, `Error5xx`, `Denied`, `RequestLost`, `ResponseLost`, `KillBefore`,
//! `KillAfter`, `Hang`, `{"ErrorCode": ["Code", 400]}`, `{"LatencySeconds": 1.5}`. Optional:
//! `caller_contains`, `target_contains`, `region`.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::Simulator;
use crate::clock::iso;
use crate::front::fault::{Fault, FaultKind};
use crate::server::listener::{Answer, Received};

pub(crate) async fn answer(simulator: &Simulator, received: &Received) -> Answer {
    let body: Value = serde_json::from_slice(&received.body).unwrap_or(Value::Null);
    let path = received.path.trim_start_matches("/_simulator/");
    let answered = match (received.method.as_str(), path) {
        ("GET", "journal") => Ok(json!(simulator.journal())),
        ("GET", "mails") => Ok(json!(simulator.mails())),
        ("GET", "alerts") => Ok(json!(simulator.alerts())),
        ("GET", "rotations") => Ok(rotations(simulator, &received.query)),
        ("GET", "clock") => Ok(json!({"now": iso(simulator.now())})),
        ("POST", "clock") => advance(simulator, &body),
        ("POST", "faults") => read_fault(&body).map(|fault| {
            simulator.add_fault(fault);
            json!({"armed": simulator.faults().len()})
        }),
        ("DELETE", "faults") => {
            simulator.clear_faults();
            Ok(json!({"armed": 0}))
        }
        _ => Err(format!("no {} {}", received.method, received.path)),
    };
    match answered {
        Ok(value) => Answer::json(StatusCode::OK, &value),
        Err(message) => Answer::json(StatusCode::BAD_REQUEST, &json!({"error": message})),
    }
}

fn rotations(simulator: &Simulator, query: &str) -> Value {
    let secret = form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "secret").then(|| value.into_owned()))
        .unwrap_or_default();
    json!({
        "reports": simulator.rotation_reports(&secret),
        "events": simulator.rotation_events(&secret),
    })
}

fn advance(simulator: &Simulator, body: &Value) -> Result<Value, String> {
    let seconds = body["advance_seconds"].as_f64().ok_or("advance_seconds: a number was expected")?;
    let by = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    simulator.advance(by);
    let running = simulator.clone();
    tokio::spawn(async move { running.run_due_rotations().await });
    Ok(json!({"now": iso(simulator.now())}))
}

fn read_fault(body: &Value) -> Result<Fault, String> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let nth = body["nth"].as_u64().unwrap_or(1);
    let mut fault =
        Fault::nth_call(u32::try_from(nth).map_err(|error| error.to_string())?, read_kind(&body["kind"])?);
    fault.operation = text("operation").map(kept);
    fault.caller_contains = text("caller_contains");
    fault.target_contains = text("target_contains");
    fault.region = text("region");
    Ok(fault)
}

fn read_kind(kind: &Value) -> Result<FaultKind, String> {
    if let Some(seconds) = kind["LatencySeconds"].as_f64() {
        let delay = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
        return Ok(FaultKind::Latency(delay));
    }
    if let Some(code) = kind["ErrorCode"][0].as_str() {
        let status = kind["ErrorCode"][1].as_u64().unwrap_or(400);
        let status = u16::try_from(status).map_err(|error| error.to_string())?;
        return Ok(FaultKind::ErrorCode(kept(code.to_owned()), status));
    }
    Ok(match kind.as_str().unwrap_or_default() {
        "Throttle" => FaultKind::Throttle,
        "Error5xx" => FaultKind::Error5xx,
        "Denied" => FaultKind::Denied,
        "RequestLost" => FaultKind::RequestLost,
        "ResponseLost" => FaultKind::ResponseLost,
        "KillBefore" => FaultKind::KillBefore,
        "KillAfter" => FaultKind::KillAfter,
        "Hang" => FaultKind::Hang,
        other => return Err(format!("unknown kind of fault: {other}")),
    })
}

/// Rust tests name operations by literals, so faults hold `&'static str`; the few bytes that come
/// in here are kept until the process ends.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
