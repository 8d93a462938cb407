"""What the tests change from node to node."""

PERIOD_MS = 100
BURST = 1
LED = 2
WDT_MS = 0
