"""AWS stand-ins, each in a process of its own. What each is trusted for: docs/testing.md."""

import contextlib
import os
import signal
import socket
import tempfile
import urllib.error
from pathlib import Path

import pytest

from clients import Aws, SimulatedAws, http
from processes import BINARIES, TARGET, Process, bare_environment, until

# The others' own environment: ministack pins another botocore than the clients.
PROGRAMS = TARGET / "venv-standins" / "bin"
MOTO_SERVER = Path(__file__).with_name("moto_server.py")
# It needs a newer Python than the others (localstack_environment.py).
LOCALSTACK = TARGET / "venv-localstack"
LOCALSTACK_SERVER = Path(__file__).with_name("localstack_server.py")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def simulator():
    """Ours, with one rotation function that is expected to ask a Runtime API for its events."""
    command = [BINARIES / "simulator", "--port", "0", "--function", SimulatedAws.function_arn]
    with Process(command, bare_environment()) as server:
        aws = SimulatedAws(server.says(r"AWS_ENDPOINT_URL=(\S+)")[1])
        aws.runtime_api = server.says(r"AWS_LAMBDA_RUNTIME_API=(\S+)")[1]
        aws.greeting = server.output()
        yield aws


@contextlib.contextmanager
def ministack(region="eu-west-1"):
    """With AUTH, it checks signatures, and knows which keys are active."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    variables = bare_environment(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        AWS_ENDPOINT_URL=endpoint,
        MINISTACK_REGION=region,
        # Servers on fixed ports that nobody here asks for.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
    )
    with Process([PROGRAMS / "ministack"], variables) as server:

        def healthy():
            assert not server.exited(), server.output()
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                return http(f"{endpoint}/_ministack/health")

        until(healthy, "ministack answers")
        yield Aws(endpoint)


@contextlib.contextmanager
def moto(function_url=""):
    """It takes whatever key comes, and says where it listens. Its functions run behind MOTO_FUNCTION_URL."""
    variables = bare_environment(PYTHONUNBUFFERED="1", MOTO_FUNCTION_URL=function_url, NO_PROXY="127.0.0.1")
    command = [PROGRAMS / "python", MOTO_SERVER, "-H", "127.0.0.1", "-p", "0"]
    with Process(command, variables) as server:
        yield Aws(server.says(r"Running on (http://127\.0\.0\.1:[1-9]\d*)")[1])


@contextlib.contextmanager
def localstack():
    """It deploys whole stacks, and its own RotateSecret runs their functions. It checks neither keys nor permissions.

    The account is the one that the key id names: twelve digits name an account, `test` is 000000000000.
    """
    if not (LOCALSTACK / "ready").exists():
        missing = "LocalStack is not installed: it needs Python 3.13, and then `make test-peers` installs it"
        # A page that shows all stand-ins cannot be written without one of them.
        required = os.environ.get("REQUIRE_LOCALSTACK") or os.environ.get("UPDATE_PAGES") == "1"
        pytest.fail(missing) if required else pytest.skip(missing)
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(dir=TARGET, ignore_cleanup_errors=True) as folder:
        variables = bare_environment(
            GATEWAY_LISTEN=f"127.0.0.1:{port}",
            # Everything that it writes.
            FILESYSTEM_ROOT=folder,
            HOME=folder,
            TMPDIR=folder,
            XDG_CACHE_HOME=folder,
            # Nothing from the network, and nothing to it.
            SKIP_SSL_CERT_DOWNLOAD="1",
            DISABLE_EVENTS="1",
            DNS_ADDRESS="0",
            # Key ids that begin with AKIA.
            PARITY_AWS_ACCESS_KEY_ID="1",
            PYTHONUNBUFFERED="1",
        )
        with Process([LOCALSTACK / "bin" / "python", LOCALSTACK_SERVER], variables) as server:
            server.says(r"Ready\.")
            aws = Aws(endpoint)
            aws.log = server.output
            yield aws
            # It would take six seconds to end by itself, and keeps nothing.
            os.killpg(server.session(), signal.SIGKILL)
