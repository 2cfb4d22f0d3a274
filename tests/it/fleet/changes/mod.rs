//! Settings that change in mid-life, while rotations and retirements are under way.
//!
//! Whatever was changed and when: no key is lost and none stays for ever, what is in use stays, who is to be left alone is
//! left alone; and after the last change each user ends as under a fresh deployment with the last settings.

mod change;
mod end;
mod form;
mod life;
mod sequences;
mod stacks;
mod states;
mod watch;

use simulator::{SecretView, Simulator};

use crate::stage::ACCOUNT;

const USER_TAG: &str = "iam-key-rotator:user";
const EXEMPT_TAG: &str = "iam-key-rotator:exempt";
const EXEMPT_GROUP: &str = "IAMKeyRotationExemptionGroup";

/// The secrets that are bound to a user.
fn secrets(sim: &Simulator, user: &str) -> Vec<SecretView> {
    let arns = sim.secret_arns(ACCOUNT, crate::stage::REGION).into_iter();
    arns.map(|arn| sim.secret(&arn)).filter(|secret| watch::is_of(secret, user)).collect()
}

/// Runs one story in a simulated time of its own.
fn simulated<T>(story: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(story)
}
