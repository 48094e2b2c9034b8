# SPDX-License-Identifier: Apache-2.0
# notified.py NAME: a supervisor's socket for sd_notify, at a path or an abstract name (@…). Prints
# "listening", and then each datagram as a line of JSON.
import json
import socket
import sys

name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind('\0' + name[1:] if name.startswith('@') else name)
print(json.dumps('listening'), flush=True)
while True:
    print(json.dumps(receiver.recv(4096).decode()), flush=True)
