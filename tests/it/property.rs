//! Properties held to many inputs.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// Holds a property to so many inputs, or as many as `CASES` says; the same ones each time.
pub fn holds<S: Strategy>(
    what: &str,
    cases: u64,
    given: S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let cases = u32::try_from(crate::stage::setting("CASES").unwrap_or(cases)).unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&given, check).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{what}: {cases} cases");
}

/// Any text, control characters included.
pub fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..32).prop_map(String::from_iter)
}

/// Text of these characters. Not by proptest's regular expressions: their crates would give the
/// tests other features than the binaries, and the product would be compiled twice.
pub fn text_of(characters: &'static str, most: usize) -> impl Strategy<Value = String> {
    let one = prop::sample::select(characters.chars().collect::<Vec<_>>());
    prop::collection::vec(one, 0..=most).prop_map(String::from_iter)
}
