"""What a run is about to make, written down before it is made.

Removal lists what is there. But a list of AWS may lag behind by minutes, so what is noted is removed as well, by a
later `--clean` too if the run was killed. The files are in target/acceptance, one for each run; they hold kinds and
names, nothing secret.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "target" / "acceptance"


class Notes:
    def __init__(self, place, every_run=False):
        """Those of this run alone, or, for `--clean`, those of every run."""
        self._place, self._every_run = place, every_run
        self._path = FOLDER / f"{place.names.run}.notes"

    def note(self, kind, name):
        """Flushed at once: the next call makes it."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps({**self._where(), "kind": kind, "name": name}) + "\n")

    def _where(self):
        place = self._place
        return {"account": place.account, "region": place.region, "endpoint": place.endpoint()}

    def noted(self):
        """In this account, region and endpoint: (kind, name)."""
        where = self._where().items()
        lines = [line for path in self._paths() for _, line in parsed(path)]
        return [(line["kind"], line["name"]) for line in lines if where <= line.items()]

    def forget(self):
        """When nothing is left of them."""
        where = self._where().items()
        for path in self._paths():
            kept = [text for text, line in parsed(path) if not where <= line.items()]
            if kept:
                # Of the second account of a run, say.
                path.write_text("".join(f"{text}\n" for text in kept))
            else:
                path.unlink(missing_ok=True)

    def _paths(self):
        if self._every_run:
            return sorted(FOLDER.glob("*.notes"))
        return [self._path] if self._path.exists() else []


def parsed(path):
    """Each line, and what it says. A run that was killed may have left half a line: what it names was not made yet."""
    found = []
    for text in path.read_text().splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        found.append((text, line))
    return found
