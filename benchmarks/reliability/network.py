"""Hosts on this machine: a network of its own for each, so that a cable can be pulled.

Needs root and `ip` (network namespaces); `Network.possible` checks for them. Processes
of a host are forked from this one, which has imported everything.
"""

import ctypes
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_NET = 0x40000000  # CLONE_NEWNET
_numbers = itertools.count()


@dataclass
class Network:
    """A bridge with a host on each end.

    Attributes:
        name: of the bridge; the names of its hosts begin with it.
        prefix: of all addresses.
        pids: of the processes of each host.
    """

    name: str
    prefix: str
    pids: dict[str, list[int]] = field(default_factory=dict)

    @staticmethod
    def possible() -> bool:
        """Whether this user may make networks here."""
        return os.geteuid() == 0 and shutil.which("ip") is not None

    def address(self, host: str) -> str:
        """The address of a host; the bridge itself is the first."""
        return f"{self.prefix}.{2 + [*self.pids].index(host)}"

    def add(self, host: str) -> None:
        """A host without processes."""
        self.pids[host] = []
        inner, outer = f"{self.name}{host}", f"{self.name}{host}o"
        _ip("netns", "add", inner)
        _ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", inner)
        _ip("link", "set", outer, "master", self.name, "up")
        _ip("-n", inner, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", inner, "link", "set", device, "up")

    def plug(self, host: str, *, connected: bool) -> None:
        """Pull the cable of a host, or put it back."""
        _ip("link", "set", f"{self.name}{host}o", "up" if connected else "down")

    def start(self, host: str, work: Callable[[], object], log: Path) -> None:
        """Fork a process on a host; it ends with its work."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self.pids[host].append(pid)
            return
        try:
            os.setsid()
            written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(written, 1)
            os.dup2(written, 2)
            with Path("/run/netns", f"{self.name}{host}").open("rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NET):
                    raise OSError(ctypes.get_errno(), "setns")
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            work()
        finally:
            os._exit(1)

    def kill(self, host: str) -> None:
        """Kill (-9) all that runs on a host."""
        for pid in self.pids[host]:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.pids[host] = []


@contextmanager
def network() -> Iterator[Network]:
    """A network until the block ends."""
    number = os.getpid() + next(_numbers)  # an earlier network's names may remain for a moment
    net = Network(f"wr{number % 1_000_000}", f"10.{200 + number // 250 % 50}.{number % 250}")
    _ip("link", "add", net.name, "type", "bridge")
    try:
        _ip("addr", "add", f"{net.prefix}.1/24", "dev", net.name)
        _ip("link", "set", net.name, "up")
        yield net
    finally:
        for host in net.pids:
            net.kill(host)
            _ip("link", "del", f"{net.name}{host}o", check=False)
            _ip("netns", "del", f"{net.name}{host}", check=False)
        _ip("link", "del", net.name, check=False)


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=not check)
