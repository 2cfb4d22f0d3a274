"""How everything that a run makes is named and tagged, so that it is known as ours and nothing else is."""

import re
import secrets

PREFIX = "iam-key-rotator-acceptance"
# The users' path: the throwaway stack may act on users below it only.
PATH = f"/{PREFIX}/"
TAG = PREFIX
# IAM and the list of buckets are the same in every region: this tells whose region a thing belongs to.
REGION_TAG = f"{PREFIX}-region"

# A prefix alone could begin the name of something that an administrator made by hand. Names are compared without
# case, as IAM does.
OURS = re.compile(rf"{PREFIX}-([0-9a-f]{{6}})-", re.IGNORECASE)


def new_run():
    """Tells the things of one run from another's. Names of deleted secrets and buckets stay taken for a while."""
    return secrets.token_hex(3)


def ours(name):
    return OURS.match(name) is not None


def run_of(name):
    """The run that gave this name; none where it is no name of ours."""
    match = OURS.match(name)
    return match[1].lower() if match else None


class Names:
    def __init__(self, run, region):
        self.run, self.prefix, self._region = run, f"{PREFIX}-{run}-", region

    def of(self, what):
        return f"{self.prefix}{what}"

    def tags(self):
        """As most services take them."""
        return [{"Key": key, "Value": value} for key, value in self.tag_map().items()]

    def tag_map(self):
        """As Lambda and SQS take them."""
        return {TAG: self.run, REGION_TAG: self._region}


def values_of(tags):
    """Tags in any of AWS's spellings, as values by key."""
    if isinstance(tags, dict):
        return tags
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in tags}
