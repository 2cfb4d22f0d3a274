//! A company of 300 users that enrolls one after the other: what the browser test opens.

use iam_key_rotator::report::{Format, earlier, latest_manifest, verify, write};
use simulator::KeyPair;

use super::{folder, report_of};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, days, hours};

const SETTINGS: [(&str, &str); 2] = [("ROTATOR_OVERLAP", "7d"), ("ROTATOR_RECOVERY", "14d")];
const TEAMS: [&str; 12] = [
    "backup",
    "billing",
    "checkout",
    "crm",
    "etl",
    "grafana",
    "ledger",
    "mailer",
    "media",
    "search",
    "terraform",
    "warehouse",
];
const PLACES: [&str; 3] = ["eu", "us", "stage"];
const SERVICES: [(&str, &str); 4] =
    [("s3", "eu-west-1"), ("dynamodb", "eu-central-1"), ("ses", "us-east-1"), ("sqs", "us-west-2")];
/// Users in all; those that enroll; those that are exempt; those without a key.
const USERS: usize = 300;
const ENROLLED: usize = 252;
const EXEMPT: usize = 12;
const KEYLESS: usize = 8;
const MONTHS: usize = 7;

fn name(nth: usize) -> String {
    format!("{}-{}-{:03}", TEAMS[nth % TEAMS.len()], PLACES[nth % PLACES.len()], nth + 1)
}

struct Company {
    fleet: Fleet,
    keys: Vec<(String, KeyPair)>,
}

impl Company {
    fn founded() -> Self {
        let fleet = Fleet::new(&SETTINGS);
        let mut keys = Vec::new();
        for nth in 0..USERS {
            if nth >= USERS - KEYLESS {
                fleet.sim.create_user(ACCOUNT, &name(nth));
                continue;
            }
            let age = (nth as u64 * 37) % 160 + u64::from(nth % 19 == 0) * 300;
            keys.push((name(nth), fleet.user(&name(nth), age)));
        }
        fleet.sim.create_group(ACCOUNT, "IAMKeyRotationExemptionGroup");
        for nth in ENROLLED..ENROLLED + EXEMPT {
            if nth % 4 == 0 {
                fleet.sim.add_to_group(ACCOUNT, "IAMKeyRotationExemptionGroup", &name(nth));
            } else {
                let reason = format!("appliance without an API for new keys, review {}-06", 2026 + nth % 2);
                fleet.sim.tag_user(ACCOUNT, &name(nth), "iam-key-rotator:exempt", &reason);
            }
        }
        Self { fleet, keys }
    }

    /// Another part of the company gets secrets.
    fn enroll(&self, month: usize) {
        for (nth, (name, key)) in self.keys.iter().enumerate().take(ENROLLED) {
            if nth % (MONTHS - 1) == month {
                self.fleet.holding(name, key);
            }
        }
    }

    /// What people do beside it.
    fn mishaps(&self) {
        for nth in [3, 40, 77] {
            self.fleet.key(&name(nth), 20);
        }
        let secret = |nth: usize| self.fleet.secret(&name(nth)).arn;
        for nth in [12, 66] {
            self.fleet.sim.disable_rotation(&secret(nth));
        }
        let current = self.fleet.working_key(&name(120));
        self.fleet.sim.set_key_status(&current, false);
    }

    /// Most keys are used, some of them hours ago; every seventh user has not used any for long.
    fn work(&self) {
        for (nth, (name, _)) in self.keys.iter().enumerate().filter(|(nth, _)| nth % 23 != 5) {
            let Some((key, _)) = self.fleet.keys(name).into_iter().rfind(|(_, active)| *active) else {
                continue;
            };
            let (service, region) = SERVICES[nth % SERVICES.len()];
            let at = self.fleet.sim.now() - hours((nth as u64 * 7) % 60 + 5);
            self.fleet.sim.use_key_at(&key, service, region, at);
        }
    }

    async fn month(&self) {
        for pause in [8, 8, 7, 7] {
            self.work();
            self.fleet.sim.advance(days(pause));
            self.fleet.sweep().await;
        }
    }
}

/// Leaves `report/1.html` to `report/7.html` with their manifests below `target/tmp`, where
/// `make browser` opens the last of them.
#[tokio::test(start_paused = true)]
async fn the_report_of_300_users_over_seven_months_is_whole_and_its_chain_is_unbroken() {
    let folder = folder("report");
    let company = Company::founded();
    let mut report = None;
    for month in 0..MONTHS {
        if month > 0 {
            company.month().await;
        }
        if month == MONTHS - 1 {
            company.mishaps();
        }
        company.work();
        let previous = latest_manifest(&folder, Some(ACCOUNT));
        let mut made = report_of(&company.fleet, &SETTINGS).await;
        if let Some(earlier) = previous.as_ref().and_then(|manifest| earlier(manifest)) {
            made = made.after(&earlier);
        }
        let file = folder.join(format!("{}.html", month + 1));
        write(&made, Format::Html, &file, true, previous.as_deref()).unwrap();
        report = Some(made);
        company.enroll(month);
    }
    let report = report.unwrap();
    assert_eq!(report.users.len() + report.users_without_keys, USERS);
    assert!(report.users.iter().all(|user| user.failure.is_none()));
    let shares: Vec<usize> =
        report.course.iter().map(|point| point.in_time * 100 / point.active_keys).collect();
    assert_eq!(shares.len(), MONTHS);
    assert!(shares[0] < 65 && shares[MONTHS - 1] > 75, "{shares:?}");
    let rotated =
        report.users.iter().filter(|user| user.secret.as_ref().is_some_and(|s| s.last_rotated.is_some()));
    assert!(rotated.count() > 200);
    assert_eq!(verify(&folder.join("7.html.manifest.json"), &[]).unwrap().len(), MONTHS);
    let page = std::fs::read_to_string(folder.join("7.html")).unwrap();
    for canary in company.fleet.sim.canaries() {
        assert!(!page.contains(&canary));
    }
    write(&report, Format::Csv, &folder.join("7.csv"), false, None).unwrap();
    write(&report, Format::Json, &folder.join("7.json"), false, None).unwrap();
}
