//! What consumers of a key must change, ready to paste.

use crate::model::SecretState;

/// The words, with `{…}` where something is filled in.
const TEMPLATE: &str = include_str!("snippets.txt");

/// Fills them in for a secret. `adopted`: its fields may have other names.
pub(super) fn of(secret: &SecretState, fields: (&str, &str), adopted: bool) -> String {
    let (_, region, _) = secret.home();
    let names = match adopted {
        true => {
            "The secret keeps the names of its fields: where they differ from those below, use its own.\n"
        }
        false => "",
    };
    let profile = secret.name.trim_matches('/').replace('/', "-");
    [
        ("{arn}", secret.arn.as_str()),
        ("{name}", &secret.name),
        ("{region}", region),
        ("{id}", fields.0),
        ("{secret}", fields.1),
        ("{profile}", &profile),
        ("{names}", names),
    ]
    .into_iter()
    .fold(TEMPLATE.to_owned(), |text, (place, value)| text.replace(place, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let secret = SecretState {
            arn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:/keys/ci-AbCdEf".into(),
            name: "/keys/ci".into(),
            ..SecretState::default()
        };
        let text = of(&secret, ("AccessKeyId", "SecretAccessKey"), true);
        for place in ["{arn}", "{name}", "{region}", "{id}", "{secret}", "{profile}", "{names}"] {
            assert!(!text.contains(place), "{place}");
        }
        assert!(text.contains("[profile keys-ci]"), "{text}");
    }
}
