//! Long lives: nothing drifts.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultKind, Options};

use crate::invariants::{broken_current, keys_in_no_version};
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, USER, days, value_of};

const ROTATIONS: u32 = 1_000;
const SECRETS: usize = 500;

#[tokio::test(start_paused = true)]
async fn a_thousand_rotations_of_one_secret_with_random_faults_leave_nothing_behind() {
    let options = Options {
        page_size: 100,
        rotation_attempts: 5,
        retry_delay: Duration::from_secs(20),
        ..Options::default()
    };
    let stage = Stage::new(options, &[]);
    let key = stage.sim.create_access_key(ACCOUNT, USER);
    let value = json!({"note": {"kept": [1, 2.50]}, "AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key});
    let arn = stage.sim.create_secret("keys/ci-bot", Some(&value.to_string()), &[TAG, ("team", "payments")]);
    stage.sim.set_rotation(&arn, FUNCTION);
    let kinds = [
        FaultKind::KillBefore,
        FaultKind::KillAfter,
        FaultKind::ResponseLost,
        FaultKind::RequestLost,
        FaultKind::Throttle,
        FaultKind::Error5xx,
        FaultKind::Denied,
    ];
    let mut rng = fastrand::Rng::with_seed(1_000);
    for nth in 1..=ROTATIONS {
        stage.sim.clear_journal();
        if rng.bool() {
            stage.sim.add_fault(Fault::nth_call(rng.u32(1..20), kinds[rng.usize(0..kinds.len())].clone()));
        }
        stage.rotated(&arn).await;
        stage.sim.clear_faults();
        let (secret, keys) = (stage.sim.secret(&arn), stage.keys());
        assert_eq!(broken_current(&stage.sim, &arn), None, "rotation {nth}");
        assert_eq!(keys_in_no_version(&stage, ACCOUNT, USER, &arn), [""; 0], "rotation {nth}");
        assert_eq!(keys.len(), 2, "rotation {nth}");
        let labels: BTreeSet<_> = secret.versions.iter().flat_map(|version| &version.stages).collect();
        assert!(labels.len() <= 5, "rotation {nth}: {labels:?}");
        let tags: Vec<_> = secret.tags.keys().map(String::as_str).collect();
        assert!(
            tags == ["iam-key-rotator:intent", "iam-key-rotator:user", "team"],
            "rotation {nth}: {tags:?}"
        );
        let text = secret.stage("AWSCURRENT").unwrap().text().unwrap().to_owned();
        assert!(
            text.starts_with(r#"{"note":{"kept":[1,2.5]},"AccessKeyId":"AKIA"#),
            "rotation {nth}: the shape is kept"
        );
        stage.sim.advance(days(90));
    }
}

#[tokio::test(start_paused = true)]
async fn five_hundred_secrets_that_rotate_at_once_with_random_faults_all_end_well() {
    let options = Options {
        page_size: 100,
        latency: Duration::from_millis(20),
        rotation_attempts: 6,
        retry_delay: Duration::from_secs(20),
        propagation: Duration::from_secs(5),
        ..Options::default()
    };
    let stage = Stage::new(options, &[]);
    let secrets: Vec<(String, String)> = (0..SECRETS)
        .map(|nth| {
            let user = format!("user-{nth}");
            stage.sim.create_user(ACCOUNT, &user);
            let key = stage.sim.create_access_key(ACCOUNT, &user);
            let value = value_of(&key).replace(USER, &user);
            let arn = stage.sim.create_secret(
                &format!("keys/{user}"),
                Some(&value),
                &[("iam-key-rotator:user", &user)],
            );
            stage.sim.set_rotation(&arn, FUNCTION);
            (user, arn)
        })
        .collect();
    let mut rng = fastrand::Rng::with_seed(500);
    for _ in 0..400 {
        let kinds =
            [FaultKind::Throttle, FaultKind::Error5xx, FaultKind::ResponseLost, FaultKind::RequestLost];
        stage.sim.add_fault(Fault::nth_call(rng.u32(1..8_000), kinds[rng.usize(0..4)].clone()));
    }
    let reports = futures_util::future::join_all(secrets.iter().map(|(_, arn)| stage.sim.rotate(arn))).await;
    let failed = reports.iter().filter(|report| !report.succeeded).count();
    assert_eq!(failed, 0, "{:?}", reports.iter().find(|report| !report.succeeded));
    for (user, arn) in &secrets {
        assert_eq!(broken_current(&stage.sim, arn), None);
        assert_eq!(keys_in_no_version(&stage, ACCOUNT, user, arn), [""; 0]);
        assert_eq!(stage.sim.keys(ACCOUNT, user).len(), 2);
    }
}
