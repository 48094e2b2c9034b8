# SPDX-License-Identifier: Apache-2.0
# launch.py PID SOCKETS COMMAND…: binds the sockets, hands them on as descriptors from 3 on, as
# systemd's .socket units do, and becomes the command. PID: "own", or whom LISTEN_PID names.
# SOCKETS: NAME=HOST:PORT or NAME=/PATH, separated by commas.
import os
import socket
import sys

whose, listed, *command = sys.argv[1:]
names, opened = [], []
for one in listed.split(','):
    name, at = one.split('=', 1)
    names.append(name)
    if at.startswith('/'):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(at)
    else:
        host, port = at.rsplit(':', 1)
        listener = socket.socket(socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
    listener.listen(128)
    opened.append(listener.detach())
for fd in opened:
    os.set_inheritable(fd, True)
assert opened == list(range(3, 3 + len(opened))), opened
os.environ['LISTEN_PID'] = str(os.getpid()) if whose == 'own' else whose
os.environ['LISTEN_FDS'] = str(len(opened))
os.environ['LISTEN_FDNAMES'] = ':'.join(names)
os.execv(command[0], command)
