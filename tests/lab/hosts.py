"""What record.py sets up: per engine the commands that make its CTs, and the files that name them.

Each host has a running CT (web1, or 101) and one that is defined and stopped (old1, or 102), made
from /srv/app, whose /sbin/init starts `appd` and waits.
"""

from __future__ import annotations

from typing import NamedTuple


class Host(NamedTuple):
    """One host to record."""

    story: str
    packages: tuple[str, ...]
    setup: str  # sh, run in the node with -e
    files: tuple[str, ...]  # globs
    processes: tuple[str, ...] = ()  # the engine's daemons, by name
    running: int = 1  # CTs whose appd runs


LXC_SETUP = """\
define() {
    mkdir -p "/var/lib/lxc/$1"
    cp -a /srv/app "/var/lib/lxc/$1/rootfs"
    cat >"/var/lib/lxc/$1/config" <<-END
	lxc.rootfs.path = dir:/var/lib/lxc/$1/rootfs
	lxc.uts.name = $2
	lxc.arch = amd64
	lxc.net.0.type = empty
	lxc.apparmor.profile = unconfined
	lxc.mount.auto = proc:mixed sys:mixed
	END
}
"""

PVE_SETUP = """\
for ct in 101:web1 102:old1; do
    ctid=${ct%:*} name=${ct#*:}
    define "$ctid" "$name"
    cat >>"/var/lib/lxc/$ctid/config" <<-END
	lxc.cgroup.dir.monitor = lxc.monitor/$ctid
	lxc.cgroup.dir.container = lxc/$ctid
	lxc.cgroup.dir.container.inner = ns
	END
    mkdir -p /etc/pve/lxc
    cat >"/etc/pve/lxc/$ctid.conf" <<-END
	arch: amd64
	cores: 1
	hostname: $name
	memory: 512
	net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=192.0.2.10/24,type=veth
	ostype: debian
	rootfs: local:$ctid/vm-$ctid-disk-0.raw,size=4G
	swap: 512
	END
done
lxc-start -n 101
"""

LXD_SETUP = """\
systemctl --quiet unmask lxd lxd.socket
systemctl start lxd
lxd waitready --timeout=30
lxd init --preseed <<END
config: {}
storage_pools:
- {name: default, driver: dir}
profiles:
- name: default
  devices: {root: {path: /, pool: default, type: disk}}
END
mkdir /srv/image
printf 'architecture: %s\\ncreation_date: 1\\nproperties: {os: busybox}\\n' "$(uname -m)" \\
    >/srv/image/metadata.yaml
tar -C /srv/image -cf /srv/metadata.tar metadata.yaml
tar -C /srv/app -cf /srv/rootfs.tar .
lxc image import /srv/metadata.tar /srv/rootfs.tar --alias app
lxc init app old1 -c security.privileged=true
lxc init app web1 -c security.privileged=true
lxc project create shop -c features.images=false -c features.profiles=false
lxc init app web1 --project shop -c security.privileged=true
lxc start web1
lxc start web1 --project shop
"""

DOCKER_SETUP = """\
mkdir -p /etc/docker
cat >/etc/docker/daemon.json <<END
{
  "bridge": "none",
  "iptables": false,
  "exec-opts": ["native.cgroupdriver=DRIVER"]
}
END
systemctl --quiet unmask docker.service docker.socket containerd
systemctl start docker
tar -C /srv/app -c . | docker import - app
create() { docker create --network=none --ulimit nofile=1024:1024 "$@" app /sbin/init; }
create --name old1
create --name web1
create --name hostpid1 --pid=host
docker start web1 hostpid1
"""

PODMAN_SETUP = """\
podman() { /usr/bin/podman --runtime=runc --cgroup-manager=systemd "$@"; }
limits="--network=none --ulimit=nofile=1024:1024 --ulimit=nproc=1024:1024"
tar -C /srv/app -c . | podman import - app
podman create --name=old1 $limits app /sbin/init
podman create --name=web1 $limits app /sbin/init
cp -a /srv/app /srv/tree1
podman create --name=tree1 $limits --rootfs /srv/tree1 /sbin/init
podman start web1 tree1
"""

CONTAINERD_SETUP = """\
systemctl --quiet unmask containerd
systemctl start containerd
cp -a /srv/app /srv/web1
ctr container create --rootfs /srv/app old1 /sbin/init
ctr run --detach --rootfs /srv/web1 web1 /sbin/init
"""

