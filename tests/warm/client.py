"""``python -IS client.py SOCKET ARGUMENT...``: a process that stands for a command run by ``server.py``.

It hands over its files, folder, environment and signals, and ends as the command does. Imports next to nothing.
"""

import array
import json
import os
import signal
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_STREAM, SOL_SOCKET, socket
from contextlib import suppress

server = socket(AF_UNIX, SOCK_STREAM)
server.connect(sys.argv[1])
body = json.dumps({"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
server.sendmsg([b"%8d" % len(body)], [(SOL_SOCKET, SCM_RIGHTS, array.array("i", [0, 1, 2]))])
while body:
    body = body[server.send(body) :]


def _pass_on(number: int, frame: object) -> None:
    with suppress(OSError):  # the command has ended just now
        server.send(bytes([number]))


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, _pass_on)
for file in (0, 1, 2):
    os.close(file)
code = int(server.recv(16) or b"1")
if code < 0:
    with suppress(OSError):  # none can be set for SIGKILL
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
