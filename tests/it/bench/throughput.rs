//! How many calls the simulator answers.

use std::time::Instant;

use serde_json::json;

use super::tell;
use crate::fleet::Fleet;

const CALLS: usize = 20_000;

#[tokio::test(start_paused = true)]
async fn throughput() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci-bot", 30);
    let root = fleet.sim.root(crate::stage::ACCOUNT);
    let begun = Instant::now();
    for _ in 0..CALLS {
        let request = json!({"SecretId": arn});
        fleet.sim.call_as(&root, "secretsmanager", "DescribeSecret", request).await.unwrap();
    }
    tell(
        &json!({"what": "signed calls in process", "calls": CALLS, "seconds": begun.elapsed().as_secs_f64()}),
    );
    const ROTATIONS: usize = 300;
    fleet.sim.clear_journal();
    let begun = Instant::now();
    for nth in 0..ROTATIONS {
        let (_, arn) = fleet.enrolled(&format!("user-{nth}"), 90);
        assert!(fleet.sim.rotate(&arn).await.succeeded);
    }
    let calls = fleet.sim.journal().len();
    tell(&json!({"what": "whole rotations with the function and its SDK", "calls": calls,
        "rotations": ROTATIONS, "seconds": begun.elapsed().as_secs_f64()}));
}
