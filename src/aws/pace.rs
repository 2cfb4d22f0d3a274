//! Limits of our own on calls to AWS.
//!
//! IAM's limits are unpublished, shared by the whole account and not raisable: a sweep over
//! thousands of users that calls as fast as it can takes the account's other tools down with it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Twenty calls a second.
const INTERVAL: Duration = Duration::from_millis(50);
/// As many calls may go out at once after a pause.
const BURST: u32 = 20;

/// Lets calls through at a steady pace, in the order in which they ask.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// When the next call would go out if calls had never paused.
    next: Arc<Mutex<Instant>>,
    interval: Duration,
    burst: u32,
}

impl Pace {
    /// The pace of calls to IAM.
    pub(super) fn new() -> Self {
        Self::every(INTERVAL, BURST)
    }

    /// A call an interval, and a burst after a pause.
    pub(super) fn every(interval: Duration, burst: u32) -> Self {
        Self { next: Arc::new(Mutex::new(Instant::now())), interval, burst }
    }

    pub(super) async fn turn(&self) {
        let slot = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = (*next).max(Instant::now());
            *next = slot + self.interval;
            slot
        };
        if let Some(slot) = slot.checked_sub(self.interval * self.burst) {
            sleep_until(slot).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_out_at_once_and_the_rest_at_twenty_a_second() {
        let pace = Pace::new();
        let start = Instant::now();
        for _ in 0..=BURST {
            pace.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..200 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(10));
    }
}
