"""What stands between a function and the simulator: passes bytes on, counts them, notes when.

One instance in front of the Lambda Runtime API, whose first request says that the function is
ready; one in front of AWS that ends TLS, as AWS does. The same for every program measured.
"""

import asyncio
import sys
import threading
import time

CHUNK = 1 << 16
# Python's default, 5 ms, is longer than what is measured: until then a thread may wait for another.
sys.setswitchinterval(0.00005)


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)


class Front:
    """Listens on a port of its own, and connects each connection with `upstream`."""

    def __init__(self, loop, upstream, tls=None):
        host, _, port = upstream.rpartition(":")
        self._upstream = (host, int(port))
        self.reset()
        self._server = loop.run(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls))
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def reset(self):
        self.first_request = self.first_answer = None
        self.sent = self.received = self.connections = 0
        self.asked = threading.Event()

    async def _serve(self, reader, writer):
        self.connections += 1
        there_reader, there_writer = await asyncio.open_connection(*self._upstream)
        await asyncio.gather(
            self._pass(reader, there_writer, self._note_request),
            self._pass(there_reader, writer, self._note_answer),
        )

    async def _pass(self, reader, writer, note):
        try:
            while data := await reader.read(CHUNK):
                note(len(data))
                writer.write(data)
                await writer.drain()
        except OSError:
            # The function was ended.
            pass
        finally:
            writer.close()

    def _note_request(self, size):
        self.sent += size
        if self.first_request is None:
            self.first_request = time.monotonic()
            self.asked.set()

    def _note_answer(self, size):
        self.received += size
        if self.first_answer is None:
            self.first_answer = time.monotonic()
