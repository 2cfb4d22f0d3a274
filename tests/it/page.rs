//! Pages and snapshots that tests write.

/// Compares a file with what was seen; `UPDATE_PAGES=1` writes it instead.
pub fn expect_page(path: &str, seen: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&file, seen).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        written, seen,
        "{path} is out of date: run the tests once with UPDATE_PAGES=1 and read the difference"
    );
}
