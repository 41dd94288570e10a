"""A virtual machine: systemd as PID 1, Debian's kernel, cgroup v2 alone, and its own containers.

The machine emulates its processor (tcg): Debian's kernel hangs under some hosts' KVM, and there is
no KVM in most CI. Its first disk is the cached root file system, thrown away at the end; the second
is made for the run and has what differs: the key, the checkout, a small root file system.
Commands run in it by ssh, and its port 9955 is one on our loopback; it reaches nothing itself.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

from . import cache
from .command import LabError, attempt, call, wait_for
from .ct import CT
from .prometheus import free_port
from .recipes import SYSTEMD, Recipe, app_rootfs, rootfs
from .run import Run
from .service import service

CHECKOUT = Path(__file__).parents[2]

NETWORK = (
    "[Match]\\nDriver=virtio_net\\nVirtualization=!container\\n[Network]\\nAddress=10.0.2.15/24"
)
VM_RECIPE = Recipe(
    "vm",
    "bookworm",
    (
        *SYSTEMD.packages,
        "linux-image-cloud-amd64",
        "lxc",
        "openssh-server",
        "python3",
        "python3-aiohttp",
        "python3-bcrypt",
        "python3-psutil",
        "python3-yaml",
        "systemd-container",
        "udev",
    ),
    (
        *SYSTEMD.hooks,
        'echo /dev/vdb /srv ext4 defaults 0 0 >"$1/etc/fstab"',
        'echo AuthorizedKeysFile /srv/authorized_keys >"$1/etc/ssh/sshd_config.d/lab.conf"',
        f'printf "{NETWORK}\\n" >"$1/etc/systemd/network/lab.network"',
        'chroot "$1" systemctl enable systemd-networkd',
        'chroot "$1" systemctl mask systemd-networkd-wait-online apt-daily.timer'
        " apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer lxc-net lxc",
        'echo lxc.net.0.type = empty >"$1/etc/lxc/default.conf"',
        # The kernel has no more to wait for than its disk.
        'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/lab"',
        'printf "virtio_pci\\nvirtio_blk\\next4\\n" >>"$1/etc/initramfs-tools/modules"',
        'chroot "$1" update-initramfs -u -k all',
    ),
)

SSH = """\
Host vm
  HostName 127.0.0.1
  Port {port}
  User root
  IdentityFile {folder}/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  ConnectTimeout 20
  ControlMaster auto
  ControlPersist yes
  ControlPath {folder}/ssh
