//! What `make bench` measures with the harness of these tests. Nothing here asserts a figure: each
//! "test" prints lines of JSON for `tests/bench`, and the feature `bench` alone builds them.

mod propagation;
mod serve;
mod sweep;
mod throughput;

use serde_json::Value;

/// What tells the driver its lines from those of the test harness.
const MARK: &str = "bench ";

/// One line for the driver.
fn tell(figures: &Value) {
    println!("{MARK}{figures}");
}
