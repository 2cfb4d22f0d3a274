"""Scans templates with checkov. A finding without a reason in `reasons.json` fails, and so does a reason without a finding.

Usage: run.py CHECKOV FOLDER…
"""

import json
import subprocess
import sys
from pathlib import Path

REASONS = json.loads(Path(__file__).with_name("reasons.json").read_text())


def findings(checkov, folder):
    command = [checkov, "--framework", "cloudformation", "--quiet", "--compact", "--output", "json", "--skip-download", "--directory", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"checkov failed:\n{done.stderr}")
    report = json.loads(done.stdout)
    if report["summary"]["resource_count"] == 0 or report["summary"]["parsing_errors"]:
        sys.exit(f"checkov read no template in {folder}, or could not read one")
    return report["results"]["failed_checks"]


def main(checkov, *folders):
    found = [finding for folder in folders for finding in findings(checkov, folder)]
    used, unexplained = set(), []
    for finding in found:
        reasons = [
            index
            for index, reason in enumerate(REASONS)
            if finding["check_id"].startswith(reason["check"]) and finding["resource"].startswith(reason["resource"])
        ]
        used.update(reasons)
        if not reasons:
            unexplained.append(f"{finding['file_path']}: {finding['resource']}: {finding['check_id']} {finding['check_name']}")
    stale = [f"{reason['check']} of {reason['resource']}" for index, reason in enumerate(REASONS) if index not in used]
    for line in unexplained:
        print(f"without a reason: {line}")
    for line in stale:
        print(f"a reason that no finding needs: {line}")
    print(f"checkov: {len(found) - len(unexplained)} findings with a reason, {len(unexplained)} without")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
