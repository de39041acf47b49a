#!/bin/sh
# Make an image of a Debian image and some of Debian's packages: debian_image.sh BASE NAME PACKAGE...
# No container needs a network for it, nor this machine a registry; it needs root.
set -eu
base=$1 name=$2
shift 2

[ "$(id -u)" = 0 ] || { echo "images: $name needs root" >&2; exit 1; }
echo "images: adding $* to $base (about 20 s)"
rootfs=$(mktemp -d)
trap 'rm -rf "$rootfs" "$rootfs.log"' EXIT
container=$(docker create "$base" true)
docker export "$container" | tar -C "$rootfs" -x
docker rm "$container" >/dev/null

# What is exported has no devices, and the names of another network.
for device in null:3 zero:5 full:7 random:8 urandom:9; do
  rm -f "$rootfs/dev/${device%:*}"
  mknod -m 666 "$rootfs/dev/${device%:*}" c 1 "${device#*:}"
done
cp /etc/resolv.conf "$rootfs/etc/resolv.conf"
# No service starts: it would run on this machine.
printf '#!/bin/sh\nexit 101\n' >"$rootfs/usr/sbin/policy-rc.d"
chmod 755 "$rootfs/usr/sbin/policy-rc.d"

inside() { DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$rootfs" "$@" >>"$rootfs.log" 2>&1; }
if ! { inside apt-get update -qq && inside apt-get install -y -qq --no-install-recommends "$@"; }; then
  tail -3 "$rootfs.log" >&2
  exit 1
fi
rm -rf "$rootfs"/var/cache/apt/* "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/log/* \
  "$rootfs"/usr/share/man/* "$rootfs"/usr/share/locale/* "$rootfs"/usr/share/doc/*/*.gz \
  "$rootfs"/usr/sbin/policy-rc.d
tar -C "$rootfs" -c . | docker import - "$name" >/dev/null
