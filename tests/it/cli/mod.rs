//! The command line, in process and in simulated time. What it prints is compared with files;
//! `UPDATE_PAGES=1` writes them.

mod adopt;
mod doctor;
mod enroll;
mod lists;
mod page;
mod plan;
mod process;
mod profile;
mod reactivate;
mod report;
mod rotate;
mod stopped;
mod sweep;
mod trail;
mod unretired;
mod unstick;

use std::io::{self, BufReader};

use iam_key_rotator::aws::Aws;
use iam_key_rotator::cli::{Look, Terminal, run};
use simulator::Simulator;
use tokio::sync::watch;

use crate::fleet::Fleet;
use crate::page::expect_page;
use crate::redaction::{forms, found_in};
use crate::stage::{ACCOUNT, FUNCTION, Lines, sdk_config};

/// What a command came to.
pub struct Ran {
    pub code: u8,
    pub out: String,
    pub err: String,
}

/// How a command is run.
pub struct Seat<'a> {
    pub sim: &'a Simulator,
    /// The `ROTATOR_…` variables.
    pub settings: Vec<(&'a str, &'a str)>,
    /// What is typed.
    pub typed: &'a str,
    /// By how many seconds the machine's clock is wrong.
    pub clock_off: i64,
    /// Ctrl-C, from the beginning or when a test says.
    pub interrupted: watch::Receiver<bool>,
}

impl<'a> Seat<'a> {
    pub fn of(sim: &'a Simulator) -> Self {
        let (_, interrupted) = watch::channel(false);
        Self {
            sim,
            settings: vec![("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION)],
            typed: "",
            clock_off: 0,
            interrupted,
        }
    }

    pub fn set(mut self, settings: &[(&'a str, &'a str)]) -> Self {
        self.settings.extend(settings);
        self
    }

    pub fn types(mut self, typed: &'a str) -> Self {
        self.typed = typed;
        self
    }

    /// Runs a command line, e.g. `status --json`. No secret may be in anything that it writes.
    pub async fn run(self, line: &str) -> Ran {
        let (out, err) = (Lines::default(), Lines::default());
        let input = BufReader::new(io::Cursor::new(self.typed.to_owned().into_bytes()));
        let (written, told) = (Box::new(out.clone()), Box::new(err.clone()));
        let mut terminal =
            Terminal::new(written, told, Box::new(input), Look::default(), self.interrupted.clone());
        let environment: Vec<(String, String)> =
            self.settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let args = std::iter::once("iam-key-rotator").chain(line.split_whitespace()).map(Into::into);
        // The SDK makes the tokens of rotations, which are the ids of versions.
        fastrand::seed(7);
        let role = self.sim.role_session(ACCOUNT, "operator");
        let sdk = sdk_config(self.sim, &role).into_builder();
        let aws = Aws::new(sdk.time_source(self.sim.skewed_time_source(self.clock_off)).build());
        let code = run(args, &mut terminal, &environment, async |_| aws).await;
        let ran = Ran { code, out: out.text(), err: err.text() };
        let leaked = found_in(&(ran.out.clone() + &ran.err), &forms(&self.sim.canaries()));
        assert_eq!(leaked, Vec::<String>::new(), "a secret in the output of {line}");
        ran
    }
}

impl Ran {
    /// Stdout and the exit code are as they were written down.
    pub fn is_as(&self, snapshot: &str) -> &Self {
        let seen = format!("{}exit code {}\n", self.out, self.code);
        expect_page(&format!("tests/it/cli/snapshots/{snapshot}.txt"), &seen);
        self
    }

    pub fn ends(&self, code: u8) -> &Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

/// An account with one user in each state that people ask about.
pub fn town() -> Fleet {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("due", 100);
    fleet.enrolled("young", 10);
    fleet.user("no-secret", 200);
    fleet.enrolled("exempt", 300);
    fleet.sim.tag_user(ACCOUNT, "exempt", "iam-key-rotator:exempt", "legacy appliance: ends in June");
    let (_, off) = fleet.enrolled("turned-off", 120);
    fleet.sim.disable_rotation(&off);
    fleet.enrolled("stranger", 20);
    fleet.key("stranger", 400);
    let (scheduled, arn) = fleet.enrolled("scheduled", 30);
    fleet.sim.set_rotation_days(&arn, 90);
    fleet.sim.use_key_at(
        &scheduled.access_key_id,
        "s3",
        "eu-west-1",
        fleet.sim.now() - crate::stage::days(2),
    );
    fleet
}
