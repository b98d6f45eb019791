"""cheroot connections that end when a request takes too long to arrive.

Why: cheroot's own timeout is for each read, so a program that sends one byte every nine seconds
could hold a thread for hours. Here the whole request (head and body) has one limit, and whoever
passes it, or sends too much, still gets the kit's own answer.
"""

from __future__ import annotations

import io
import time
from typing import Any

from cheroot.makefile import StreamReader
from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.wsgi import Server

PIECE = 64 * 1024
WHOLE_REQUEST = 30.0
"""Seconds for a request to arrive; 24 MB over loopback take well under one."""


class _Clocked(io.RawIOBase):
    """A socket as a raw stream whose reads end at `until` (a moment of `time.monotonic`)."""

    def __init__(self, sock: Any) -> None:
        self.line = sock
        self.until = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        usual, left = self.line.gettimeout(), self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.line.settimeout(left if usual is None else min(usual, left))
        try:
            return int(self.line.recv_into(buffer))
        finally:
            self.line.settimeout(usual)


class _Reader(StreamReader):
    def __init__(self, raw: _Clocked, size: int) -> None:
        super(StreamReader, self).__init__(raw, size)
        self.bytes_read = 0


class Request(HTTPRequest):
    """Takes in what is left of a body before it answers, piece by piece: a browser that is still
    sending would not see the answer. Where the time is over, it answers and ends the line."""

    def send_headers(self) -> None:
        try:
            while getattr(self.rfile, "remaining", 0) and self.rfile.read(PIECE):
                pass
        except OSError:
            pass
        if getattr(self.rfile, "remaining", 0):
            self.rfile.remaining = 0
            self.close_connection = True
        super().send_headers()


class Connection(HTTPConnection):
    """One line from a browser; each request on it has `server.whole_request` seconds to arrive."""

    RequestHandlerClass = Request

    def __init__(self, server: Any, sock: Any, *more: Any) -> None:
        super().__init__(server, sock, *more)
        self.rfile.close()
        self.raw = _Clocked(sock)
        self.rfile = _Reader(self.raw, self.rbufsize)

    def communicate(self) -> bool:
        self.raw.until = time.monotonic() + self.server.whole_request
        return bool(super().communicate())


class PatientServer(Server):
    """cheroot with that limit, and with a log that never holds what a request held."""

    ConnectionClass = Connection
    whole_request = WHOLE_REQUEST

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Only that something happened: a traceback's text may hold what somebody typed."""
        if level >= 40:
            super().error_log("a connection was given up", level, False)
