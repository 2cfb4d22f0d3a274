"""EventBridge's rules and a function's policy, for the simulator, which has neither: what the AWS CLI asks for is noted.

Any other request to Lambda is passed on, as it was signed.
"""

import http.client
import http.server
import json
import threading
import urllib.parse


class EventsShim:
    def __init__(self, endpoint):
        self._endpoint = urllib.parse.urlsplit(endpoint)
        self.rules, self.permissions = {}, []
        shim = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                target = self.headers.get("x-amz-target", "")
                if target.startswith("AWSEvents."):
                    self.answer(200, [], json.dumps(shim.events(target, json.loads(body))).encode())
                elif self.path.endswith("/policy"):
                    shim.permissions.append(json.loads(body))
                    self.answer(201, [], b'{"Statement": "{}"}')
                else:
                    self.answer(*shim.passed_on(self.path, self.headers, body))

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def add_rule(self, name, days):
        self.rules[name] = {"days": days, "enabled": True, "input": None}
        return f"arn:aws:events:eu-west-1:111122223333:rule/{name}"

    def events(self, target, request):
        rule = self.rules[request.get("Rule") or request["Name"]]
        if target.endswith("PutTargets"):
            (each,) = request["Targets"]
            rule["input"], rule["arn"] = json.loads(each["Input"]), each["Arn"]
            return {"FailedEntryCount": 0, "FailedEntries": []}
        assert target.endswith("DisableRule"), target
        rule["enabled"] = False
        return {}

    def due(self, day):
        """The events of the rules that fire on a day."""
        live = [rule for rule in self.rules.values() if rule["enabled"] and rule["input"]]
        permitted = {each["SourceArn"].rpartition("/")[2] for each in self.permissions}
        assert all(name in permitted for name, rule in self.rules.items() if rule in live)
        return [rule["input"] for rule in live if day % rule["days"] == 0]

    def passed_on(self, path, headers, body):
        connection = http.client.HTTPConnection(self._endpoint.hostname, self._endpoint.port, timeout=120)
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
