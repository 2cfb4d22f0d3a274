//! A simulated AWS for a function in a process of its own, in real time, steered by lines on stdin.
//!
//! `rotate`: a user whose key is due, and a rotation of it. `sweep`: an invocation of the sweep.
//! `quit`. Each is answered with what it took.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Call, Options, Simulator};

use super::tell;
use crate::stage::{ACCOUNT, FUNCTION, TOPIC, days, setting};

const SWEEP: &str = "arn:aws:lambda:eu-west-1:111122223333:function:sweep";

#[tokio::test(flavor = "multi_thread")]
async fn serve() {
    let millis = |name| setting(name).map(Duration::from_millis);
    let latency = millis("LATENCY_MS").unwrap_or_default();
    let iam_latency = millis("IAM_LATENCY_MS").unwrap_or(latency);
    let options = Options {
        page_size: 100,
        function_timeout: Duration::from_secs(900),
        propagation: millis("PROPAGATION_MS").unwrap_or_default(),
        ..Options::default()
    };
    let sim = Simulator::new(options);
    let server = sim.serve(0).await.unwrap();
    assert_eq!(sim.create_topic("alerts"), TOPIC);
    let rotation = sim.add_runtime_function(FUNCTION).await.unwrap();
    let sweep = sim.add_runtime_function(SWEEP).await.unwrap();
    let age = setting("AGE").unwrap_or(30);
    for nth in 0..setting("USERS").unwrap_or(0) {
        enrolled(&sim, &format!("fleet-{nth:05}"), age);
    }
    sim.on_call(move |info| {
        let takes = if info.service == "iam" { iam_latency } else { latency };
        Box::pin(exactly(takes))
    });
    let key = |role| {
        let key = sim.role_session(ACCOUNT, role);
        json!({"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_SESSION_TOKEN": key.session_token})
    };
    tell(&json!({"endpoint": server.url(), "rotation_api": rotation.addr, "sweep_api": sweep.addr,
        "rotation_role": key("rotation-function"), "sweep_role": key("sweep-function")}));
    let mut lines = std::io::stdin().lines();
    let mut nth = 0;
    while let Some(Ok(line)) = tokio::task::block_in_place(|| lines.next()) {
        match line.as_str() {
            "rotate" => {
                nth += 1;
                tell(&rotate(&sim, &format!("user-{nth}")).await);
            }
            "sweep" => {
                sim.clear_journal();
                let begun = std::time::Instant::now();
                let answer = sim.invoke(SWEEP, json!({})).await;
                tell(&json!({"seconds": begun.elapsed().as_secs_f64(), "answer": answer,
                    "calls": sim.journal().len()}));
            }
            _ => break,
        }
    }
}

/// Sleeps so long: the runtime's timers would round each call up by a millisecond or two.
#[allow(clippy::disallowed_methods, reason = "real time is what is measured")]
async fn exactly(pause: Duration) {
    if !pause.is_zero() {
        tokio::task::spawn_blocking(move || std::thread::sleep(pause)).await.unwrap();
    }
}

/// A user whose secret holds a key of this age, labelled as by a rotation.
fn enrolled(sim: &Simulator, user: &str, age: u64) -> String {
    sim.create_user(ACCOUNT, user);
    let key = sim.create_access_key_at(ACCOUNT, user, sim.now() - days(age));
    let value = json!({"UserName": user, "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key});
    let arn = sim.create_secret(user, Some(&value.to_string()), &[("iam-key-rotator:user", user)]);
    let version = sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    sim.set_label(&arn, &version, &key.access_key_id);
    sim.set_rotation(&arn, FUNCTION);
    arn
}

async fn rotate(sim: &Simulator, user: &str) -> Value {
    let arn = enrolled(sim, user, 90);
    sim.clear_journal();
    let report = sim.rotate(&arn).await;
    let mut calls = sim.journal();
    calls.retain(|call| !call.caller.ends_with(":root"));
    let steps: Vec<Value> = report
        .steps
        .iter()
        .map(|step| json!({"step": step.step, "seconds": step.duration.as_secs_f64(), "result": step.result}))
        .collect();
    let names: Vec<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
    json!({"succeeded": report.succeeded, "steps": steps, "calls": names, "sequential": sequential(&calls),
        "at_aws": at_aws(&calls).as_secs_f64()})
}

/// The time in which at least one call was at AWS.
fn at_aws(calls: &[Call]) -> Duration {
    let mut spans: Vec<_> = calls.iter().filter_map(|call| Some((call.at, call.ended?))).collect();
    spans.sort();
    let mut busy = Duration::ZERO;
    let mut until = None;
    for (at, ended) in spans {
        let from = until.map_or(at, |until| at.max(until));
        busy += ended.duration_since(from).unwrap_or_default();
        until = until.max(Some(ended));
    }
    busy
}

/// The most calls of which each began when the one before had been answered.
fn sequential(calls: &[Call]) -> usize {
    let mut spans: Vec<_> = calls.iter().filter_map(|call| Some((call.ended?, call.at))).collect();
    spans.sort();
    let mut last = None;
    let mut count = 0;
    for (ended, at) in spans {
        if last.is_none_or(|last| at >= last) {
            count += 1;
            last = Some(ended);
        }
    }
    count
}
