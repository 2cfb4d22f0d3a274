//! Identifiers that look like AWS's and come from the seed alone.
//!
//! Each kind has a stream of its own, so that one more request id does not change the next key.

use std::collections::BTreeMap;

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

/// The generator behind every id, secret and token.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    seed: u64,
    streams: BTreeMap<&'static str, u64>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, streams: BTreeMap::new() }
    }

    /// An access key id (`AKIA` long-term, `ASIA` temporary) or another unique IAM id.
    pub(crate) fn iam(&mut self, prefix: &'static str) -> String {
        format!("{prefix}{}", self.text(prefix, BASE32, 16))
    }

    /// A secret access key.
    pub(crate) fn secret_key(&mut self) -> String {
        self.text("secret-key", BASE64, 40)
    }

    /// A session token: long, as AWS's are.
    pub(crate) fn session_token(&mut self) -> String {
        format!("IQoJb3JpZ2luX2Vj{}", self.text("session-token", ALPHANUMERIC, 200))
    }

    /// The six characters at the end of a secret's ARN.
    pub(crate) fn arn_suffix(&mut self) -> String {
        self.text("arn-suffix", ALPHANUMERIC, 6)
    }

    /// A part of an id of Organizations.
    pub(crate) fn organization(&mut self, length: usize) -> String {
        self.text("organization", LOWER, length)
    }

    /// A `RotationToken`.
    pub(crate) fn rotation_token(&mut self) -> String {
        format!("rotation-token-canary-{}", self.text("rotation-token", ALPHANUMERIC, 64))
    }

    /// A version 4 UUID from the named stream.
    pub(crate) fn uuid(&mut self, stream: &'static str) -> String {
        let hex = self.text(stream, HEX, 32);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    /// A number below `end`, from the named stream; 0 where `end` is.
    pub(crate) fn below(&mut self, stream: &'static str, end: usize) -> usize {
        if end < 2 { 0 } else { self.next(stream) as usize % end }
    }

    fn text(&mut self, stream: &'static str, alphabet: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| {
                let index = self.next(stream) as usize % alphabet.len();
                char::from(alphabet[index])
            })
            .collect()
    }

    /// SplitMix64 over (seed, stream name, position).
    fn next(&mut self, stream: &'static str) -> u64 {
        let position = self.streams.entry(stream).or_default();
        *position += 1;
        let name = stream.bytes().fold(self.seed, |hash, byte| mix(hash ^ u64::from(byte)));
        mix(name.wrapping_add(position.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