NSPAWN_SETUP = """\
mkdir -p /etc/systemd/nspawn
for name in web1 old1; do
    cp -a /srv/app "/var/lib/machines/$name"
    echo "$name" >"/var/lib/machines/$name/etc/hostname"
    cat >"/etc/systemd/nspawn/$name.nspawn" <<-END
	[Exec]
	Boot=no
	Parameters=/sbin/init
	PrivateUsers=no
	[Network]
	Private=yes
	END
done
systemctl start systemd-nspawn@web1
"""

HOSTS = {
    "debian12-lxc": Host(
        "LXC: `web1` runs, `old1` is stopped.",
        ("lxc", "systemd"),
        LXC_SETUP + "define web1 web1; define old1 old1; lxc-start -n web1",
        ("/var/lib/lxc/*/config",),
    ),
    "debian12-proxmox": Host(
        "LXC with the keys Proxmox VE writes and its `/etc/pve/lxc/CTID.conf` (written by hand,\n"
        "no Proxmox ran here): 101 `web1` runs, 102 `old1` is stopped.",
        ("lxc", "systemd"),
        LXC_SETUP + PVE_SETUP,
        ("/etc/pve/lxc/*.conf", "/var/lib/lxc/*/config"),
    ),
    "debian12-lxd": Host(
        "LXD, whose layout Incus shares: `web1` runs, `old1` is stopped, and project `shop` has a\n"
        "running `web1` of its own.",
        ("lxd", "systemd"),
        LXD_SETUP,
        (
            "/var/lib/lxd/containers/*",
            "/var/lib/lxd/storage-pools/*/containers/*/backup.yaml",
            "/var/log/lxd/*/lxc.conf",
        ),
        ("lxd",),
        2,
    ),
    "debian12-docker": Host(
        "Docker with systemd as its cgroup driver, the usual case: `web1` runs, `hostpid1` runs\n"
        "in CT0's PID namespace (--pid=host), `old1` was never started.",
        ("docker.io", "containerd", "runc", "systemd"),
        DOCKER_SETUP.replace("DRIVER", "systemd"),
        (
            "/etc/docker/daemon.json",
            "/var/lib/docker/containers/*/config.v2.json",
            "/var/lib/docker/image/*/layerdb/mounts/*/mount-id",
            "/run/containerd/io.containerd.runtime.v2.task/moby/*/init.pid",
        ),
        ("dockerd",),
        2,
    ),
    "debian12-docker-cgroupfs": Host(
        "Docker with cgroupfs as its cgroup driver, as on hosts without systemd: `web1` runs,\n"
        "`hostpid1` runs in CT0's PID namespace (--pid=host), `old1` was never started.",
        ("docker.io", "containerd", "runc", "systemd"),
        DOCKER_SETUP.replace("DRIVER", "cgroupfs"),
        ("/etc/docker/daemon.json", "/var/lib/docker/containers/*/config.v2.json"),
        ("dockerd",),
        2,
    ),
    "debian12-podman": Host(
        "Podman with runc and systemd's cgroups: `web1` runs from an image, `tree1` from a folder\n"
        "(--rootfs), `old1` was never started.",
        ("podman", "conmon", "runc", "systemd"),
        PODMAN_SETUP,
        ("/var/lib/containers/storage/*/containers.json",),
        (),
        2,
    ),
    "debian12-containerd": Host(
        "containerd alone: `web1` runs, `old1` has no task and is in containerd's database only,\n"
        "which is not in the tree.",
        ("containerd", "runc", "systemd"),
        CONTAINERD_SETUP,
        (
            "/run/containerd/io.containerd.runtime.v2.task/*/*/address",
            "/run/containerd/io.containerd.runtime.v2.task/*/*/config.json",
            "/run/containerd/io.containerd.runtime.v2.task/*/*/init.pid",
            "/run/containerd/io.containerd.runtime.v2.task/*/*/runtime",
        ),
        ("containerd",),
    ),
    "debian12-nspawn": Host(
        "systemd-nspawn and machined: `web1` runs as systemd-nspawn@web1.service, `old1` is an\n"
        "image that does not run. Of the images only etc/hostname is in the tree.",
        ("systemd", "systemd-container"),
        NSPAWN_SETUP,
        (
            "/etc/systemd/nspawn/*",
            "/run/systemd/machines/*",
            "/var/lib/machines/*/etc/hostname",
        ),
    ),
}
