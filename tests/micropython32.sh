#!/bin/sh
# Puts a 32-bit MicroPython (Debian 13, i386) into .build/micropython32/ without touching the system: `make micropython32`.
# An ESP32 computes with 32-bit integers; on a 64-bit MicroPython an overflow would go unseen.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)/.build/micropython32
rm -rf "$here"
mkdir -p "$here/state/lists/partial" "$here/cache/archives/partial" "$here/root"
mkdir -p "$here/etc/apt.conf.d" "$here/etc/preferences.d" "$here/etc/trusted.gpg.d"
touch "$here/state/status"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [arch=i386 signed-by=$keys] http://deb.debian.org/debian trixie main" >"$here/etc/sources.list"
apt() {
    apt-get -qq -o Dir::State="$here/state" -o Dir::State::status="$here/state/status" -o Dir::Cache="$here/cache" \
        -o Dir::Etc="$here/etc" -o APT::Architecture=i386 -o APT::Architectures=i386 \
        -o APT::Sandbox::User="$(id -un)" "$@"
}
apt update
cd "$here"
apt download micropython libc6 libffi8 libgcc-s1 libmbedcrypto16 libmbedtls21 libmbedx509-7
for package in *.deb; do dpkg -x "$package" root; done
cat >micropython <<END
#!/bin/sh
exec "$here/root/usr/lib/ld-linux.so.2" --library-path "$here/root/usr/lib/i386-linux-gnu" "$here/root/usr/bin/micropython" "\$@"
END
chmod +x micropython
./micropython -c 'import sys; assert sys.maxsize < 2**31; print("MicroPython", sys.version.split()[-3], "with 32 bits")'
