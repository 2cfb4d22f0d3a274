//! Names of regions.

/// Reads region names separated by commas or, as in a tag, where commas are not allowed, by spaces.
pub fn parse_regions(text: &str) -> Option<Vec<String>> {
    let regions: Vec<String> =
        text.split([',', ' ']).filter(|region| !region.is_empty()).map(str::to_owned).collect();
    let region_like = |region: &String| {
        region.contains('-')
            && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    regions.iter().all(region_like).then_some(regions)
}
