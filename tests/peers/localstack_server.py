"""LocalStack's server, with one difference: Lambda functions are processes instead of Docker containers.

Run by the Python in which LocalStack is installed (localstack_environment.py). What functions print is printed here,
behind the function's name, and goes to CloudWatch Logs, as on AWS.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from localstack.services.lambda_.invocation import runtime_executor
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack_runtime_api import RuntimeApi

PYTHON_RUNTIME = Path(__file__).with_name("localstack_python_runtime.py")


class ProcessExecutor(runtime_executor.RuntimeExecutor):
    """One execution environment of a function: a process that asks a Runtime API for its events."""

    def start(self, env_vars):
        self._variables = env_vars
        self._output, self._read = tempfile.TemporaryFile(), 0
        self._launch()

    def _launch(self):
        """Once more after a crash or a timeout: the next invocation gets a new process, as on Lambda."""
        config = self.function_version.config
        code = config.code.get_unzipped_code_location()
        command = [sys.executable, PYTHON_RUNTIME] if config.runtime.startswith("python") else [code / "bootstrap"]
        self._api = RuntimeApi(self.function_version.id.unqualified_arn(), config.timeout)
        own = {"PATH": os.environ["PATH"], "LAMBDA_TASK_ROOT": code, "AWS_LAMBDA_RUNTIME_API": self._api.address}
        variables = {name: str(value) for name, value in (self._variables | own).items()}
        # It stays in this server's process group, and so ends with the server.
        streams = {"stdin": subprocess.DEVNULL, "stdout": self._output, "stderr": subprocess.STDOUT}
        self._process = subprocess.Popen(command, cwd=code, env=variables, **streams)
        threading.Thread(target=self._watch, args=(self._process, self._api), daemon=True).start()

    @staticmethod
    def _watch(process, api):
        status = process.wait()
        api.failed("Runtime.ExitError", f"Runtime exited with exit status {status}")

    def invoke(self, payload):
        if self._process.poll() is not None:
            self._api.close()
            self._launch()
        request_id, timeout = payload["invoke-id"], self.function_version.config.timeout
        try:
            failed, body = self._api.invoke(request_id, payload["payload"]).result(timeout)
        except concurrent.futures.TimeoutError:
            self._end()
            words = f"{request_id} Task timed out after {timeout}.00 seconds"
            failed, body = True, json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": words}).encode()
        return InvocationResult(request_id, body, is_error=failed, logs=self.get_logs())

    def get_logs(self):
        """What the function printed since the last invocation."""
        text = os.pread(self._output.fileno(), os.fstat(self._output.fileno()).st_size - self._read, self._read)
        self._read += len(text)
        for line in text.decode(errors="replace").splitlines():
            print(f"[{self.function_version.id.function_name}] {line}", flush=True)
        return text.decode(errors="replace")

    def _end(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        self._end()
        self._api.close()
        self._output.close()

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        """For LocalStack's own program in containers, which is not used here."""
        return ""

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        """LocalStack removes the code itself."""


# Before any other module of LocalStack takes the function by name.
runtime_executor.get_runtime_executor = lambda: ProcessExecutor

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
