"""Before a session: firmware onto a board, a node's settings and calibration, and what this computer lacks."""
