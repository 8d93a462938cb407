"""A laboratory without hardware: nodes that really run, on simulated chips, radio and time.

Each node is a MicroPython process that runs the firmware as it is. Between the nodes and the program there are
Bumble controllers on one simulated air, received by real bleak with a Bumble backend. All live in virtual time, which
leaps to the next timer as soon as nobody computes: a run is as fast as the machine allows, and the same seed gives the
same bytes at the same times.

    async def main():
        async with Rig(seed=3, loss=0.05) as rig:
            node = await rig.node("pelvis", chip="lsm6dsv16x", skin=Still())
            device, *_ = await rig.adapter.scanner.discover(2.0)
            async with rig.adapter.client(device) as client:
                await client.start_notify(wire.FRAMES_UUID, received)
                await client.write_gatt_char(wire.CONTROL_UUID, bytes((wire.START,)), response=True)
                await asyncio.sleep(60.0)
            node.kill()  # power is lost; its flash stays
            await node.start()

    clock.run(main())  # pace=1.0: in real time

Where what is: clock.py virtual time; radio.py, controller.py the air; backend.py, client.py bleak's side; process.py,
bridge.py, interpreter.py, timing.py a node's process; node/ what the firmware imports there; peripheral.py, board.py
its Bluetooth stack and its pins; chips/, skin.py the sensors; session.py nodes worn by a simulated athlete; usb.py a
serial port; rig.py all together; __main__.py the command line: `python -m rig -- record out.mcap --seconds 60`.

What it cannot show: radio waves, power, the timing and memory of the ESP32, interrupts in the middle of a statement,
pairing, channels, and connection events of several nodes in each other's way.
"""
