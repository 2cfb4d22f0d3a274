//! The simulator's own rules, each as a sentence: through real SDK clients where the SDK matters,
//! through `call_as` where only the answer does.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod clock_and_lag;
mod credentials;
mod cross_account;
mod engine;
mod faults;
mod groups;
mod http;
mod iam;
mod invoke;
mod journal;
mod operator;
mod organizations;
mod replicas_and_policies;
mod report;
mod runtime;
mod scale;
mod sdk;
mod secrets;
mod stopped;

use serde_json::Value;
use simulator::{CallError, KeyPair, Options, Simulator};

/// The main account.
const ACCOUNT: &str = "111122223333";
/// A rotation function.
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:rotator";

/// A simulator with its main account's root.
fn world() -> (Simulator, KeyPair) {
    with_options(Options::default())
}

fn with_options(options: Options) -> (Simulator, KeyPair) {
    let simulator = Simulator::new(options);
    let root = simulator.root(ACCOUNT);
    (simulator, root)
}

/// The error code of a call, or `Ok`.
fn code(result: Result<Value, CallError>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(error) => error.code().unwrap_or("no answer").to_owned(),
    }
}

/// The text of an XML element.
fn element<'a>(xml: &'a Value, name: &str) -> &'a str {
    let text = xml.as_str().expect("an XML answer");
    let (_, rest) = text.split_once(&format!("<{name}>")).expect("the element exists");
    rest.split_once('<').expect("the element ends").0
}
