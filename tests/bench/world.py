"""The simulated AWS in a process of its own (tests/it/bench/serve.rs), with the fronts before it."""

import json
import os
import re
import ssl
import subprocess
from pathlib import Path

import certifi
import trustme

from front import Front, Loop

ROOT = Path(__file__).parents[2]
OUT = ROOT / "target" / "bench"
MARK = "bench "
# The roots that AWS's endpoints lead to: https://www.amazontrust.com/repository/
AMAZON = ("CN=Amazon Root CA", "CN=Starfield Services Root Certificate Authority - G2")
FEW_ROOTS = "amazon-roots.pem"
LOOP = Loop()


def certificates():
    """A TLS context for the front, and a file of the roots a function trusts.

    The file holds a whole root store beside our own: to read one takes a cold start's time.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    OUT.mkdir(parents=True, exist_ok=True)
    store, own = Path(certifi.where()).read_text(), authority.cert_pem.bytes().decode()
    (OUT / "roots.pem").write_text(store + own)
    # certifi writes each root's name above it.
    amazon = [part for part in store.split("# Issuer: ") if any(name in part for name in AMAZON)]
    pems = [re.search("-----BEGIN.*?-----END CERTIFICATE-----\n", part, re.DOTALL)[0] for part in amazon]
    (OUT / FEW_ROOTS).write_text("".join(pems) + own)
    return context, OUT / "roots.pem"


def told(line):
    """The figures in a line of the test harness, if there are any."""
    _, mark, figures = line.partition(MARK)
    return json.loads(figures) if mark else None


class World:
    def __init__(self, harness, tls, **settings):
        variables = {name.upper(): str(value) for name, value in settings.items()}
        self._child = subprocess.Popen(
            [harness, "--exact", "bench::serve::serve", "--nocapture"],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.facts = self.answer()
        context, self._bundle = tls
        self.aws = Front(LOOP, self.facts["endpoint"].removeprefix("http://"), context)
        self.runtime = {which: Front(LOOP, self.facts[f"{which}_api"]) for which in ("rotation", "sweep")}

    def ask(self, what):
        self._child.stdin.write(what + "\n")
        self._child.stdin.flush()

    def answer(self):
        for line in self._child.stdout:
            figures = told(line)
            if figures is not None:
                return figures
        raise RuntimeError("the simulated AWS ended")

    def reset(self):
        for front in (self.aws, *self.runtime.values()):
            front.reset()

    def environment(self, which="rotation", **more):
        """What Lambda puts into a function's environment, and where AWS and its roots are."""
        return {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": f"https://{self.aws.address}",
            "SSL_CERT_FILE": str(self._bundle),
            "AWS_CA_BUNDLE": str(self._bundle),
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_LAMBDA_FUNCTION_NAME": which,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_RUNTIME_API": self.runtime[which].address,
            "PYTHONPATH": str(Path(__file__).parent / "peer"),
            **self.facts[f"{which}_role"],
            **more,
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.stdin.close()
        self._child.wait(timeout=60)
        self._child.stdout.close()