"""
# ssh joins its words with blanks and a shell takes them apart again.
RELAY = """\
import os, shlex, sys
os.execvp("ssh", ["ssh", "-F", sys.argv[1], "vm", shlex.join(sys.argv[2:])])
"""


WRITE = 'mkdir -p "${1%/*}"; cat >"$1"; chmod "$2" "$1"'
# What pip would have put there.
PROGRAM = """\
#!/usr/bin/python3 -EIs
import sys
sys.path[:0] = ["/srv/ct0/core", "/srv/ct0/exporters"]
from ct0_exporters.__main__ import main
sys.exit(main())
"""


class VM:
    """The running machine; `port` is the exporter's on our loopback."""

    def __init__(self, config: Path, port: int) -> None:
        self.command = [sys.executable, "-IS", "-c", RELAY, str(config)]
        self.port = port

    def run(
        self, argv: Sequence[str], timeout: float = 180, input: str | None = None
    ) -> CompletedProcess[str]:
        """Run a command in the machine, not in one of its CTs, and return it."""
        return attempt([*self.command, *argv], timeout=timeout, input=input)

    def shell(self, script: str, timeout: float = 180) -> str:
        """What a script said; LabError when it failed."""
        done = self.run(["sh", "-ec", script], timeout)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise LabError(f"VM: {script.strip().splitlines()[0]} …: {done.returncode}: {said}")
        return done.stdout

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Write a text file to an absolute path in the machine."""
        done = self.run(["sh", "-ec", WRITE, "sh", path, mode], input=text)
        if done.returncode != 0:
            raise LabError(f"VM: cannot write {path}: {done.stderr.strip()}")


class VmCT(CT):
    """A CT in the machine; `init` is numbered as the machine does."""

    def __init__(self, vm: VM, engine: str, ctid: str, enter: Sequence[str], init: int) -> None:
        super().__init__(engine, ctid, ctid, 0, [*vm.command, *enter])
        self.init = init
        self.host = vm.command


@contextmanager
def virtual_machine(run: Run) -> Iterator[VM]:
    """The machine, booted and idle; its second disk at /srv holds the checkout in /srv/ct0 and a
    small root file system in /srv/app."""
    folder = Path(tempfile.mkdtemp(prefix="vm-", dir=run.folder))
    system = disk(VM_RECIPE)
    second_disk(folder)
    ssh, metrics = free_port(), free_port()
    forward = f"hostfwd=tcp:127.0.0.1:{ssh}-:22,hostfwd=tcp:127.0.0.1:{metrics}-:9955"
    # Emulated it is slow enough; what else this machine does shall not come first.
    argv = [
        "nice",
        "-n",
        "-10",
        "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        "max",
        "-m",
        "1536",
    ]
    argv += ["-smp", "2", "-display", "none", "-no-reboot", "-nodefaults"]
    argv += ["-name", f"{run.prefix}-vm", "-serial", f"file:{folder}/console"]
    argv += ["-kernel", str(system / "vmlinuz"), "-initrd", str(system / "initrd")]
    argv += ["-append", "root=/dev/vda rw console=ttyS0 quiet"]
    argv += ["-drive", f"file={system}/disk,if=virtio,format=raw,cache=unsafe,snapshot=on"]
    argv += ["-drive", f"file={folder}/disk,if=virtio,format=raw,cache=unsafe"]
    argv += ["-nic", f"user,model=virtio-net-pci,restrict=on,{forward}"]
    config = folder / "ssh_config"
    config.write_text(SSH.format(port=ssh, folder=folder), encoding="ascii")
    vm = VM(config, metrics)
    with service(argv, folder / "log", lambda: True, {"TMPDIR": str(folder)}) as pid:
        favour(pid)
        try:
            wait_for(f"the VM to boot (console: {folder}/console)", lambda: booted(vm), 240)
            yield vm
        finally:
            attempt(["ssh", "-F", str(config), "-O", "exit", "vm"])


def favour(pid: int) -> None:
    """nice(1) alone counts among the processes of a session, where the kernel groups by these:
    sched(7), autogroup."""
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text("-10", encoding="ascii")


def booted(vm: VM) -> bool:
    """systemd says so; degraded counts."""
    try:
        said = vm.run(["systemctl", "is-system-running", "--wait"], 240).stdout.strip()
    except LabError:
        return False
    return said in ("running", "degraded")


def disk(recipe: Recipe) -> Path:
    """A folder with the recipe's tree as a disk, and its kernel and initrd beside it; cached."""

    def build(target: Path) -> None:
        target.mkdir()
        tree = rootfs(recipe)
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy2((tree / name).resolve(), target / name.removesuffix(".img"))
        make_disk(target / "disk", tree, "3G")

    return cache.built(f"disk-{recipe.name}", json.dumps(recipe), build)


def make_disk(path: Path, tree: Path, size: str) -> None:
    call(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(path), size], timeout=300)


def second_disk(folder: Path) -> None:
    """The run's key and the checkout, and room for what CTs write."""
    call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")])
    tree = folder / "tree"
    tree.mkdir()
    shutil.copy2(folder / "key.pub", tree / "authorized_keys")
    for part in ("core", "exporters", "checks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / part, tree / "ct0" / part, ignore=ignored)
    call(["chmod", "-R", "a+rX", str(tree)])
    call(["cp", "-a", str(app_rootfs()), str(tree / "app")])
    make_disk(folder / "disk", tree, "2G")
    shutil.rmtree(tree)
