//! Somebody with one permission tries to get at keys or secrets, or to have keys taken away.
//!
//! `docs/attacks.md` lists each attack with its precondition. Those here play against the simulator, where
//! time can be moved and every state can be made; `tests/peers/test_attacks_*.py` plays the same kinds under
//! the synthesized policies.

mod content;
mod memory;
mod sharing;
mod tags;

use serde_json::{Value, json};
use simulator::{KeyPair, SecretView};

use crate::fleet::Fleet;
use crate::stage::ACCOUNT;

/// What somebody could have changed about a secret.
fn traits(secret: &SecretView) -> String {
    let SecretView { policy, rotation_function, rotation_enabled, versions, tags, .. } = secret;
    format!("{policy:?} {rotation_function:?} {rotation_enabled} {versions:?} {tags:?}")
}

fn value_of(user: &str, key: &KeyPair) -> Value {
    json!({"UserName": user, "AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key})
}

/// What a sweep found, by kind.
fn found(answer: &Value, kind: &str) -> u64 {
    answer["findings"][kind].as_u64().unwrap_or_default()
}

/// A user that the attacker would like a key of.
fn victim(fleet: &Fleet, name: &str, age: u64) -> KeyPair {
    let key = fleet.user(name, age);
    assert_eq!(fleet.sim.keys(ACCOUNT, name).len(), 1);
    key
}
