"""/proc/self/mountinfo of Debian 12, Linux 6.18, in a mount namespace of its own, after

    mount -t tmpfs -o noexec,nosuid,nodev,size=1m one "$d/a b"
    mkdir "$d/a b/in"; mount -t tmpfs -o ro,size=2m two "$d/a b/in"
    mount -t tmpfs -o size=3m three "$d/a b"
    mount --bind "$d/tmp" "$d/tmp"; mount -o remount,bind,ro "$d/tmp"
    mount -t tmpfs -o noexec tab "$d/tmp"

where $d is /tmp/mi.
"""

MOUNTINFO = """\
150 149 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,resv_strict,resuid=65534,resgid=65534
152 150 0:21 / /proc rw,relatime - proc proc rw
214 150 0:22 / /sys rw,relatime - sysfs sysfs ro
215 214 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
228 215 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
229 150 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334492k,nr_inodes=3083623,mode=755
230 229 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684092k
231 230 0:27 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684092k
256 150 0:52 / /tmp/mi/a\\040b rw,nosuid,nodev,noexec,relatime - tmpfs one rw,size=1024k
257 256 0:53 / /tmp/mi/a\\040b/in ro,relatime - tmpfs two ro,size=2048k
258 256 0:54 / /tmp/mi/a\\040b rw,relatime - tmpfs three rw,size=3072k
259 150 254:0 /tmp/mi/tmp /tmp/mi/tmp ro,relatime - ext4 /dev/vda rw,discard,resv_strict
260 259 0:55 / /tmp/mi/tmp rw,noexec,relatime - tmpfs tab rw
"""
