#!/bin/sh
# Installs the command line of this release into ~/.local/bin, after checking its checksum. It needs no root.
set -eu

# `make dist` writes the place of the release here. A mirror, or a folder as file:///…, may take its place.
release="${IAM_KEY_ROTATOR_RELEASE:-@RELEASE@}"
folder="$HOME/.local/bin"

fail() {
    printf 'error: %s\nNothing was installed.\n' "$1" >&2
    exit 1
}

case "$(uname -s) $(uname -m)" in
"Linux x86_64" | "Linux amd64") target=x86_64-unknown-linux-musl ;;
"Linux aarch64" | "Linux arm64") target=aarch64-unknown-linux-musl ;;
"Darwin x86_64") target=x86_64-apple-darwin ;;
"Darwin arm64") target=aarch64-apple-darwin ;;
*) fail "There is no program for $(uname -s) on $(uname -m). Build it from source: cargo install --locked --path ." ;;
esac
archive="iam-key-rotator-$target.tar.gz"

case "$release" in
*://*) ;;
*) fail "This copy of install.sh is not of a release. Set IAM_KEY_ROTATOR_RELEASE to the address of one." ;;
esac

if command -v curl >/dev/null; then
    fetch() { curl --fail --silent --show-error --location --output "$2" "$1"; }
elif command -v wget >/dev/null; then
    fetch() { wget --quiet --output-document "$2" "$1"; }
else
    fail "Neither curl nor wget is installed."
fi

if command -v sha256sum >/dev/null; then
    sha256() { sha256sum "$1" | cut -d ' ' -f 1; }
else
    sha256() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
fi

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
for file in SHA256SUMS "$archive"; do
    fetch "$release/$file" "$scratch/$file" || fail "$release/$file cannot be downloaded."
done

expected="$(awk -v name="$archive" '$2 == name { print $1 }' "$scratch/SHA256SUMS")"
[ -n "$expected" ] || fail "SHA256SUMS does not list $archive."
[ "$(sha256 "$scratch/$archive")" = "$expected" ] || fail "$archive does not have the checksum in SHA256SUMS."

tar -xzf "$scratch/$archive" -C "$scratch"
program="$scratch/iam-key-rotator-$target/iam-key-rotator"
version="$("$program" --version)" || fail "The program does not start on this machine."

mkdir -p "$folder"
# Under another name first: a program that is running cannot be overwritten, only replaced.
cp "$program" "$folder/.iam-key-rotator.new"
mv -f "$folder/.iam-key-rotator.new" "$folder/iam-key-rotator"
printf 'Installed %s: %s\n' "$version" "$folder/iam-key-rotator"
case ":$PATH:" in
*":$folder:"*) ;;
*) printf 'Add %s to your PATH.\n' "$folder" ;;
esac
