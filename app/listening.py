"""Connections that the kernel accepted and that no worker took up yet.

May import nothing of ours.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import Any

# Linux's number; other systems do not know it, or answer it otherwise.
TCP_INFO = 11 if sys.platform == "linux" else -1
UNACKED = slice(24, 28)


def waiting(listener: Any) -> int:
    """Connections in the queue of a listening socket; 0 where the kernel does not tell.

    From TCP_INFO, whose fifth number, tcpi_unacked, is that of a listening socket: as cheap with
    many connections as with few, while /proc/net/tcp has a line for each.
    """
    with contextlib.suppress(OSError):  # no TCP, or closed by now
        told = listener.getsockopt(socket.IPPROTO_TCP, TCP_INFO, UNACKED.stop)
        return int.from_bytes(told[UNACKED], sys.byteorder)
    return 0
