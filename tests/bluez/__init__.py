"""The product behind a real Bluetooth stack: BlueZ and its kernel in a virtual machine, the rig's nodes on its air."""
