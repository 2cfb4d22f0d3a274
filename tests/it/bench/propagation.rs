//! How much later than a key works a rotation goes on.

use std::time::Duration;

use serde_json::json;
use simulator::{Options, Outcome};

use super::tell;
use crate::stage::Stage;

/// The delays: 0 to 30 s in steps of a quarter.
const STEPS: u32 = 120;
const STEP: Duration = Duration::from_millis(250);

#[tokio::test(start_paused = true)]
async fn propagation() {
    for nth in 0..=STEPS {
        let delay = STEP * nth;
        let stage = Stage::new(Options { page_size: 100, ..Options::default() }, &[]);
        let arn = stage.steady().await;
        stage.sim.update(|options| {
            options.propagation = delay;
            options.latency = Duration::from_millis(20);
        });
        stage.rotated(&arn).await;
        let journal = stage.sim.journal();
        let made = journal.iter().find(|call| call.operation == "CreateAccessKey").unwrap();
        // Half of a call's time is over when it takes effect.
        let works = made.at + Duration::from_millis(10) + delay;
        let probes = || journal.iter().filter(|call| call.operation == "GetCallerIdentity");
        let proved = probes().filter(|call| call.outcome == Outcome::Ok).filter_map(|call| call.ended).max();
        let begun = probes().map(|call| call.at).min().unwrap();
        // A key that works before the step asks for it costs no wait at all: only the asking.
        let from = works.max(begun);
        let lost = proved.unwrap().duration_since(from).unwrap_or_default();
        tell(&json!({"delay": delay.as_secs_f64(), "lost": lost.as_secs_f64(), "calls": probes().count()}));
    }
}
