"""How everything that a run makes is named and tagged, so that it is known as ours and nothing else is."""

import re
import secrets

PREFIX = "iam-key-rotator-acceptance"
# The users' path: the throwaway stack may act on users below it only.
PATH = f"/{PREFIX}/"
TAG = PREFIX

# A prefix alone could begin the name of something that an administrator made by hand. Names are compared without
# case, as IAM does.
OURS = re.compile(rf"{PREFIX}-[0-9a-f]{{6}}-", re.IGNORECASE)


def new_run():
    """Tells the things of one run from those of another. Names of deleted secrets and buckets stay taken for a while."""
    return secrets.token_hex(3)


def ours(name):
    return OURS.match(name) is not None


class Names:
    def __init__(self, run):
        self.run, self.prefix = run, f"{PREFIX}-{run}-"

    def of(self, what):
        return f"{self.prefix}{what}"

    def tags(self):
        """As most services take them."""
        return [{"Key": TAG, "Value": self.run}]

    def tag_map(self):
        """As Lambda and SQS take them."""
        return {TAG: self.run}


def tag_keys(tags):
    """The keys of tags in any of AWS's spellings."""
    if isinstance(tags, dict):
        return set(tags)
    return {tag.get("Key", tag.get("key", tag.get("TagKey"))) for tag in tags}
