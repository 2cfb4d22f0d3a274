"""Cold starts under AWS's runtime interface emulator, which is what AWS's own images hold."""

import http.client
import json
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

from programs import EMULATOR
from world import World

NEXT = "/2018-06-01/runtime/invocation"
INVOKE = "/2015-03-31/functions/function/invocations"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(address, path, body):
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", path, body)
    answer = connection.getresponse().read()
    connection.close()
    return answer


class Emulator:
    def __init__(self, command, environment):
        self.address = f"127.0.0.1:{free_port()}"
        self._output = tempfile.TemporaryFile()
        addresses = ["--runtime-interface-emulator-address", self.address]
        # Both, always: the default addresses are open to the network.
        addresses += ["--runtime-api-address", f"127.0.0.1:{free_port()}"]
        self._child = subprocess.Popen(
            [EMULATOR, *addresses, *command],
            env=environment,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(tuple_of(self.address)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise RuntimeError("the emulator does not listen")

    def init_seconds(self):
        """What the emulator says about the start of the process up to its first request for an event."""
        self._output.seek(0)
        found = re.search(rb"INIT REPORT\(durationMs: ([\d.]+)\)", self._output.read())
        return float(found[1]) / 1000 if found else None

    def stop(self):
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._output.close()


def tuple_of(address):
    host, _, port = address.partition(":")
    return host, int(port)


def relay(world, emulator, begun):
    """Hands the engine's four events to the emulator; notes when the first one was sent."""
    api = world.facts["rotation_api"]
    for _ in range(4):
        connection = http.client.HTTPConnection(api, timeout=60)
        connection.request("GET", f"{NEXT}/next")
        answer = connection.getresponse()
        request, event = answer.getheader("lambda-runtime-aws-request-id"), answer.read()
        connection.close()
        begun.append(time.monotonic())
        body = post(emulator.address, INVOKE, event)
        post(api, f"{NEXT}/{request}/response", body)


def start(world, command, rotates):
    world.reset()
    emulator = Emulator(command, world.environment())
    try:
        figures = {}
        if rotates:
            begun = []
            helper = threading.Thread(target=relay, args=(world, emulator, begun), daemon=True)
            world.ask("rotate")
            helper.start()
            report = world.answer()
            helper.join(60)
            if not report["succeeded"]:
                raise RuntimeError(report)
            figures["first_request"] = world.aws.first_request - begun[0]
            figures["first_answer"] = world.aws.first_answer - begun[0]
        else:
            post(emulator.address, INVOKE, json.dumps({}))
        init = emulator.init_seconds()
        if init is not None:
            figures["ready"] = init
        return figures
    finally:
        emulator.stop()


def measure(programs, tls, rounds):
    """None where the emulator is not there."""
    if not EMULATOR.exists():
        return None
    samples = {name: [] for name in programs.commands()}
    with World(programs.harness, tls) as world:
        for nth in range(rounds + 1):
            for name, command in programs.commands().items():
                figures = start(world, command, rotates=name != "limit")
                if nth > 0:
                    samples[name].append(figures)
    return samples
