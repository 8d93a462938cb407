#!/bin/sh
# First process of the virtual machine: a system bus, bluetoothd, a copy of the repository; then bluez.inside.
# While that runs nothing waits for the outer computer: the machine's clock would leap meanwhile.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/site/bin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /run/dbus /repository /copy /out /session
ip link set lo up
modprobe -a virtio_pci 9pnet_virtio 9p hci_vhci
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro repository /repository
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 out /out
cp -r /repository/host /repository/firmware /repository/tests /copy

dbus-daemon --system --fork
/usr/libexec/bluetooth/bluetoothd -n >/session/bluetoothd.log 2>&1 &
cd /session
PYTHONPATH=/copy/host:/copy/tests:/site python3 -m bluez.inside >inside.log 2>&1
echo $? >exit-code
cp /session/* /out
sync
echo o >/proc/sysrq-trigger
sleep 60
