"""What a run is about to make, written down before it is made.

Removal lists what is there. But a list of AWS may lag behind by minutes, so what is noted is removed as well, by a
later `--clean` too if the run was killed. The files are in target/acceptance; they hold kinds and names, nothing secret.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "target" / "acceptance"


class Notes:
    def __init__(self, place):
        self._place = place
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
        """Of every run in this account, region and endpoint: (kind, name)."""
        where = self._where().items()
        lines = [json.loads(line) for path in FOLDER.glob("*.notes") for line in path.read_text().splitlines()]
        return [(line["kind"], line["name"]) for line in lines if where <= line.items()]

    def forget(self):
        """When nothing is left of them."""
        where = self._where().items()
        for path in FOLDER.glob("*.notes"):
            kept = [line for line in path.read_text().splitlines() if not where <= json.loads(line).items()]
            if not kept:
                path.unlink(missing_ok=True)
